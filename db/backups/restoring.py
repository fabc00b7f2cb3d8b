"""Puts what a file holds into a database: all of it in one transaction, as a release that nobody has seen before."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text, update

from db import tables
from db.backups.archive import FORMAT, Manifest, read_manifest, read_table, verify
from db.engine import writing
from db.errors import DataError, FileRefusedError
from db.ingest.pipeline import input_hash
from db.moments import in_utc, now
from db.progress import Progress, unseen
from db.revision import newest_revision
from db.run_lock import run_lock
from db.store import announce_release, has_rows, insert_rows
from models.vocabulary import RunStatus

ADAPTER = "restore"
WAITS_FOR_ITS_BODY = (
    "restored from a backup: it is taken up again if its body is still in SPOOL_DIR, else send it again"
)


class NotEmptyError(DataError):
    """The database holds data that a restore would put an end to."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: the release of the file, and the number that its state has now."""

    manifest: Manifest
    release_id: int
    history_known: bool
    """Whether the database had gone on from this very file's state, so that what came after it was known."""


@dataclass(frozen=True, slots=True)
class _Before:
    """What a database had given out before it is emptied."""

    release_id: int
    run_id: int
    created_at: datetime | None
    revoked: dict[str, datetime]
    continues: bool


def restore(engine: Engine, path: Path, replace: bool = False, progress: Progress = unseen) -> Restored:
    """Make a database hold what a file holds. Readers see the old data until all is done, and then the new.

    Raises:
        FileRefusedError: if the file is no backup, damaged, or of another revision than this version of the program.
        NotEmptyError: if the database holds data, unless they are to be replaced.
    """
    manifest = read_manifest(path)
    _require_fitting(path, manifest)
    verify(path, manifest)
    with run_lock(engine), writing(engine) as connection:
        if not replace and (name := _first_filled(connection)):
            raise NotEmptyError(f"the database is not empty (table {name}): --replace puts the backup in its place")
        _hold_back_uploads(connection)
        before = _before(connection, path, manifest)
        _empty(connection)
        for part in manifest.tables:
            for rows in read_table(path, part):
                insert_rows(connection, tables.metadata.tables[part.name], rows)
                progress(len(rows), manifest.rows)
        _revoke_again(connection, before)
        release_id = _new_release(connection, path, manifest, before)
        _set_counters(connection)
        announce_release(connection)
    return Restored(manifest, release_id, before.continues)


def _hold_back_uploads(connection: Connection) -> None:
    """Have uploads wait that would be noted meanwhile: they need no lock of a run, and what they refer to is about to go."""
    if connection.dialect.name == "postgresql":  # in the order in which an upload is noted; readers do not wait
        connection.exec_driver_sql("LOCK TABLE api_key, ingest_run, submission IN SHARE ROW EXCLUSIVE MODE")


def _require_fitting(path: Path, manifest: Manifest) -> None:
    newest = newest_revision()
    if manifest.format != FORMAT:
        raise FileRefusedError(f"{path} is of the form {manifest.format!r}; this version reads {FORMAT!r}")
    if manifest.revision != newest:
        raise FileRefusedError(
            f"{path} is of revision {manifest.revision}, made by version {manifest.program_version}; this version is at "
            f"{newest}: restore it with that version into an empty database, then run `python -m api migrate` with this one"
        )
    names = {part.name: part.columns for part in manifest.tables}
    if names != {table.name: table.columns.keys() for table in tables.metadata.sorted_tables}:
        raise FileRefusedError(f"{path} is damaged: its tables are not those of revision {newest}")


def _first_filled(connection: Connection) -> str | None:
    return next((table.name for table in tables.metadata.sorted_tables if has_rows(connection, table)), None)


def _before(connection: Connection, path: Path, manifest: Manifest) -> _Before:
    release, run, key = tables.release, tables.ingest_run, tables.api_key
    moment = connection.scalar(select(func.max(release.c.created_at)))
    revoked = connection.execute(select(key.c.token_sha256, key.c.revoked_at).where(key.c.revoked_at.is_not(None)))
    return _Before(
        connection.scalar(select(func.max(release.c.release_id))) or 0,
        connection.scalar(select(func.max(run.c.run_id))) or 0,
        None if moment is None else in_utc(moment),
        {token: moment for token, moment in revoked},
        _continues(connection, path, manifest),
    )


