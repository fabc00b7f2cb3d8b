"""One ingest run: read, validate, store, rebuild, release, in one transaction that either happens or does not."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from db import tables
from db.engine import writing
from db.errors import DataError, FileRefusedError, RunFailedError, SourceError, SpoolError
from db.ingest.adapters.adapter import Adapter, RawRecord
from db.ingest.endings import ending_of
from db.ingest.figures.rebuild import rebuild, rebuild_all
from db.ingest.memory import rare_collections
from db.ingest.records.intake import take_in_file
from db.ingest.records.ledger import Ledger, rejection_row
from db.ingest.records.staging import staged
from db.ingest.records.validation import told
from db.ingest.reference import load_reference
from db.ingest.report import Report
from db.ingest.undoing import undo_but_rejections
from db.moments import now
from db.progress import Progress, unseen
from db.queries.releases import latest_release
from db.queries.runs import DIED
from db.run_lock import run_lock
from db.store import insert_rows, make_release
from models.texts import storable
from models.versions import present_versions
from models.vocabulary import OnError, RunStatus


def _nothing(_connection: Connection) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a run takes records in.

    `check` looks at the data as the run finds them, before it changes any, and raises a `DataError` where it should not.
    """

    on_error: OnError = OnError.ACCEPT_GOOD
    dry_run: bool = False
    check: Callable[[Connection], None] = _nothing


def ingest(engine: Engine, adapter: Adapter, paths: Sequence[Path], progress: Progress = unseen) -> Report:
    """Take the records of some files in.

    Good records get in; bad ones are kept with their reasons. Where anything changed, the data get a new release. The
    run itself is written down before it starts, so that one that was killed can be seen.

    Raises:
        FileRefusedError: if a file as a whole cannot be used; nothing of the run is kept but the fact.
        RunFailedError: where an error ends the run that nobody foresaw, which is its cause; the run says so.
    """
    with run_lock(engine):
        with writing(engine) as connection:
            close_interrupted(connection)
            run_id = open_run(connection, adapter, paths)
        with told_in_words(run_id), closed_where_it_fails(engine, run_id):
            return carry_out(engine, run_id, adapter, paths, Terms(), progress)


def carry_out(
    engine: Engine,
    run_id: int,
    adapter: Adapter,
    paths: Sequence[Path],
    terms: Terms,
    progress: Progress = unseen,
) -> Report:
    """Do the work of a run that is written down already; the caller holds the run lock.

    A dry run, and one that was to take all or nothing and cannot, undo all that they did; what they counted and what they
    refused is kept.

    Raises:
        DataError: why the run was refused as a whole; nothing of it is kept but the fact.
    """
    report = Report(run_id, adapter.name)
    try:
        with rare_collections(), writing(engine) as connection:
            terms.check(connection)
            attempt = connection.begin_nested()
            _take_in(connection, adapter, paths, report, progress)
            detail = _nothing_because(report, terms)
            if terms.dry_run or detail:
                undo_but_rejections(connection, attempt, run_id)
                report.release_id = None
            else:
                attempt.commit()
            if detail:
                report.added = report.changed = report.unchanged = report.withdrawn = 0
            status = RunStatus.REFUSED if detail else RunStatus.DONE
            close_run(connection, report, status, detail, confirms=report.confirms and not terms.dry_run)
    except DataError as error:
        with writing(engine) as connection:
            close_run(connection, Report(run_id, adapter.name), *ending_of(error))
        raise
    return report


@contextmanager
def fetching(engine: Engine, adapter: Adapter) -> Iterator[list[RawRecord]]:
    """Write a run down as refused where what it should take in does not come.

    Yields:
        A list for what is met on the way: it is kept with that run.

    Raises:
        SourceError, SpoolError, FileRefusedError: the very error that ended the fetch.
    """
    started_at, met = now(), list[RawRecord]()
    try:
        yield met
    except (SourceError, SpoolError, FileRefusedError) as error:
        with writing(engine) as connection:
            run_id = open_run(connection, adapter, (), RunStatus.REFUSED, started_at)
            insert_rows(connection, tables.rejected_record, [rejection_row(run_id, told(raw)) for raw in met])
            close_run(connection, Report(run_id, adapter.name), *ending_of(error))
        raise


