"""Which state of the data answers come from, which ones there were before, and what each of them changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from db import tables
from db.errors import NotFoundError
from db.queries.statements.asking import ask_once
from db.queries.statements.ordering import Position, list_rows
from db.queries.statements.prepared import Question, Row
from models.filters import SortKey
from models.release import Change, Release
from models.vocabulary import Measure

RELEASE_CHANNEL = "release_made"
"""The channel on which PostgreSQL tells those who listen that there is a new release."""

LATEST = "latest"
"""What stands for the number of the newest release."""

MAX_DIGITS = 10
"""A number of this many digits may not fit the column."""

change = tables.release_change
ORDER = [SortKey(name) for name in ("component_id", "project_id", "measure", "category")]
"""The order of changes; with the release this is their key, so no two are equal."""


CODES = ("moved", "old_countries", "new_countries")
"""Columns of changes that hold codes with blanks between them."""


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes of a release to show. Within a field any value matches; an empty field does not limit."""

    changes: tuple[Change, ...] = ()
    measure: Measure = Measure.COMMITMENT
    projects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


def in_utc(moment: datetime) -> datetime:
    """Say a stored moment in UTC: SQLite gives it back without a zone, PostgreSQL in the session's."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def latest_release(connection: Connection) -> Release | None:
    """Return the newest release, or `None` before anything is loaded."""
    found = ask_once(connection, NEWEST)
    return _release(found[0]) if found else None


def _newest() -> Select[Any]:
    return select(tables.release).order_by(tables.release.c.release_id.desc()).limit(1)


NEWEST = Question(_newest)


@lru_cache(16)  # it is asked for with every request, and is nearly always the same
def _release(row: Row) -> Release:
    return Release(**dict(zip(tables.release.c.keys(), row, strict=True)))


def get_release(connection: Connection, release_id: str) -> Release:
    """Return a release by its number, or the newest by the name `latest`.

    Raises:
        NotFoundError: with the number of the newest.
    """
    newest = latest_release(connection)
    if newest is not None and release_id in (LATEST, str(newest.release_id)):
        return newest
    if release_id.isascii() and release_id.isdecimal() and len(release_id) < MAX_DIGITS:
        statement = select(tables.release).where(tables.release.c.release_id == int(release_id))
        if row := connection.execute(statement).mappings().first():
            return Release(**row)
    raise NotFoundError("release", release_id, None if newest is None else str(newest.release_id))


def count_releases(connection: Connection) -> int:
    """Count the releases."""
    return connection.scalar(select(func.count()).select_from(tables.release)) or 0


def list_releases(
    connection: Connection, after: Position | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Iterate over the releases, the newest first, those after a position, each with its own `position`."""
    table = tables.release
    keys = [SortKey("release_id", descending=True)]
    return list_rows(connection, select(table), {"release_id": table.c.release_id}, keys, after, limit)


def count_changes(connection: Connection, release_id: int, wanted: ChangeFilter) -> int:
    """Count the changes of a release in a filter."""
    statement = select(func.count()).select_from(change).where(*_conditions(release_id, wanted))
    return connection.scalar(statement) or 0


def list_changes(
    connection: Connection,
    release_id: int,
    wanted: ChangeFilter,
    after: Position | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Iterate over the changes of a release by row, project and category, those after a position.

    Amounts are cents under the names of their dollar columns.
    """
    kept = [item.label(item.name.replace("_cents", "_usd")) for item in change.c if item.name != "release_id"]
    statement = select(*kept).where(*_conditions(release_id, wanted))
    for row in list_rows(connection, statement, {item.name: item for item in change.c}, ORDER, after, limit):
        yield row | {name: None if row[name] is None else row[name].split() for name in CODES}


def _conditions(release_id: int, wanted: ChangeFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [change.c.release_id == release_id, change.c.measure == wanted.measure]
    for column, allowed in (
        (change.c.change, wanted.changes),
        (change.c.project_id, wanted.projects),
        (change.c.category, wanted.categories),
    ):
        if allowed:
            found.append(column.in_(allowed))
    return found
