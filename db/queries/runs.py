"""Ingest runs and what they refused."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, func, select

from db import tables
from db.errors import NotFoundError
from db.queries.releases import in_utc
from db.queries.statements.ordering import Position, list_rows
from models.filters import SortKey
from models.vocabulary import RunStatus

run, refused, sent_with = tables.ingest_run, tables.rejected_record, tables.submission

MOMENTS = ("queued_at", "started_at", "ended_at")
LARGEST = 2**31 - 1


def list_runs(
    connection: Connection, after: Position | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Iterate over the runs, the newest first, those after a position, each with its own `position`."""
    keys = [SortKey("run_id", descending=True)]
    return map(_in_utc, list_rows(connection, _runs(), {"run_id": run.c.run_id}, keys, after, limit))


def count_runs(connection: Connection) -> int:
    """Count the runs."""
    return connection.scalar(select(func.count()).select_from(run)) or 0


def count_by_status(connection: Connection) -> dict[RunStatus, int]:
    """Count the runs by status, each that there can be."""
    found = connection.execute(select(run.c.status, func.count()).group_by(run.c.status))
    return dict.fromkeys(RunStatus, 0) | {RunStatus(status): number for status, number in found}


def count_waiting(connection: Connection) -> int:
    """Count the uploads that wait to be taken in or are at work; those that were interrupted may never go on."""
    statement = select(func.count()).select_from(run.join(sent_with, sent_with.c.run_id == run.c.run_id))
    return connection.scalar(statement.where(run.c.status.in_((RunStatus.QUEUED, RunStatus.RUNNING)))) or 0


def get_run(connection: Connection, run_id: int) -> dict[str, Any]:
    """Return a run with the key that it came with.

    Raises:
        NotFoundError: if there is no such run.
    """
    row = None
    if 0 < run_id <= LARGEST:
        row = connection.execute(_runs().where(run.c.run_id == run_id)).mappings().first()
    if row is None:
        raise NotFoundError("ingest run", str(run_id), parameter="run_id")
    return _in_utc(dict(row))


def _runs() -> Select[Any]:
    """A run, and of one that was sent over HTTP what is known of that."""
    sent, key = tables.submission, tables.api_key
    more = [sent.c[name] for name in ("dry_run", "on_error", "bytes", "key_id", "queued_at")]
    joined = run.outerjoin(sent, sent.c.run_id == run.c.run_id).outerjoin(key, key.c.key_id == sent.c.key_id)
    return select(run, *more, key.c.name.label("key_name")).select_from(joined)


def _in_utc(row: dict[str, Any]) -> dict[str, Any]:
    moments = {name: row[name] and in_utc(row[name]) for name in MOMENTS}
    return row | moments | {"dry_run": bool(row["dry_run"])}


def rejected_records(
    connection: Connection, run_id: int, after: Position | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Iterate over what a run refused, in the order of the file, those after a position, each with its own `position`.

    Raises:
        NotFoundError: at once, if there is no such run.
    """
    get_run(connection, run_id)
    statement = select(refused).where(refused.c.run_id == run_id)
    columns, keys = {"rejected_id": refused.c.rejected_id}, [SortKey("rejected_id")]
    return map(_pointed, list_rows(connection, statement, columns, keys, after, limit))


def count_rejected(connection: Connection, run_id: int) -> int:
    """Count what a run refused: records, and values that records were kept without."""
    return connection.scalar(select(func.count()).select_from(refused).where(refused.c.run_id == run_id)) or 0


def _pointed(row: dict[str, Any]) -> dict[str, Any]:
    """Say where a value stands: the line of a table, or the JSON pointer."""
    place, field = row["place"], row["field"]
    number = place.removeprefix("line ")
    line = int(number) if number != place and number.isdecimal() else None
    pointer = None
    if place == "" or place.startswith("/"):
        pointer = place if field == "record" else f"{place}/{field.replace('~', '~0').replace('/', '~1')}"
    return row | {"line": line, "pointer": pointer, "kept": not row["whole_record"]}