def _continues(connection: Connection, path: Path, manifest: Manifest) -> bool:
    """True where a database holds the newest release of a file, so that it knows every number given out after it."""
    part = next(part for part in manifest.tables if part.name == tables.release.name)
    saved = next(row for rows in read_table(path, part) for row in rows if row["release_id"] == manifest.release)
    query = select(tables.release).where(tables.release.c.release_id == manifest.release)
    row = connection.execute(query).mappings().first()
    same = ("content_sha256", "method_version", "rules_version", "taxonomy_version")
    return (
        row is not None
        and all(row[name] == saved[name] for name in same)
        and in_utc(row["created_at"]) == in_utc(saved["created_at"])
    )


def _empty(connection: Connection) -> None:
    """Delete every row. TRUNCATE would be faster, but shows empty tables to those who are reading the old data."""
    for table in reversed(tables.metadata.sorted_tables):
        connection.execute(table.delete())


def _revoke_again(connection: Connection, before: _Before) -> None:
    """A key that was revoked stays so, even if the file is of a time before."""
    key = tables.api_key
    for token, moment in before.revoked.items():
        lives = (key.c.token_sha256 == token) & key.c.revoked_at.is_(None)
        connection.execute(update(key).where(lives).values(revoked_at=moment))


def _new_release(connection: Connection, path: Path, manifest: Manifest, before: _Before) -> int:
    """Give the restored state a number and a time that no state had before, so that no tag and no kept answer lies.

    Where what was given out after the backup is lost, as many numbers are passed over as seconds went by since: a release
    comes at least a second after the one before it (`db.store.make_release`). Runs are numbered on in the same way.
    """
    release, run = tables.release, tables.ingest_run
    lost = 0 if before.continues else int((now() - manifest.made_at).total_seconds()) + 1
    query = select(release).where(release.c.release_id == manifest.release)
    newest = dict(connection.execute(query).mappings().one())
    release_id = max(before.release_id, manifest.release) + max(lost, 0) + 1
    run_id = max(before.run_id, connection.scalar(select(func.max(run.c.run_id))) or 0) + max(lost, 0) + 1
    _close_open_runs(connection)
    moments = [in_utc(moment) for moment in (before.created_at, newest["created_at"]) if moment is not None]
    second = timedelta(seconds=1)
    newest |= {
        "release_id": release_id,
        "run_id": run_id,
        "created_at": max(now(), *(moment + second for moment in moments)),
        "rows_added": 0,
        "rows_changed": 0,
        "rows_removed": 0,
    }
    connection.execute(insert(run).values(_run(run_id, path, manifest, release_id)))
    connection.execute(insert(release).values(newest))
    return release_id


def _run(run_id: int, path: Path, manifest: Manifest, release_id: int) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "adapter": ADAPTER,
        "input_name": path.name,
        "input_sha256": input_hash([path]),
        "status": RunStatus.DONE,
        "detail": f"release {manifest.release} as it was saved at {manifest.made_at.isoformat()}",
        "started_at": now(),
        "ended_at": now(),
        "release_id": release_id,
    } | dict.fromkeys(("read", "added", "changed", "unchanged", "rejected", "withdrawn"), 0)


def _close_open_runs(connection: Connection) -> None:
    """Runs that were waiting or at work when the file was made are not any more."""
    run = tables.ingest_run
    was_open = run.c.status.in_((RunStatus.QUEUED, RunStatus.RUNNING))
    values = {"status": RunStatus.INTERRUPTED, "detail": WAITS_FOR_ITS_BODY}
    connection.execute(update(run).where(was_open).values(**values))


def _set_counters(connection: Connection) -> None:
    """Have PostgreSQL number new rows after those that came in; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables.metadata.sorted_tables:
        for column in table.primary_key:
            names = {"table": table.name, "column": column.name}
            counter = connection.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), names)
            largest = connection.scalar(select(func.max(column))) if counter else None
            if largest is not None:
                connection.execute(text("SELECT setval(:counter, :largest)"), {"counter": counter, "largest": largest})
