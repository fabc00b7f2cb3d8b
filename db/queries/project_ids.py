"""Whether projects and their parents are stored, by their ids."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from db import tables
from db.errors import NotFoundError
from db.queries.statements.asking import ask, ask_once, assume
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot, slots_of
from db.queries.suggest import nearest_id, printable

project = tables.project


def as_stored(connection: Connection, project_ids: Sequence[str]) -> list[str]:
    """Return ids as they are stored: as they are written, or in capitals.

    Raises:
        NotFoundError: for the first that is not there, in capitals; with the nearest that is.
    """
    stored = {project_id for (project_id,) in ask_once(connection, stored_question(project_ids))}
    found = [project_id if project_id in stored else project_id.upper() for project_id in project_ids]
    for wrong in (project_id for project_id in found if project_id not in stored):
        raise NotFoundError("project", wrong, nearest_id(connection, project.c.project_id, wrong))
    return found


def taken_as_stored(connection: Connection, project_ids: Sequence[str]) -> bool:
    """Take it that some projects are stored, to be made sure of later, where that can be (see `assume`)."""
    stored = [(project_id,) for project_id in sorted(set(map(printable, project_ids)))]
    return not stored or assume(connection, stored_question(project_ids), stored)


def require_project(connection: Connection, project_id: str) -> None:
    """Make sure that a project is stored.

    Raises:
        NotFoundError: with the nearest id that is.
    """
    if (project_id,) not in ask_once(connection, stored_question([project_id])):
        raise NotFoundError("project", project_id, nearest_id(connection, project.c.project_id, project_id))


def has_parent(connection: Connection, project_id: str) -> bool:
    """Whether the parent of a project is stored; what names one need not have it loaded."""
    return bool(ask(connection, parent_question(project_id)))


def parent_question(project_id: str) -> Question:
    """The question behind `has_parent`."""
    return Question(_parent, values={"project_id": printable(project_id)})


def _parent() -> Select[Any]:
    child = project.alias("child")
    joined = select(project.c.project_id).join(child, child.c.parent_project_id == project.c.project_id)
    return joined.where(child.c.project_id == slot("project_id"))


def stored_question(project_ids: Sequence[str]) -> Question:
    """The question which of some projects are stored, by their ids as they are written and in capitals."""
    spellings = dict.fromkeys(printable(spelled) for written in project_ids for spelled in (written, written.upper()))
    slots, values = slots_of("id", list(spellings))
    return Question(_stored, (slots,), values)


def _stored(project_ids: Sequence[Any]) -> Select[Any]:
    return select(project.c.project_id).where(project.c.project_id.in_(project_ids)).order_by(project.c.project_id)
