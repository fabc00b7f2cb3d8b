"""What the `type` of an error leads to: an explanation of that kind of problem."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.answers import json_answer
from api.problems import ADVICE, PROBLEMS

router = APIRouter(prefix="/problems", tags=["health"])


class ProblemKind(BaseModel):
    """A kind of problem."""

    type: str = Field(description="Its address, as errors name it.")
    status: int = Field(description="HTTP status.", examples=[422])
    title: str = Field(description="The kind of problem in words.")
    advice: str = Field(description="What to do about it.")


@router.get("/{kind}", operation_id="explain_problem", response_model=ProblemKind)
def explain_problem(
    request: Request,
    kind: Annotated[str, Path(description="Last part of an error's `type`.", examples=["bad-parameter"])],
) -> Response:
    """Explain a kind of problem and what to do about it."""
    if kind not in PROBLEMS:
        raise HTTPException(404)
    status, title = PROBLEMS[kind]
    address = str(request.url)
    return json_answer({"type": address, "status": status, "title": title, "advice": ADVICE[kind]})
