"""With a key: decide on a classification, by the same rules as a file of reviews."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Request, Response
from starlette.convertors import StringConvertor, register_url_convertor

from api.answers.asked import Asked
from api.answers.frames import OneAnswer
from api.answers.runs import outcome
from api.answers.shape import json_answer, shown
from api.deps import Snapshot, get_writer, snapshot_of
from api.media import JsonRoute
from api.openapi.document import LOCATION, problems_of
from api.preconditions import TAGS, changed, unchanged
from api.routers.components import find_component
from api.security import ReviewKey, unauthorized
from db.engine import reading
from db.errors import ChangedMeanwhileError, NotFoundError
from db.ingest.decisions import decide
from db.ingest.queue import KeyRevokedError
from db.queries.reviews import current_reviews
from db.queries.runs import get_run
from db.queries.subjects import Subject, find_subject, rows_of
from db.settings import get_settings
from models.api_key import ApiKey
from models.filters import Filters
from models.review import ReviewChange, ReviewOutcome, ReviewRequest, ReviewShown
from models.vocabulary import RunStatus


class SubjectConvertor(StringConvertor):
    """An id in a path: not the names of other paths beside it."""

    regex = "(?!(?:queue|form)$)[^/]+"


register_url_convertor("subject", SubjectConvertor())
router = APIRouter(prefix="/v1/reviews", tags=["ingest"], route_class=JsonRoute)

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=TAGS,
        description="The ETag of `GET /v1/components/{component_id}`, or of `GET /v1/projects/{project_id}` for a project, as "
        "it was read: in JSON, without parameters. `*` decides whatever it says by now.",
        examples=['"5f0c6a3b0c1d2e3f405162738495a6b7"'],
    ),
]
PROBLEMS = problems_of("not-found", "changed-meanwhile", "precondition-required", "busy")
PROBLEMS[422] = {"headers": LOCATION}
SubjectId = Annotated[str, Path(description="A component's id, or a project's.", examples=["P167506-1"])]


@router.post("", operation_id="add_review", response_model=OneAnswer[ReviewOutcome], responses=PROBLEMS)
def add_review(
    request: Request, key: ReviewKey, review: Annotated[ReviewRequest, Body()], if_match: IfMatch = None
) -> Response:
    """Decide on a component or a project. The decision takes the place of any before, which stays as history.

    It makes a release, as one that is imported does. If the row changed since it was read, nothing happens, and the answer
    is a 409.
    """
    given = review.model_dump(mode="json", exclude={"subject_id", "lines"}, exclude_none=True)
    lines = [given | line for line in review.model_dump(mode="json", exclude_none=True)["lines"]]
    with reading(get_writer(request)) as connection:
        subject = find_subject(connection, review.subject_id)
    return _decide(request, key, subject, lines)


@router.patch(
    "/{subject_id:subject}", operation_id="change_review", response_model=OneAnswer[ReviewOutcome], responses=PROBLEMS
)
def change_review(
    request: Request,
    key: ReviewKey,
    subject_id: SubjectId,
    change: Annotated[ReviewChange, Body()],
    if_match: IfMatch = None,
) -> Response:
    """Change the decision that counts for a component or a project; what is left out stays as it is.

    The decision of before stays as history. Without one there is nothing to change: that is a 404.
    """
    with reading(get_writer(request)) as connection:
        subject = find_subject(connection, subject_id)
        now = list(current_reviews(connection, [subject.subject_id]))
    if not now:
        raise NotFoundError("decision on", subject_id, parameter="subject_id")
    given = change.model_dump(mode="json", exclude_none=True)
    common = {name: value for name, value in given.items() if name != "lines"}
    kept = {name: now[0][name] for name in ("certainty", "reason")}
    lines = [kept | line for line in given["lines"]] if "lines" in given else [_as_record(line) for line in now]
    return _decide(request, key, subject, [line | common for line in lines])


def _as_record(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as stored, but for who decided when: that is whoever decides now."""
    left_out = ("subject_id", "reviewer", "reviewed_on")
    return {name: value for name, value in line.items() if name not in left_out and value is not None}


def _decide(request: Request, key: ApiKey, subject: Subject, lines: Sequence[Mapping[str, Any]]) -> Response:
    by_default = {"reviewer": key.name, "reviewed_on": datetime.now(UTC).date().isoformat()}
    records = [{**by_default, **line, "subject_id": subject.subject_id} for line in lines]
    check, engine = unchanged(request, subject), get_writer(request)
    try:
        run_id = decide(engine, get_settings().spool_dir, key.key_id or 0, records, check)
    except ChangedMeanwhileError as error:
        raise changed(request, subject, str(error)) from None
    except KeyRevokedError as error:
        raise unauthorized(str(error), key) from None
    with reading(engine) as connection:
        run = get_run(connection, run_id)
    if run["status"] == RunStatus.REFUSED:
        return outcome(request, engine, run_id, _in_body)
    with snapshot_of(request.app, engine) as snapshot:
        row = _outcome(snapshot, subject, run)
        asked = Asked(request, snapshot)
        return json_answer({"data": row, "meta": asked.meta(Filters()), "links": asked.links(formats=())})


def _in_body(pointer: str) -> str:
    """Turn a pointer into the records that were made of a body into one into the body."""
    number, field = re.fullmatch(r"/(\d+)/?(.*)", pointer, re.DOTALL).groups()  # type: ignore[union-attr]
    in_lines = {"category", "relevance", "share_percent", "secondary_categories", "record", ""}
    return f"/lines/{number}/{field}".rstrip("/") if field in in_lines else f"/{field}"


def _outcome(snapshot: Snapshot, subject: Subject, run: Mapping[str, Any]) -> dict[str, Any]:
    connection = snapshot.connection
    rows = [find_component(snapshot, component_id).row for component_id in rows_of(connection, subject)]
    decision = [shown(ReviewShown, line) for line in current_reviews(connection, [subject.subject_id])]
    ids = {"subject_id": subject.subject_id, "run_id": run["run_id"], "release_id": run["release_id"]}
    return ids | {"decision": decision, "rows": rows}
