"""What the `type` of an error leads to: an explanation of that kind of problem."""

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from api.answers import json_answer
from api.errors import ADVICE, PROBLEMS

router = APIRouter(prefix="/problems", tags=["health"])


@router.get("/{kind}", operation_id="explain_problem")
def explain_problem(request: Request, kind: str) -> Response:
    """Explain a kind of problem and what to do about it."""
    if kind not in PROBLEMS:
        raise HTTPException(404)
    status, title = PROBLEMS[kind]
    address = str(request.url)
    return json_answer({"type": address, "status": status, "title": title, "advice": ADVICE[kind]})