@contextmanager
def closed_where_it_fails(engine: Engine, run_id: int, without_room: RunStatus = RunStatus.REFUSED) -> Iterator[None]:
    """Write down of a run that an error ended it which is no refusal; the error goes on to the caller.

    `without_room` is how the run stands where the disk is full.
    """
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        # It may be the database that failed: then the next run finds this one.
        with suppress(SQLAlchemyError), writing(engine) as connection:
            close_run(connection, Report(run_id, ""), *ending_of(error, without_room))
        raise


@contextmanager
def told_in_words(run_id: int) -> Iterator[None]:
    """Turn an error that nobody foresaw into one that can be shown; commands tell of a database that does not answer."""
    try:
        yield
    except (DataError, OperationalError):
        raise
    except Exception as error:
        raise RunFailedError(f"run {run_id} failed: {ending_of(error).detail}") from error


def _nothing_because(report: Report, terms: Terms) -> str | None:
    """Say why a run that was to take all or nothing takes nothing."""
    if terms.on_error is OnError.ACCEPT_GOOD or not report.rejected:
        return None
    return f"{report.rejected} of {report.read} records cannot be taken in, and all or nothing was asked for"


def open_run(
    connection: Connection,
    adapter: Adapter,
    paths: Sequence[Path],
    status: RunStatus = RunStatus.RUNNING,
    started_at: datetime | None = None,
) -> int:
    """Write down that a run starts or waits to, now or at a moment past (UTC), and return its number."""
    values = {
        "adapter": adapter.name,
        "input_name": ", ".join(storable(path.name, 255) for path in paths),
        "input_sha256": input_hash(paths),
        "status": status,
        "started_at": started_at or now(),
    }
    key = connection.execute(insert(tables.ingest_run).values(**_zero_counts(), **values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _zero_counts() -> dict[str, int]:
    return dict.fromkeys(("read", "added", "changed", "unchanged", "rejected", "withdrawn"), 0)


def input_hash(paths: Sequence[Path]) -> str | None:
    """Hash the content of the files, or `None` where one is missing or cannot be read."""
    digest = hashlib.sha256()
    for path in paths:
        if not os.path.isfile(path):  # also of a name that no file can have
            return None
        try:
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
        except OSError:
            return None
    return digest.hexdigest()


def close_interrupted(connection: Connection) -> None:
    """Write down which runs died. The caller holds the run lock, so nobody else works, whatever the runs say."""
    table = tables.ingest_run
    connection.execute(
        update(table).where(table.c.status == RunStatus.RUNNING).values(status=RunStatus.INTERRUPTED, detail=DIED)
    )


def close_run(
    connection: Connection, report: Report, status: RunStatus, detail: str | None = None, confirms: bool = False
) -> None:
    """Write down how a run ended, and whether it confirms the data: they are as fresh as the last run that does."""
    table = tables.ingest_run
    counts = {name: getattr(report, name) for name in _zero_counts()}
    detail = detail and storable(detail, 10_000)  # it may name a file whose name is no UTF-8
    values = {"status": status, "detail": detail, "ended_at": now(), "release_id": report.release_id}
    connection.execute(update(table).where(table.c.run_id == report.run_id).values(**counts, **values))
    if confirms:  # also where nothing changed: the newest release is what the source still says
        release = tables.release
        newest = select(func.max(release.c.release_id)).scalar_subquery()
        connection.execute(update(release).where(release.c.release_id == newest).values(checked_at=now()))


def _take_in(
    connection: Connection, adapter: Adapter, paths: Sequence[Path], report: Report, progress: Progress
) -> None:
    places, versions, previous = load_reference(connection), present_versions(), latest_release(connection)
    with staged(connection, "touched") as touched, staged(connection, "refused") as refused:
        ledger = Ledger(connection, adapter.name, report, touched, refused)
        for path in paths:
            take_in_file(_records(adapter, path), ledger, places, progress)
        if previous and previous.versions != versions:
            report.notes.append("the taxonomy, the rules or the method changed: every project was computed anew")
            rebuild_all(connection, places)
        elif report.altered:
            rebuild(connection, touched.owners(), places)
        else:
            return
    report.release_id = make_release(connection, report.run_id, versions).release_id


def _records(adapter: Adapter, path: Path) -> Iterator[RawRecord]:
    """Read a file. What the system does not give of it, at its beginning or later, is a reason to refuse it."""
    if not os.path.isfile(path):  # also of a name that no file can have
        raise FileRefusedError(f"{path} is not a file")
    try:
        yield from adapter.read(path)
    except OSError as error:
        raise FileRefusedError(f"{path.name} cannot be read: {error.strerror or error}") from error
