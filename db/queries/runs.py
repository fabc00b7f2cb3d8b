"""Ingest runs and what they refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, func, select

from db import tables
from db.engine import reading, reading_once
from db.errors import NotFoundError, ReadAnewError
from db.moments import in_utc
from db.queries.numbered import numbered_question, numbered_rows
from db.queries.statements.asking import ask, ask_dicts
from db.queries.statements.ordering import Position
from db.queries.statements.prepared import Question
from db.queries.statements.templates import Values, slot
from db.run_lock import is_free
from models.vocabulary import RunStatus

run, refused, sent_with = tables.ingest_run, tables.rejected_record, tables.submission

MOMENTS = ("queued_at", "started_at", "ended_at")
LARGEST = 2**31 - 1

MAX_ATTEMPTS = 3
"""How often a run is begun that ends with its process: what brings a process down would do so for ever."""

DIED = "the process ended before the run did; nothing of it was kept"
GOES_ON = "the process ended before the run did: it is taken up again by itself"

Begun = tuple[int, datetime]
"""A run by its number and its start: one that is taken up again starts anew."""

Found = TypeVar("Found")


@contextmanager
def reading_runs(engine: Engine) -> Iterator[Connection]:
    """Open a reading in which a run whose process was killed is told as what it is: that process could not write it down.

    The next run will. Until then it is interrupted or, where its body is kept and will be begun again, queued.
    """
    dead = _dead(engine)
    with reading(engine) as connection:
        yield connection.execution_options(dead_runs=dead)


def read_runs(engine: Engine, read: Callable[[Connection], Found]) -> Found:
    """Read of runs what is small: where none of them is written down as running, a server is asked in one round trip.

    Where one is, it is looked whether it died (see `reading_runs`), and all is read once more.
    """
    with suppress(ReadAnewError), reading_once(engine) as connection:
        return read(connection.execution_options(dead_runs=None))
    with reading_runs(engine) as connection:
        return read(connection)


def _dead(engine: Engine) -> dict[Begun, RunStatus]:
    """Which runs died, and how they stand.

    A run is opened and closed under the lock. So who finds it open, then the lock free, and then the run still open, knows
    that nobody works on it; after the second look alone it could have been closed meanwhile.
    """
    before = _running(engine)
    if not before or not is_free(engine):
        return {}
    still = _running(engine)
    return {begun: status for begun, status in before.items() if begun in still}


def _running(engine: Engine) -> dict[Begun, RunStatus]:
    """Runs that are written down as running, and how each would stand if it had died."""
    goes_on = sent_with.c.folder.is_not(None) & (sent_with.c.attempts < MAX_ATTEMPTS)
    query = select(run.c.run_id, run.c.started_at, goes_on.label("goes_on"))
    joined = query.select_from(run.outerjoin(sent_with, sent_with.c.run_id == run.c.run_id))
    with reading(engine) as connection:
        found = connection.execute(joined.where(run.c.status == RunStatus.RUNNING)).all()
    return {(row[0], row[1]): RunStatus.QUEUED if row.goes_on else RunStatus.INTERRUPTED for row in found}


def _dead_in(connection: Connection) -> dict[Begun, RunStatus]:
    """Which runs died, as far as this reading knows.

    Raises:
        ReadAnewError: if nobody has looked yet.
    """
    found: dict[Begun, RunStatus] | None = connection.get_execution_options().get("dead_runs", {})
    if found is None:
        raise ReadAnewError("a run is written down as running, and may have died")
    return found


def list_runs(
    connection: Connection, after: Position | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Iterate over the runs, the newest first, those after a position, each with its own `position`.

    Raises:
        BadPositionError: if the position does not fit the order.
    """
    return map(partial(_told, connection), numbered_rows(connection, _runs_question(after, limit), limit))


def list_questions(after: Position | None, limit: int) -> list[Question]:
    """What a page of runs asks: its rows, and how many there are in all.

    Raises:
        BadPositionError: see `list_runs`.
    """
    return [_runs_question(after, limit), COUNT]


def count_runs(connection: Connection) -> int:
    """Count the runs."""
    return int(ask(connection, COUNT)[0][0])


def _counting() -> Select[Any]:
    return select(func.count()).select_from(run)


COUNT = Question(_counting)


def _runs_question(after: Position | None, limit: int | None) -> Question:
    return numbered_question(_runs, run.c.run_id, after, limit)


def count_by_status(connection: Connection) -> dict[RunStatus, int]:
    """Count the runs by status, each that there can be."""
    found = connection.execute(select(run.c.status, func.count()).group_by(run.c.status))
    counts = dict.fromkeys(RunStatus, 0) | {RunStatus(status): number for status, number in found}
    dead = _dead_in(connection)
    begun = select(run.c.run_id, run.c.started_at).where(run.c.status == RunStatus.RUNNING)
    for row in connection.execute(begun).all() if dead else ():
        counts[RunStatus.RUNNING] -= 1
        counts[dead.get((row[0], row[1]), RunStatus.RUNNING)] += 1
    return counts


