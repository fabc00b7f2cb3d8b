"""Which projects are counted together: a parent with its additional financings, whose money its own may hold."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from db import tables
from db.store import batches
from models.project import lineage, precedence

statement, project = tables.project_statement, tables.project


def families_of(connection: Connection, touched: Collection[str]) -> dict[str, list[str]]:
    """Group touched projects with all who belong to the same parent now, or did when they were built the last time.

    Where a parent has a parent itself, all stand under the topmost that is stored. Every project is in one family only.
    """
    begun = set(touched) | _ids(connection, _former_parents, touched)
    parents = _parents_above(connection, begun)
    topmost = {_topmost(parents, project_id) for project_id in begun}
    found = around = topmost
    while around:
        around = _ids(connection, _naming, around) - found
        parents |= _parents(connection, around)
        found = found | around
    stored = _ids(connection, _stored, found | begun)
    known = {child: parent for child, parent in parents.items() if parent in stored}
    families: dict[str, list[str]] = {}
    for project_id in sorted(stored):
        if _topmost(parents, project_id) in topmost:
            families.setdefault(_topmost(known, project_id), []).append(project_id)
    return families


def _former_parents(piece: Sequence[str]) -> Select[tuple[str | None]]:
    return select(project.c.parent_project_id).where(project.c.project_id.in_(piece))


def _naming(piece: Sequence[str]) -> Select[tuple[str]]:
    return select(statement.c.project_id).where(statement.c.parent_project_id.in_(piece))


def _stored(piece: Sequence[str]) -> Select[tuple[str]]:
    return select(statement.c.project_id).where(statement.c.project_id.in_(piece))


def _ids(
    connection: Connection, query: Callable[[Sequence[str]], Select[Any]], project_ids: Collection[str]
) -> set[str]:
    pieces = batches(sorted(project_ids))
    return {found for piece in pieces for found in connection.scalars(query(piece)) if found}


def _parents_above(connection: Connection, begun: Collection[str]) -> dict[str, str]:
    """The parents of projects, and theirs, up to the topmost."""
    parents, asked = _parents(connection, begun), set(begun)
    while unknown := set(parents.values()) - asked:
        parents |= _parents(connection, unknown)
        asked |= unknown
    return parents


def _parents(connection: Connection, project_ids: Collection[str]) -> dict[str, str]:
    """The parent that the last word on each project names; those without one are left out."""
    said: dict[str, tuple[tuple[bool, str, int, str], int, str, str]] = {}
    columns = ("project_id", "origin", "as_of", "run_id", "source_id", "parent_project_id")
    query = select(*(statement.c[name] for name in columns)).where(statement.c.parent_project_id.is_not(None))
    for piece in batches(sorted(project_ids)):
        for project_id, origin, as_of, *last in connection.execute(query.where(statement.c.project_id.in_(piece))):
            word = (precedence(origin, as_of), *last)
            said[project_id] = max(word, said.get(project_id, word))
    return {project_id: parent for project_id, (*_, parent) in said.items() if parent}


def _topmost(parents: Mapping[str, str], project_id: str) -> str:
    path = lineage(parents, project_id)
    again = parents.get(path[-1])
    return path[-1] if again is None else min(path[path.index(again) :])  # they name each other in a ring
