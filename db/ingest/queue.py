"""Bodies that wait to be taken in: the file in a folder of its own, what is known of it in the database."""

import logging
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from db import keys, tables
from db.engine import noting, reading, writing
from db.errors import DataError, NotFoundError
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.endings import Ending, ending_of
from db.ingest.pipeline import Terms, carry_out, close_interrupted, closed_where_it_fails, open_run, told_in_words
from db.ingest.report import Report
from db.ingest.sources.spool import writable
from db.moments import now
from db.queries.runs import LARGEST, MAX_ATTEMPTS
from db.run_lock import run_lock
from models.vocabulary import OnError, RunStatus, Scope

log = logging.getLogger("db.queue")

FOLDER = "uploads"
KEPT_FOR = timedelta(hours=24)
"""How long an idempotency key is remembered, and how long a body that nobody waits for is kept."""

OPEN = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.INTERRUPTED)


class KeyRevokedError(DataError):
    """The key was revoked while the body was on its way."""


class KeyReusedError(DataError):
    """An idempotency key came a second time, with something else."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A body that has come whole, by which key and on which terms; `path` lies in a folder of its own."""

    path: Path
    bytes: int
    key_id: int
    fingerprint: str
    on_error: OnError = OnError.ACCEPT_GOOD
    dry_run: bool = False
    idempotency_key: str | None = None


@contextmanager
def new_folder(spool_dir: Path) -> Iterator[Path]:
    """Make a folder for one body, which only its owner may read; it goes where an error comes before the body is queued.

    Raises:
        SpoolError: if it cannot be made.
    """
    folder = spool_dir / FOLDER / uuid.uuid4().hex
    with writable(folder):
        folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def enqueue(engine: Engine, arrival: Arrival) -> tuple[int, bool]:
    """Give a body its run, or find the run that the same request was given before.

    Returns:
        The run, and whether it is one of before; then the body is not needed any more.

    Raises:
        KeyRevokedError: if its key was revoked meanwhile.
        KeyReusedError: if its idempotency key came before with something else.
    """
    try:
        with noting(engine) as connection:
            return _enqueue(connection, arrival)
    except IntegrityError:  # the same idempotency key, at the same time: the other request is there by now
        with noting(engine) as connection:
            return _enqueue(connection, arrival)


def _enqueue(connection: Connection, arrival: Arrival) -> tuple[int, bool]:
    if not keys.is_live(connection, arrival.key_id):
        raise KeyRevokedError("the key was revoked while the body was on its way: nothing of it was kept")
    if (known := _known(connection, arrival)) is not None:
        return known, True
    run_id = open_run(connection, RecordsAdapter(), [arrival.path], RunStatus.QUEUED)
    note_submission(connection, run_id, arrival, arrival.path.parent.name)
    return run_id, False


def note_submission(connection: Connection, run_id: int, arrival: Arrival, folder: str | None) -> None:
    """Write down with which key and on which terms a run came."""
    values = {
        "run_id": run_id,
        "key_id": arrival.key_id,
        "dry_run": arrival.dry_run,
        "on_error": arrival.on_error,
        "bytes": arrival.bytes,
        "folder": folder,
        "idempotency_key": arrival.idempotency_key,
        "fingerprint": arrival.fingerprint,
        "queued_at": now(),
        "attempts": 0,
    }
    connection.execute(insert(tables.submission).values(**values))
    keys.note_use(connection, arrival.key_id)


