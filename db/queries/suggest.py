"""The nearest valid name to one that is not."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from db.queries.statements.asking import ask, ask_ahead
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot

ENOUGH = 2000
"""Identifiers that are compared at most."""


def nearest_id(connection: Connection, column: ColumnElement[Any], wrong: str) -> str | None:
    """Return the stored identifier that is most like a wrong one, or `None` where none is near: the last question of an answer.

    Only identifiers around its place in the order are looked at, so the table's size does not matter.
    """
    if len(wrong) > 100 or not wrong.isprintable():
        return None
    upper = wrong.upper()
    questions = [Question(build, (column,), {"wrong": upper}) for build in (_from, _before)]
    ask_ahead(connection, questions, last=True)
    return nearest_of(upper, [known for question in questions for (known,) in ask(connection, question)])


def _from(column: ColumnElement[Any]) -> Select[Any]:
    return select(column).where(column >= slot("wrong")).order_by(column).limit(ENOUGH // 2)


def _before(column: ColumnElement[Any]) -> Select[Any]:
    return select(column).where(column < slot("wrong")).order_by(column.desc()).limit(ENOUGH // 2)


def nearest_of(wrong: str, known: Sequence[str]) -> str | None:
    """Return the known name that is most like a wrong one, or `None` where none is near."""
    found = get_close_matches(wrong[:100], known, n=1, cutoff=0.7)
    return found[0] if found else None


def printable(text: str) -> str:
    """Return a text that a database can be asked for: PostgreSQL takes no null characters, and no id has any."""
    return text if text.isprintable() else ""
