"""With a key: send records, and see what became of them. Reading needs the key too, for errors hold what was sent."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from functools import partial
from time import monotonic
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.answers.asked import Asked
from api.answers.frames import Links, RowCount
from api.answers.negotiation import Format
from api.answers.pagination import page_to_read
from api.answers.runs import (
    ERROR_COLUMNS,
    RUN_COLUMNS,
    RunReport,
    address_of,
    answer_from_runs,
    error_row,
    outcome,
    report,
    run_row,
)
from api.answers.shape import Rows, answer_rows, in_columns, rows_format
from api.deps import get_writer
from api.openapi.document import LATER, LOCATION, problems_of
from api.params.runs import ErrorsParams, RunsParams, SendParams
from api.problems.kinds import ProblemItem, RefusedError
from api.security import IngestKey, unauthorized
from api.uploads import Body, receive
from db.ingest.queue import Arrival, KeyReusedError, KeyRevokedError, enqueue, new_folder
from db.queries import runs as queries
from db.queries.statements.asking import ask_ahead
from db.queries.statements.pieces import Piece
from db.settings import get_settings
from models.api_key import ApiKey
from models.ingest_run import RunErrorPublic, RunPublic
from models.vocabulary import RunStatus

router = APIRouter(prefix="/v1/ingest", tags=["ingest"])

PAGE = 100
SMALL = 1_000_000  # bytes, unpacked: a second or two of work, which is answered at once
PATIENCE_SECONDS = 30.0
ASK_AGAIN_SECONDS = 0.05
RETRY_AFTER = "2"  # seconds
OVER = {RunStatus.DONE, RunStatus.REFUSED}

RunId = Annotated[int, Path(description="Number of a run.", ge=1, le=queries.LARGEST, examples=[3])]

RECORD = {
    "type": "object",
    "description": "A record: `type` says which kind, docs/records.md names the fields of each.",
    "properties": {"type": {"type": "string", "enum": ["project", "component", "review"]}},
}
EXAMPLE = {"type": "project", "project_id": "S00002", "name": "Synthetic project", "countries": ["JOR"]}
BODY = {
    "required": True,
    "description": "Records in the form of docs/records.md, in UTF-8; `Content-Encoding: gzip` is understood.",
    "content": {
        "application/json": {
            "schema": {"anyOf": [{"type": "array", "items": RECORD}, RECORD], "title": "Records"},
            "example": [EXAMPLE | {"commitment_usd": 1000000}],
        },
        "application/x-ndjson": {"schema": {"type": "string", "title": "RecordLines"}},
        "text/csv": {"schema": {"type": "string", "title": "RecordTable"}},
    },
}
ANSWERS: dict[int | str, dict[str, Any]] = problems_of("busy")
ANSWERS[200] = {"headers": LOCATION}
ANSWERS[422] = {"headers": LOCATION}
ANSWERS[202] = {
    "headers": LOCATION | LATER,
    "description": "Kept, and to be taken in: ask the address in `Location` again after `Retry-After` seconds",
    "model": RunReport,
}


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of your own: the same request with the same text within 24 hours is not done again, and "
        "gets the answer of the first.",
        pattern="^[!-~]{1,255}$",
        examples=["2026-11-25-first"],
    ),
]
Prefer = Annotated[
    str | None,
    Header(
        alias="Prefer",
        description="`respond-async`: answer 202 at once, however little it is (RFC 7240).",
        max_length=200,
        examples=["respond-async"],
    ),
]


class RunsAnswer(BaseModel):
    """A page of runs."""

    data: list[RunPublic] = Field(description="The newest first.")
    totals: RowCount = Field(description="Over all pages.")
    links: Links = Field(description="Where to go from here.")


class RunErrorsAnswer(BaseModel):
    """A page of what a run refused."""

    data: list[RunErrorPublic] = Field(description="In the order of the input.")
    totals: RowCount = Field(description="Over all pages.")
    links: Links = Field(description="Where to go from here.")


@router.post(
    "/records",
    operation_id="send_records",
    response_model=RunReport,
    responses=ANSWERS,
    openapi_extra={"requestBody": BODY},
)
async def send_records(
    request: Request,
    key: IngestKey,
    params: Annotated[SendParams, Query()],
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """Send projects, components or reviews in the form of docs/records.md: the same rules as on the command line, but that
    reviews need a key that has the scope `review` too; else each of them is refused, and the others get in.

    Up to a megabyte is answered with the report; more, or `Prefer: respond-async`, with 202 and the run to ask for.
    What cannot be taken in at all is a 422. A body that arrived whole becomes a run, which tells the key, also where its
    records are refused; one that is refused with 400, 408, 413 or 415 becomes none.
    """
    engine, settings = get_writer(request), get_settings()
    with new_folder(settings.spool_dir) as folder:
        body = await receive(request, folder, settings.max_upload_mb * 1_000_000)
    run_id = await run_in_threadpool(_queue, request, _arrival(body, key, params, idempotency_key))
    request.app.state.worker.start()
    wait = "respond-async" not in {part.strip().lower() for part in (prefer or "").split(",")}
    if wait and body.bytes <= SMALL and await _is_over(request, run_id):
        return await run_in_threadpool(outcome, request, engine, run_id)
    headers = {"Location": address_of(request, run_id), "Retry-After": RETRY_AFTER}
    headers |= {} if wait else {"Preference-Applied": "respond-async"}
    return await run_in_threadpool(report, request, engine, run_id, 202, **headers)


def _queue(request: Request, arrival: Arrival) -> int:
    """Give a body its run. It goes where it is not needed any more: refused, or a repetition."""
    try:
        run_id, repeated = enqueue(get_writer(request), arrival)
    except Exception as error:
        shutil.rmtree(arrival.path.parent, ignore_errors=True)
        if isinstance(error, KeyRevokedError):
            raise unauthorized(str(error), "a key") from None
        if isinstance(error, KeyReusedError):
            name, value = "Idempotency-Key", arrival.idempotency_key
            item = ProblemItem(parameter=name, value=value, message=f"{name}: {error}")
            raise RefusedError("idempotency-key-reused", str(error), item) from None
        raise
    if repeated:
        shutil.rmtree(arrival.path.parent, ignore_errors=True)
    return run_id


def _arrival(body: Body, key: ApiKey, params: SendParams, idempotency_key: str | None) -> Arrival:
    said = [body.sha256, body.path.name, params.dry_run, params.on_error]
    return Arrival(
        path=body.path,
        bytes=body.bytes,
        key_id=key.key_id or 0,
        fingerprint=hashlib.sha256(json.dumps(said).encode()).hexdigest(),
        on_error=params.on_error,
        dry_run=params.dry_run,
        idempotency_key=idempotency_key,
    )


async def _is_over(request: Request, run_id: int) -> bool:
    """Wait for the end of a run, for a while; not for one that was given up, to which only `resume` brings an end."""
    engine = get_writer(request)

    def stands() -> tuple[bool, bool]:
        with queries.reading_runs(engine) as connection:
            status = queries.get_run(connection, run_id)["status"]
            return status in OVER, queries.is_given_up(connection, run_id)

    deadline = monotonic() + PATIENCE_SECONDS
    while True:
        over, given_up = await run_in_threadpool(stands)
        if over or given_up or monotonic() > deadline:
            return over
        await anyio.sleep(ASK_AGAIN_SECONDS)


@router.get("/runs", operation_id="list_runs", response_model=RunsAnswer)
def list_runs(request: Request, key: IngestKey, params: Annotated[RunsParams, Query()]) -> Response:
    """Every run, the newest first: what was sent with a key, and what was taken in on the command line."""
    return answer_from_runs(request, params.format, partial(_runs, params))


def _runs(params: RunsParams, asked: Asked) -> Response:
    connection = asked.snapshot.connection
    if rows_format(asked.request, params.format) is Format.JSON:
        after, limit = page_to_read(asked.request, asked.snapshot.release.release_id, params, PAGE)
        ask_ahead(connection, queries.list_questions(after, limit), last=True)

    def read(after: list[Any] | None, limit: int | None) -> Iterator[Piece]:
        return in_columns(RUN_COLUMNS, map(run_row, queries.list_runs(connection, after, limit)))

    return answer_rows(asked, params, Rows(RUN_COLUMNS, read, lambda: queries.count_runs(connection), PAGE), dict)


@router.get("/runs/{run_id}", operation_id="get_run", response_model=RunReport, name="get_run")
def get_run(request: Request, key: IngestKey, run_id: RunId) -> Response:
    """One run: how it stands, what it did, the first of what it refused."""
    return report(request, get_writer(request), run_id)


@router.get("/runs/{run_id}/errors", operation_id="list_run_errors", response_model=RunErrorsAnswer)
def list_run_errors(
    request: Request, key: IngestKey, run_id: RunId, params: Annotated[ErrorsParams, Query()]
) -> Response:
    """What a run refused, in the order of the input: where it stands, which value, what is wrong, what would be right."""
    return answer_from_runs(request, params.format, partial(_errors, run_id, params))


def _errors(run_id: int, params: ErrorsParams, asked: Asked) -> Response:
    connection = asked.snapshot.connection
    if rows_format(asked.request, params.format) is Format.JSON:
        after, limit = page_to_read(asked.request, asked.snapshot.release.release_id, params, PAGE)
        ask_ahead(connection, queries.run_questions(run_id, after, limit, counted=True), last=True)

    def read(after: list[Any] | None, limit: int | None) -> Iterator[Piece]:
        return in_columns(ERROR_COLUMNS, map(error_row, queries.rejected_records(connection, run_id, after, limit)))

    rows = Rows(ERROR_COLUMNS, read, lambda: queries.count_rejected(connection, run_id), PAGE)
    return answer_rows(asked, params, rows, dict)
