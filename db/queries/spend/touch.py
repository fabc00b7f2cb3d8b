"""Conditions on cells by what is touched, of which there are many to each member that they are held to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, and_, cast, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db import tables

summary = tables.spend_summary


def touches(members: Sequence[Any]) -> ColumnElement[bool]:
    """That any of some members, or of their slots, is touched."""
    return or_(*(place_in(summary.c.touched, _as_touched(member)) > 0 for member in members))


def begins_with(members: Sequence[Any]) -> ColumnElement[bool]:
    """That the first that tells a cell apart is one of some members, or of their slots, as a range of the key for each; said
    beside a condition that says the same. Codes have no letters that JSON would write in another way."""
    follows = "-"  # what comes next after a comma
    ranges = ((_first_in_cell(member, ","), _first_in_cell(member, follows)) for member in members)
    return in_key(or_(*(and_(summary.c.cell >= first, summary.c.cell < end) for first, end in ranges)))


class in_key(FunctionElement[bool]):  # noqa: N801  # named as it reads in SQL
    """Where in the key to read. PostgreSQL does not store rows in its order: an index of less is quicker there.

    It has no type, for a boolean would be compared with 1 on SQLite, and found by no key.
    """

    inherit_cache = True


@compiles(in_key)
def _anywhere(_element: in_key, _compiler: SQLCompiler, **_options: Any) -> str:
    return "true"


@compiles(in_key, "sqlite")
def _there(element: in_key, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


def _first_in_cell(member: Any, sign: str) -> ColumnElement[str]:
    return literal('["').concat(cast(member, Text)).concat(literal(f'"{sign}'))


def _as_touched(member: Any) -> ColumnElement[str]:
    """A member, or the slot of one, as it stands among those that are touched (see `models.groupings.touched`)."""
    return literal(" ").concat(cast(member, Text)).concat(literal(" "))


class place_in(FunctionElement[int]):  # noqa: N801  # named as it reads in SQL
    """Where a text first holds another, from one; zero where it does not. Each database has a name of its own for it."""

    type = Integer()
    inherit_cache = True


@compiles(place_in)
def _in_postgresql(element: place_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


@compiles(place_in, "sqlite")
def _in_sqlite(element: place_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"
