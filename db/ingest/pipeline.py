"""One ingest run: read, validate, store, rebuild, release, in one transaction that either happens or does not."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from db import tables
from db.engine import writing
from db.errors import DataError, FileRefusedError, SourceError, SpoolError
from db.ingest.adapter import Adapter, RawRecord
from db.ingest.memory import rare_collections
from db.ingest.rebuild import rebuild
from db.ingest.reference import load_reference
from db.ingest.report import Report
from db.ingest.sink import NOBODY, Sink
from db.ingest.undoing import undo_but_rejections
from db.ingest.validation import Rejection, Valid, told, validate
from db.progress import Progress, unseen
from db.queries.releases import latest_release
from db.run_lock import run_lock
from db.store import BATCH, insert_rows, make_release, now
from models.country import PlaceIndex
from models.records import ComponentRecord, ProjectRecord
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
    """
    with run_lock(engine):
        with writing(engine) as connection:
            close_interrupted(connection)
            run_id = open_run(connection, adapter, paths)
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
            close_run(connection, report, RunStatus.REFUSED if detail else RunStatus.DONE, detail, terms.dry_run)
    except DataError as error:
        with writing(engine) as connection:
            close_run(connection, Report(run_id, adapter.name), RunStatus.REFUSED, str(error))
        raise
    return report


@contextmanager
def fetching(engine: Engine, adapter: Adapter) -> Iterator[list[RawRecord]]:
    """Write a run down as refused where what it should take in does not come.

    Yields:
        A list for what is met on the way: it is kept with that run.

    Raises:
        SourceError, SpoolError: the very error that ended the fetch.
    """
    started_at, met = now(), list[RawRecord]()
    try:
        yield met
    except (SourceError, SpoolError) as error:
        with writing(engine) as connection:
            run_id = open_run(connection, adapter, (), RunStatus.REFUSED, started_at)
            insert_rows(connection, tables.rejected_record, [_rejection_row(run_id, told(raw)) for raw in met])
            close_run(connection, Report(run_id, adapter.name), RunStatus.REFUSED, str(error))
        raise


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
        "input_name": ", ".join(path.name for path in paths),
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
    """Hash the content of the files, or `None` where one is missing."""
    digest = hashlib.sha256()
    for path in paths:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


def close_interrupted(connection: Connection) -> None:
    """Write down which runs died. The caller holds the run lock, so nobody else works, whatever the runs say."""
    table = tables.ingest_run
    connection.execute(
        update(table)
        .where(table.c.status == RunStatus.RUNNING)
        .values(status=RunStatus.INTERRUPTED, detail="the process ended before the run did; nothing of it was kept")
    )


def close_run(
    connection: Connection, report: Report, status: RunStatus, detail: str | None = None, dry: bool = False
) -> None:
    """Write down how a run ended. A dry one confirms nothing."""
    table = tables.ingest_run
    counts = {name: getattr(report, name) for name in _zero_counts()}
    values = {"status": status, "detail": detail, "ended_at": now(), "release_id": report.release_id}
    connection.execute(update(table).where(table.c.run_id == report.run_id).values(**counts, **values))
    # Also where nothing changed: the newest release is what the source still says.
    if status is RunStatus.DONE and not dry:
        release = tables.release
        newest = select(func.max(release.c.release_id)).scalar_subquery()
        connection.execute(update(release).where(release.c.release_id == newest).values(checked_at=now()))


def _take_in(
    connection: Connection, adapter: Adapter, paths: Sequence[Path], report: Report, progress: Progress
) -> None:
    places = load_reference(connection)
    sources = set(connection.scalars(select(tables.source.c.source_id)))
    sink = Sink(connection, adapter.name, report)
    for path in paths:
        if not path.is_file():
            raise FileRefusedError(f"{path} is not a file")
        _take_in_file(adapter.read(path), sink, places, sources, progress)
    versions = present_versions()
    previous = latest_release(connection)
    if previous and previous.versions != versions:
        report.notes.append("the taxonomy, the rules or the method changed: every project was computed anew")
        sink.touched = set(connection.scalars(select(tables.project_statement.c.project_id).distinct()))
    elif not report.altered:
        return
    rebuild(connection, sink.touched, places)
    report.release_id = make_release(connection, report.run_id, versions).release_id


def _take_in_file(
    records: Iterator[RawRecord], sink: Sink, places: PlaceIndex, sources: set[str], progress: Progress
) -> None:
    """Store a file's records batch by batch; lists of components and decisions are stored whole, at its end."""
    seen: dict[tuple[Any, ...], str] = {}
    others: list[Valid] = []
    while batch := list(islice(records, BATCH)):
        projects: list[Valid] = []
        for raw in batch:
            if raw.passed_over or raw.remark:
                _tell(sink, raw)
                continue
            sink.report.read += 1
            valid, rejections = validate(raw, places, sources)
            if valid and (first := seen.setdefault(_identity(valid), valid.place)) != valid.place:
                sink.reject(valid, *_repeated(valid, first))
                continue
            sink.report.count_rejections(rejections)
            sink.rejections += rejections
            if valid is None and raw.kind is not ProjectRecord:
                sink.refused.add(rejections[0].record_id or NOBODY)
            if valid:
                (projects if isinstance(valid.record, ProjectRecord) else others).append(valid)
        sink.projects(projects)
        _keep_rejections(sink)
        progress(len(batch))
    sink.components([valid for valid in others if isinstance(valid.record, ComponentRecord)])
    sink.reviews([valid for valid in others if not isinstance(valid.record, ComponentRecord)])
    _keep_rejections(sink)


def _tell(sink: Sink, raw: RawRecord) -> None:
    """Keep what is no record: a document that gave none, or a remark, which the report repeats."""
    sink.rejections.append(told(raw))
    if raw.remark:
        about = raw.fields.get("project_id")
        sink.report.notes.append(f"{about}: {raw.remark}" if about else raw.remark)
    else:
        sink.report.passed_over += 1


def _identity(valid: Valid) -> tuple[Any, ...]:
    record = valid.record
    if isinstance(record, ProjectRecord):
        return ("project", record.project_id)
    if isinstance(record, ComponentRecord):
        return ("component", record.project_id, record.ordinal)
    return ("review", record.subject_id, record.category)


def _repeated(valid: Valid, first: str) -> tuple[str, str, str]:
    kind, *key = _identity(valid)
    names = {"project": "project_id", "component": "ordinal", "review": "category"}
    return (
        names[kind],
        str(key[-1]),
        f"{kind} {' '.join(map(str, key))} was read at {first} already; the first one counts",
    )


def _keep_rejections(sink: Sink) -> None:
    rows = [_rejection_row(sink.report.run_id, rejection) for rejection in sink.rejections]
    insert_rows(sink.connection, tables.rejected_record, rows)
    sink.rejections.clear()


def _rejection_row(run_id: int, rejection: Rejection) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "place": rejection.place,
        "record_id": rejection.record_id,
        "field": rejection.field,
        "value": rejection.value,
        "reason": rejection.reason,
        "record": rejection.record,
        "whole_record": rejection.whole,
    }