def _known(connection: Connection, arrival: Arrival) -> int | None:
    if arrival.idempotency_key is None:
        return None
    table = tables.submission
    connection.execute(update(table).where(table.c.queued_at < now() - KEPT_FOR).values(idempotency_key=None))
    query = select(table.c.run_id, table.c.fingerprint).where(
        table.c.key_id == arrival.key_id, table.c.idempotency_key == arrival.idempotency_key
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    if row.fingerprint != arrival.fingerprint:
        raise KeyReusedError(f"the Idempotency-Key came before, with another request: it became run {row.run_id}")
    return int(row.run_id)


def is_waiting(engine: Engine, spool_dir: Path) -> bool:
    """True where a body lies here whose run is not over, or seems to be at work and may have died."""
    with reading(engine) as connection:
        return any(_is_next(row, spool_dir) for row in connection.execute(_open_runs()).mappings())


def work_off(engine: Engine, spool_dir: Path, patience: float | None = None) -> bool:
    """Do the work of the oldest run whose body lies here, alone.

    Returns:
        False where there was none.

    Raises:
        BusyError: if another run is at work for longer than `patience` seconds.
    """
    with run_lock(engine, patience):
        with writing(engine) as connection:
            close_interrupted(connection)
            row = next((row for row in connection.execute(_open_runs()).mappings() if _is_next(row, spool_dir)), None)
            if row is None:
                return False
            _claim(connection, row)
        _carry_out(engine, row, _file(row, spool_dir))
    return True


def resume(engine: Engine, spool_dir: Path, run_id: int) -> Report:
    """Take a run up again whose body is still there, however often that was tried.

    Raises:
        NotFoundError: if no body of such a run is kept here.
        DataError: if it is refused as a whole, or fails; its body stays where it failed.
    """
    with run_lock(engine):
        with writing(engine) as connection:
            close_interrupted(connection)
            query = _open_runs().where(tables.ingest_run.c.run_id == run_id)
            row = connection.execute(query).mappings().first() if 0 < run_id <= LARGEST else None
            if row is None or not _file(row, spool_dir).is_file():
                raise NotFoundError("run that was interrupted and has its body here:", str(run_id))
            _claim(connection, row)
        # Where there is no room it can be taken up once more.
        with told_in_words(run_id), closed_where_it_fails(engine, run_id, without_room=RunStatus.INTERRUPTED):
            return _work(engine, row, _file(row, spool_dir))


def _open_runs() -> Select[Any]:
    run, sent = tables.ingest_run, tables.submission
    return (
        select(run.c.run_id, run.c.input_name, run.c.status, sent)
        .join(sent, sent.c.run_id == run.c.run_id)
        .where(run.c.status.in_(OPEN), sent.c.folder.is_not(None))
        .order_by(run.c.run_id)
    )


def _file(row: RowMapping, spool_dir: Path) -> Path:
    return spool_dir / FOLDER / str(row["folder"]) / str(row["input_name"])


def _is_next(row: RowMapping, spool_dir: Path) -> bool:
    return row["attempts"] < MAX_ATTEMPTS and _file(row, spool_dir).is_file()


def _claim(connection: Connection, row: RowMapping) -> None:
    run, sent = tables.ingest_run, tables.submission
    values = {"status": RunStatus.RUNNING, "started_at": now(), "ended_at": None, "detail": None}
    connection.execute(update(run).where(run.c.run_id == row["run_id"]).values(**values))
    connection.execute(update(sent).where(sent.c.run_id == row["run_id"]).values(attempts=sent.c.attempts + 1))


def _carry_out(engine: Engine, row: RowMapping, path: Path) -> None:
    """Work, and write down what nobody foresaw; the next attempt may do better."""
    try:
        report = _work(engine, row, path)
        told = f"read {report.read}, rejected {report.rejected}, release {report.release_id or 'as before'}"
        log.info("run %s is done: %s", row["run_id"], told)
    except DataError as error:
        log.info("run %s was refused: %s", row["run_id"], error)  # the run says so too
    except Exception as error:
        ending = ending_of(error, without_room=RunStatus.QUEUED)
        if ending.status is RunStatus.QUEUED:
            with suppress(SQLAlchemyError):  # there may be no room for this either
                _set_back(engine, row, ending)
            raise
        log.exception("run %s failed", row["run_id"])
        _set_back(engine, row, ending)


def _set_back(engine: Engine, row: RowMapping, ending: Ending) -> None:
    """Write down that a run did not come to its end. One that is queued again has not used up an attempt."""
    run, sent = tables.ingest_run, tables.submission
    with writing(engine) as connection:
        connection.execute(update(run).where(run.c.run_id == row["run_id"]).values(**ending._asdict()))
        if ending.status is RunStatus.QUEUED:
            attempts = update(sent).where(sent.c.run_id == row["run_id"]).values(attempts=row["attempts"])
            connection.execute(attempts)


def _work(engine: Engine, row: RowMapping, path: Path) -> Report:
    terms = Terms(OnError(row["on_error"]), row["dry_run"])
    with reading(engine) as connection:
        decides = keys.may(connection, row["key_id"], Scope.REVIEW)
    try:
        report = carry_out(engine, row["run_id"], RecordsAdapter(decides=decides), [path], terms)
    except DataError:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    shutil.rmtree(path.parent, ignore_errors=True)
    return report


def sweep(engine: Engine, spool_dir: Path) -> None:
    """Remove bodies that nobody waits for: their upload or their run ended with its process."""
    folders = [path for path in (spool_dir / FOLDER).glob("*") if path.is_dir()]
    old = [path for path in folders if time.time() - path.stat().st_mtime > KEPT_FOR.total_seconds()]
    if not old:
        return
    with reading(engine) as connection:
        wanted = {row["folder"] for row in connection.execute(_open_runs()).mappings()}
    for path in old:
        if path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)
