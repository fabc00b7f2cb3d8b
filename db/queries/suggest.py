"""The nearest valid name to one that is not."""

from difflib import get_close_matches
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

ENOUGH = 2000
"""Identifiers that are compared at most."""


def nearest_id(connection: Connection, column: ColumnElement[Any], wrong: str) -> str | None:
    """Return the stored identifier that is most like a wrong one, or `None` where none is near.

    Only identifiers around its place in the order are looked at, so the table's size does not matter.
    """
    if len(wrong) > 100:
        return None
    upper = wrong.upper()
    around = [
        *connection.scalars(select(column).where(column >= upper).order_by(column).limit(ENOUGH // 2)),
        *connection.scalars(select(column).where(column < upper).order_by(column.desc()).limit(ENOUGH // 2)),
    ]
    found = get_close_matches(upper, around, n=1, cutoff=0.7)
    return found[0] if found else None
