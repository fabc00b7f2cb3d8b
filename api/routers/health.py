"""Health: whether the process lives, and whether it can answer."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.answers.shape import json_answer
from api.deps import get_engine
from api.freshness import is_stale
from api.problems.kinds import MEDIA_TYPE, PROBLEM_REF, PROBLEMS, problem
from db.engine import reading
from db.errors import SchemaOutdatedError
from db.moments import in_utc
from db.queries.releases import latest_release
from db.revision import require_current

router = APIRouter(tags=["health"])


NOW = {"Cache-Control": "no-store"}
"""Else a cache on the way may keep an answer as long as it thinks fit (RFC 9111, section 4.2.2), and say that all is well."""


@router.get("/livez", operation_id="get_liveness", response_model=dict[str, str])
def livez() -> Response:
    """The process lives."""
    return json_answer({"status": "ok"}, NOW)


class Readiness(BaseModel):
    """That the service can answer, and from which data."""

    status: str = Field(
        description="`ok`, or `stale`: it answers, but no run has confirmed the data for longer than the operator allows.",
        examples=["ok"],
    )
    release: int = Field(description="The newest release.", examples=[1])
    as_of: str | None = Field(description="Newest date on which a source loaded said something.")
    checked_at: datetime | None = Field(
        description="When the last run was completed in which a source said something that stands, new or not."
    )


NOT_READY = {"description": PROBLEMS["nothing-loaded"][1], "content": {MEDIA_TYPE: {"schema": PROBLEM_REF}}}


@router.get("/readyz", operation_id="get_readiness", response_model=Readiness, responses={503: NOT_READY})
def readyz(request: Request) -> Response:
    """The database is there, at the right revision, and holds data."""
    engine = get_engine(request)
    try:
        require_current(engine)
    except SchemaOutdatedError as error:
        return problem(request, "database-not-ready", str(error))
    with reading(engine) as connection:
        release = latest_release(connection)
    if release is None:
        return problem(request, "nothing-loaded", "no data are loaded: run `python -m api load`")
    checked_at = None if release.checked_at is None else in_utc(release.checked_at)
    status = "stale" if is_stale(checked_at) else "ok"
    body = {"status": status, "release": release.release_id, "as_of": release.as_of, "checked_at": checked_at}
    return json_answer(body, NOW)