def count_refused_by_adapter(connection: Connection) -> dict[str, int]:
    """Count the records that all runs together refused, by the way in that they came."""
    found = connection.execute(select(run.c.adapter, func.sum(run.c.rejected)).group_by(run.c.adapter))
    return {adapter: int(number) for adapter, number in found}


def count_waiting(connection: Connection) -> int:
    """Count the uploads that wait to be taken in or are at work; those that were interrupted may never go on."""
    uploads = select(run.c.run_id, run.c.started_at).join(sent_with, sent_with.c.run_id == run.c.run_id)
    found = connection.execute(uploads.where(run.c.status.in_((RunStatus.QUEUED, RunStatus.RUNNING))))
    dead = _dead_in(connection)
    return sum(dead.get((row[0], row[1])) is not RunStatus.INTERRUPTED for row in found)


def is_given_up(connection: Connection, run_id: int) -> bool:
    """True where a run was interrupted as often as it is begun by itself.

    Raises:
        NotFoundError: if there is no such run.
    """
    attempts = connection.scalar(select(sent_with.c.attempts).where(sent_with.c.run_id == run_id))
    interrupted = get_run(connection, run_id)["status"] == RunStatus.INTERRUPTED
    return interrupted and attempts is not None and attempts >= MAX_ATTEMPTS


def get_run(connection: Connection, run_id: int) -> dict[str, Any]:
    """Return a run with the key that it came with.

    Raises:
        NotFoundError: if there is no such run.
    """
    found = ask_dicts(connection, _run_question(run_id)) if 0 < run_id <= LARGEST else []
    if not found:
        raise NotFoundError("ingest run", str(run_id), parameter="run_id")
    return _told(connection, found[0])


def _run_question(run_id: int) -> Question:
    return Question(_run, values={"run_id": run_id})


def _run() -> Select[Any]:
    return _runs().where(run.c.run_id == slot("run_id"))


def _runs() -> Select[Any]:
    """A run, and of one that was sent over HTTP what is known of that."""
    sent, key = tables.submission, tables.api_key
    more = [sent.c[name] for name in ("dry_run", "on_error", "bytes", "key_id", "queued_at")]
    joined = run.outerjoin(sent, sent.c.run_id == run.c.run_id).outerjoin(key, key.c.key_id == sent.c.key_id)
    return select(run, *more, key.c.name.label("key_name")).select_from(joined)


def _told(connection: Connection, row: dict[str, Any]) -> dict[str, Any]:
    """A run as readers are told of it: one that died as such, and moments in UTC."""
    is_open = row["status"] == RunStatus.RUNNING
    status = _dead_in(connection).get((row["run_id"], row["started_at"])) if is_open else None
    if status is not None:
        row |= {"status": status, "detail": GOES_ON if status is RunStatus.QUEUED else DIED}
    moments = {name: row[name] and in_utc(row[name]) for name in MOMENTS}
    return row | moments | {"dry_run": bool(row["dry_run"])}


def rejected_records(
    connection: Connection, run_id: int, after: Position | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Iterate over what a run refused, in the order of the file, those after a position, each with its own `position`.

    Raises:
        NotFoundError: at once, if there is no such run.
        BadPositionError: if the position does not fit the order.
    """
    get_run(connection, run_id)
    return map(_pointed, numbered_rows(connection, _refused_question(run_id, after, limit), limit))


def run_questions(run_id: int, after: Position | None, limit: int, counted: bool = False) -> list[Question]:
    """What a run with a page of what it refused asks: both, and if it is to be `counted` how much that is in all.

    Raises:
        BadPositionError: see `rejected_records`.
    """
    page = _refused_question(run_id, after, limit)
    return [_run_question(run_id), page, *([_refused_count(run_id)] if counted else [])]


def count_rejected(connection: Connection, run_id: int) -> int:
    """Count what a run refused: records, and values that records were kept without."""
    return int(ask(connection, _refused_count(run_id))[0][0])


def _refused_question(run_id: int, after: Position | None, limit: int | None) -> Question:
    """What a run refused is numbered in the order of its file."""
    values: Values = {"run_id": run_id}
    return numbered_question(_refused, refused.c.rejected_id, after, limit, descending=False, values=values)


def _refused() -> Select[Any]:
    return select(refused).where(refused.c.run_id == slot("run_id"))


def _refused_count(run_id: int) -> Question:
    return Question(_count_of_refused, values={"run_id": run_id})


def _count_of_refused() -> Select[Any]:
    return select(func.count()).select_from(refused).where(refused.c.run_id == slot("run_id"))


def _pointed(row: dict[str, Any]) -> dict[str, Any]:
    """Say where a value stands: the line of a table, or the JSON pointer."""
    place, field = row["place"], row["field"]
    number = place.removeprefix("line ")
    line = int(number) if number != place and number.isdecimal() else None
    pointer = None
    if place == "" or place.startswith("/"):
        pointer = place if field == "record" else f"{place}/{field.replace('~', '~0').replace('/', '~1')}"
    return row | {"line": line, "pointer": pointer, "kept": not row["whole_record"]}
