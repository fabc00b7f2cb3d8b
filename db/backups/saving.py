"""Saves a database to one file, as it stands at one moment, while others read and write it."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, select

from db import tables
from db.backups.archive import FORMAT, Manifest, Row, new_archive
from db.engine import reading
from db.errors import NothingLoadedError
from db.moments import now
from db.progress import Progress, unseen
from db.queries.releases import latest_release
from db.revision import newest_revision
from db.store import BATCH
from models.versions import PROGRAM_VERSION


def save(engine: Engine, path: Path, progress: Progress = unseen) -> Manifest:
    """Write all tables of a database at the newest revision to a file, out of one transaction that reads.

    Raises:
        NothingLoadedError: if the database holds no release.
        FileRefusedError: if the file is there already or cannot be written.
    """
    made_at = now()  # before the state is chosen, so that every release it does not show was made later
    with reading(engine) as connection:
        newest = latest_release(connection)
        if newest is None or newest.release_id is None:
            raise NothingLoadedError("nothing is loaded, so there is nothing to save")
        with new_archive(path) as archive:
            for table in tables.metadata.sorted_tables:
                archive.table(table, _rows(connection, table, progress))
            revision = newest_revision()
            manifest = Manifest(FORMAT, PROGRAM_VERSION, revision, made_at, newest.release_id, archive.parts)
            archive.manifest(manifest)
    return manifest


def _rows(connection: Connection, table: Table, progress: Progress) -> Iterator[Row]:
    """The rows by their key, so that equal data make equal members."""
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    for batch in connection.execute(query).partitions():
        yield from map(tuple, batch)
        progress(len(batch))
