"""Writing rows: upserts, replacements and releases. Nothing here commits; the caller's transaction does."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Column, Connection, Table, bindparam, delete, func, literal, select, text

from db import tables
from db.bulk import Row, write_rows
from db.moments import in_utc, now
from db.queries.releases import RELEASE_CHANNEL, latest_release
from models.release import Change, Release
from models.versions import Versions

BATCH = 500

T = TypeVar("T")


def batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces that fit the parameter limits of both databases."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def ids_in_batches(connection: Connection, column: Column[str]) -> Iterator[list[str]]:
    """All values of a column of ids in their order, each once, some at a time; nothing stays open in between.

    The column is the first of an index, in which each value is found from the one before. To ask for distinct values would leave
    it to a server how to, which reads the whole table each time as long as it has not analysed it.
    """
    first = select(func.min(column).label("id")).where(column > bindparam("last")).cte("ids", recursive=True)
    following = select(func.min(column)).where(column > first.c.id).scalar_subquery()
    ids = first.union_all(select(following).where(first.c.id.is_not(None)))
    some = select(ids.c.id).where(ids.c.id.is_not(None)).limit(BATCH)
    last = ""
    while found := sorted(connection.scalars(some, {"last": last})):
        yield found
        last = found[-1]


def has_rows(connection: Connection, table: Table) -> bool:
    """Whether anything is in a table."""
    return connection.execute(select(literal(1)).select_from(table).limit(1)).first() is not None


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or update those whose primary key is there already. Their keys must differ."""
    write_rows(connection, table, rows, replaces=True)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that are not there yet."""
    write_rows(connection, table, rows)


def replace_rows(connection: Connection, table: Table, project_ids: Sequence[str], rows: Sequence[Row]) -> None:
    """Delete all rows of some projects and insert their new ones."""
    for piece in batches(project_ids):
        connection.execute(delete(table).where(table.c.project_id.in_(piece)))
    insert_rows(connection, table, rows)


def next_release_id(connection: Connection) -> int:
    """Return the number of the release to come. There is one writer at a time, so it stays free until it is made."""
    return (connection.scalar(select(func.max(tables.release.c.release_id))) or 0) + 1


def make_release(connection: Connection, run_id: int, versions: Versions) -> Release:
    """Number the present state of the data and store its counts and the hash of its content.

    Its time is at least a second later than its predecessor's: Last-Modified tells releases apart by whole seconds. The data
    are no fresher by it than they were: that is for the run to say.
    """
    count = select(func.count()).select_from
    release_id, previous = next_release_id(connection), latest_release(connection)
    changed = _changed_rows(connection, release_id)
    release = Release(
        release_id=release_id,
        created_at=_after(previous),
        run_id=run_id,
        as_of=connection.scalar(
            select(func.max(tables.project.c.as_of)).where(func.length(tables.project.c.as_of) == 10)
        ),
        taxonomy_version=versions.taxonomy,
        rules_version=versions.rules,
        method_version=versions.method,
        projects=connection.scalar(count(tables.project)) or 0,
        components=connection.scalar(count(tables.component).where(tables.component.c.granularity == "component")) or 0,
        rows_added=changed.get(Change.ADDED, 0),
        rows_changed=changed.get(Change.CHANGED, 0),
        rows_removed=changed.get(Change.REMOVED, 0),
        content_sha256=_content_hash(connection),
        checked_at=previous.checked_at if previous else now(),
    )
    insert_rows(connection, tables.release, [release.model_dump()])
    announce_release(connection)
    return release


def announce_release(connection: Connection) -> None:
    """Tell those who listen that there is a new release, when the transaction commits; if it does not, never."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"NOTIFY {RELEASE_CHANNEL}"))


def _changed_rows(connection: Connection, release_id: int) -> dict[str, int]:
    table = tables.release_change
    query = select(table.c.change, func.count(table.c.component_id.distinct()))
    rows = connection.execute(query.where(table.c.release_id == release_id).group_by(table.c.change))
    return {row[0]: row[1] for row in rows}


def _after(previous: Release | None) -> datetime:
    return now() if previous is None else max(now(), in_utc(previous.created_at) + timedelta(seconds=1))


def _content_hash(connection: Connection) -> str:
    """Hash the hashes of all projects in their order, so that equal data have equal hashes on every database."""
    digest, table = hashlib.sha256(), tables.project_hash
    query = select(table.c.project_id, table.c.content_sha256).order_by(table.c.project_id)
    for project_id, content in connection.execute(query.execution_options(yield_per=1000)):
        digest.update(f"{project_id} {content}\n".encode())
    return digest.hexdigest()
