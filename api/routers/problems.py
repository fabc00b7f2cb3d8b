"""What the `type` of an error leads to: an explanation of that kind of problem, for programs and for people."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.answers.negotiation import prefers_page
from api.answers.shape import json_answer
from api.http.base import base_of
from api.problems.kinds import ADVICE, PROBLEMS
from api.routers.guide import document_page

router = APIRouter(prefix="/problems", tags=["health"])
VARY = {"Vary": "Accept"}
PAGE = {"text/html": {"schema": {"type": "string"}}}
"""Who prefers a page, as browsers do, gets one."""


class ProblemKind(BaseModel):
    """A kind of problem."""

    type: str = Field(description="Its address, as errors name it.")
    status: int = Field(description="HTTP status.", examples=[422])
    title: str = Field(description="The kind of problem in words.")
    advice: str = Field(description="What to do about it.")


class ProblemKinds(BaseModel):
    """All kinds of problems."""

    problems: list[ProblemKind] = Field(description="The kinds, by status.")


def kind_of(request: Request, kind: str) -> ProblemKind:
    """Describe a kind of problem."""
    status, title = PROBLEMS[kind]
    address = f"{base_of(request.scope)}/problems/{kind}"
    return ProblemKind(type=address, status=status, title=title, advice=ADVICE[kind])


@router.get("", operation_id="list_problems", response_model=ProblemKinds, responses={200: {"content": PAGE}})
def list_problems(request: Request) -> Response:
    """All kinds of problems: what each means, and what to do about it."""
    kinds = [kind_of(request, kind) for kind in sorted(PROBLEMS, key=lambda kind: PROBLEMS[kind][0])]
    if prefers_page(request.headers.get("accept")):
        return _varied(document_page(request, "problems.html", "problems", kinds=kinds))
    return _varied(json_answer(ProblemKinds(problems=kinds).model_dump()))


@router.get("/{kind}", operation_id="explain_problem", response_model=ProblemKind, responses={200: {"content": PAGE}})
def explain_problem(
    request: Request,
    kind: Annotated[str, Path(description="Last part of an error's `type`.", examples=["bad-parameter"])],
) -> Response:
    """Explain a kind of problem and what to do about it."""
    if kind not in PROBLEMS:
        raise HTTPException(404)
    found = kind_of(request, kind)
    if prefers_page(request.headers.get("accept")):
        return _varied(document_page(request, "problem.html", "problems", kind=kind, problem=found))
    return _varied(json_answer(found.model_dump()))


def _varied(answer: Response) -> Response:
    answer.headers.update(VARY)
    return answer
