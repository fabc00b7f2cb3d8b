"""Health: whether the process lives, and whether it can answer."""

from fastapi import APIRouter, Request, Response

from api.answers import json_answer
from api.deps import get_engine
from api.errors import PROBLEMS, problem
from db.engine import reading
from db.errors import SchemaOutdatedError
from db.migrate import require_current
from db.queries.releases import latest_release

router = APIRouter(tags=["health"])


@router.get("/livez", operation_id="get_liveness")
def livez() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="get_readiness", responses={503: {"description": PROBLEMS["nothing-loaded"][1]}})
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
    return json_answer({"status": "ok", "release": release.release_id, "as_of": release.as_of})
