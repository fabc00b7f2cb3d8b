"""Which state of the data answers come from, which ones there were before, and what each of them changed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Label, Select, func, select

from db import tables
from db.errors import NotFoundError
from db.queries.numbered import numbered_question, numbered_rows
from db.queries.statements.asking import ask, ask_once, in_pieces
from db.queries.statements.ordering import Position, in_order, is_bytewise, known_position
from db.queries.statements.pieces import Piece, mapped, pieces_of
from db.queries.statements.prepared import Question, Row, limits
from db.queries.statements.templates import Values, position_slots, slot, slots_of
from models.filters import SortKey
from models.release import Change, Release
from models.vocabulary import Measure

RELEASE_CHANNEL = "release_made"
"""The channel on which PostgreSQL tells those who listen that there is a new release."""

LATEST = "latest"
"""What stands for the number of the newest release."""

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


def number_of(connection: Connection, release_id: str) -> int:
    """Return the number of a release that is named by it, or as the newest by `latest`; an older one need not be there.

    Raises:
        NotFoundError: if it is no number up to that of the newest, which the error holds.
    """
    newest = latest_release(connection)
    last = newest.release_id or 0 if newest else 0
    is_number = release_id.isascii() and release_id.isdecimal() and len(release_id) <= len(str(last))
    number = last if release_id == LATEST else int(release_id) if is_number else 0
    if 0 < number <= last:
        return number
    raise NotFoundError("release", release_id, str(last) if last else None)


def get_release(connection: Connection, release_id: str) -> Release:
    """Return a release by its number, or the newest by the name `latest`.

    Raises:
        NotFoundError: with the number of the newest.
    """
    newest = latest_release(connection)
    for question in release_questions(connection, release_id):
        if found := ask(connection, question):
            return _release(found[0])
        raise NotFoundError("release", release_id, str(newest.release_id) if newest else None)
    assert newest is not None
    return newest


def release_questions(connection: Connection, release_id: str) -> list[Question]:
    """What is asked of a release: nothing of the newest, which every reading knows.

    Raises:
        NotFoundError: see `number_of`.
    """
    number, newest = number_of(connection, release_id), latest_release(connection)
    is_newest = newest is not None and number == newest.release_id
    return [] if is_newest else [Question(_by_number, values={"release_id": number})]


def _by_number() -> Select[Any]:
    return select(tables.release).where(tables.release.c.release_id == slot("release_id"))


def count_releases(connection: Connection) -> int:
    """Count the releases."""
    return int(ask(connection, COUNT)[0][0])


def _counting() -> Select[Any]:
    return select(func.count()).select_from(tables.release)


COUNT = Question(_counting)


def list_releases(
    connection: Connection, after: Position | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Iterate over the releases, the newest first, those after a position, each with its own `position`.

    Raises:
        BadPositionError: if the position does not fit the order.
    """
    return numbered_rows(connection, _releases_question(after, limit), limit)


def list_questions(after: Position | None, limit: int) -> list[Question]:
    """What a page of releases asks: its rows, and how many there are in all.

    Raises:
        BadPositionError: see `list_releases`.
    """
    return [_releases_question(after, limit), COUNT]


def _releases_question(after: Position | None, limit: int | None) -> Question:
    return numbered_question(_releases, tables.release.c.release_id, after, limit)


def _releases() -> Select[Any]:
    return select(tables.release)


def count_changes(connection: Connection, release_id: int, wanted: ChangeFilter) -> int:
    """Count the changes of a release in a filter."""
    return int(ask(connection, _count_question(release_id, wanted))[0][0])


def _count_question(release_id: int, wanted: ChangeFilter) -> Question:
    template, values = _template_of(release_id, wanted)
    return Question(_count_of_changes, (template,), values)


def _count_of_changes(wanted: ChangeFilter) -> Select[Any]:
    return select(func.count()).select_from(change).where(*_conditions(wanted))


def change_pieces(
    connection: Connection,
    release_id: int,
    wanted: ChangeFilter,
    after: Position | None = None,
    limit: int | None = None,
) -> Iterator[Piece]:
    """Iterate over the changes of a release by row, project and category, those after a position.

    Amounts are cents under the names of their dollar columns.

    Raises:
        BadPositionError: if the position does not fit the order.
    """
    lots = in_pieces(connection, limit, [_changes_question(connection, release_id, wanted, after, limit)])
    for piece in pieces_of([item.name for item in _shown()], lots, len(ORDER)):
        yield mapped(piece, **dict.fromkeys(CODES, _codes))


def change_questions(
    connection: Connection, release_id: int, wanted: ChangeFilter, after: Position | None, limit: int
) -> list[Question]:
    """What a page of changes asks: its rows, and how many there are in all.

    Raises:
        BadPositionError: see `change_pieces`.
    """
    return [_changes_question(connection, release_id, wanted, after, limit), _count_question(release_id, wanted)]


def _changes_question(
    connection: Connection, release_id: int, wanted: ChangeFilter, after: Position | None, limit: int | None
) -> Question:
    template, values = _template_of(release_id, wanted)
    place, more = position_slots(known_position(dict(change.c.items()), ORDER, after))
    return Question(
        _changes, (template, place, limit is not None, is_bytewise(connection)), values | more | limits(limit)
    )


def _changes(wanted: ChangeFilter, after: Position | None, limited: bool, bytewise: bool) -> Select[Any]:
    found = in_order(select(*_shown()).where(*_conditions(wanted)), dict(change.c.items()), ORDER, after, bytewise)
    return found.limit(slot("limit")) if limited else found


def _shown() -> list[Label[Any]]:
    return [item.label(item.name.replace("_cents", "_usd")) for item in change.c if item.name != "release_id"]


def _codes(text: str | None) -> list[str] | None:
    return None if text is None else text.split()


def _template_of(release_id: int, wanted: ChangeFilter) -> tuple[ChangeFilter, Values]:
    """The shape of a filter, with slots for its values, and these."""
    values: Values = {"release_id": release_id}
    shape: dict[str, Any] = {}
    for name in ("changes", "projects", "categories"):
        if members := getattr(wanted, name):
            shape[name], more = slots_of(name, [str(member) for member in members])
            values |= more
    return replace(wanted, **shape), values


def _conditions(wanted: ChangeFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [change.c.release_id == slot("release_id"), change.c.measure == wanted.measure]
    for column, allowed in (
        (change.c.change, wanted.changes),
        (change.c.project_id, wanted.projects),
        (change.c.category, wanted.categories),
    ):
        if allowed:
            found.append(column.in_(allowed))
    return found
