"""Runs as answers: the rows of their lists, and the report of one."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection, Engine

from api.answers.asked import Asked
from api.answers.negotiation import Format
from api.answers.shape import json_answer, rows_format, shown
from api.deps import Snapshot, get_writer
from api.exports.columns import columns_of
from api.exports.stream import FileStream
from api.problems.kinds import ProblemItem, in_body, problem
from db.moments import now
from db.queries import runs as queries
from db.queries.statements.asking import ask_ahead
from db.queries.vocabulary import Vocabulary
from models.country import PlaceIndex
from models.ingest_run import RunErrorPublic, RunPublic
from models.release import Release
from models.vocabulary import RunStatus

SHOWN = 100
"""Errors that a report shows itself; the list has them all."""

RUN_COLUMNS, ERROR_COLUMNS = columns_of(RunPublic), columns_of(RunErrorPublic)


class ReportLinks(BaseModel):
    """Where to go from a run."""

    self: str = Field(description="The run.")
    errors: str = Field(description="What it refused, all of it.")


class RunReport(BaseModel):
    """A run, and the first of what it refused."""

    data: RunPublic = Field(description="The run.")
    errors: list[RunErrorPublic] = Field(description=f"What it refused, the first {SHOWN}.")
    links: ReportLinks = Field(description="Where to go from here.")


def answer_from_runs(request: Request, form: Format | None, answer: Callable[[Asked], Response]) -> Response:
    """Make an answer about runs from a reading of them, which lasts until the last row of a file is sent."""
    engine = get_writer(request)
    if rows_format(request, form) is Format.JSON:
        return queries.read_runs(engine, lambda connection: answer(_about_runs(request, connection)))
    with ExitStack() as stack:
        response = answer(_about_runs(request, stack.enter_context(queries.reading_runs(engine))))
        if isinstance(response, FileStream):
            response.hold(stack.pop_all())
        return response


def _about_runs(request: Request, connection: Connection) -> Asked:
    """A request about runs, which stand outside of releases: they are there before the first one, and their pages go on
    whatever release is made meanwhile."""
    about: dict[str, Any] = {"release_id": 0, "created_at": now()}
    return Asked(request, Snapshot(connection, Release(**about), Vocabulary(PlaceIndex(()), (), {})))


def run_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A run as it is shown."""
    return shown(RunPublic, row)


def error_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """An error as it is shown."""
    return shown(RunErrorPublic, row)


def address_of(request: Request, run_id: int) -> str:
    """The address of a run."""
    return str(request.url_for("get_run", run_id=run_id))


def report(request: Request, engine: Engine, run_id: int, status: int = 200, **headers: str) -> Response:
    """Answer with a run as it stands."""
    document = queries.read_runs(engine, partial(_document, request, run_id))
    answer = json_answer(document, headers)
    answer.status_code = status
    return answer


def outcome(
    request: Request, engine: Engine, run_id: int, pointer_of: Callable[[str], str] = lambda pointer: pointer
) -> Response:
    """Answer with a run that is over: its report, or a problem where nothing of it was taken in.

    `pointer_of` turns a pointer into what was read into one into the body that was sent.
    """
    document = queries.read_runs(engine, partial(_document, request, run_id))
    run, address = document["data"], document["links"]["self"]
    if run["status"] != RunStatus.REFUSED:
        return json_answer(document, {"Location": address})
    items = [
        ProblemItem(
            parameter=f"{error['place']}, {error['field']}"
            if error["pointer"] is None
            else pointer_of(error["pointer"]),
            value=error["value"],
            message=error["reason"],
        )
        for error in document["errors"]
    ]
    detail = _of_the_body(run["detail"] or "refused", run["input_name"])
    return problem(request, "records-refused", detail, items or [in_body(detail)], location=address)


def _of_the_body(detail: str, kept_as: str) -> str:
    """Speak of the body where a run speaks of the file that it was kept as: who sent it never gave that a name."""
    return f"the body{detail.removeprefix(kept_as)}" if detail.startswith(kept_as) else detail


def _document(request: Request, run_id: int, connection: Connection) -> dict[str, Any]:
    ask_ahead(connection, queries.run_questions(run_id, None, SHOWN), last=True)
    run = run_row(queries.get_run(connection, run_id))
    errors = [
        {name: value for name, value in error_row(row).items() if name != "position"}
        for row in queries.rejected_records(connection, run_id, limit=SHOWN)
    ]
    address = address_of(request, run_id)
    return {"data": run, "errors": errors, "links": {"self": address, "errors": f"{address}/errors"}}
