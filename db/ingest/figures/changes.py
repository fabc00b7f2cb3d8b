"""What a release changes: the money of each row, category by category, before and after."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from db import tables
from db.store import batches, insert_rows
from models.release import Change


class Key(NamedTuple):
    """Whose money, under which measure, in which category."""

    component_id: str
    project_id: str
    measure: str
    category: str


class State(NamedTuple):
    """How it is counted; amounts in cents."""

    granularity: str
    relevance: str
    status: str | None
    amount: int | None
    partial: int | None


States = Mapping[Key, State]


def money_states(connection: Connection, project_ids: Sequence[str]) -> dict[Key, State]:
    """Read how the money of some projects is counted now."""
    fact = tables.spend_fact
    keys = [fact.c.component_id, fact.c.project_id, fact.c.measure, fact.c.category]
    kept = [fact.c.granularity, fact.c.relevance, fact.c.status]
    found = {}
    for piece in batches(project_ids):
        query = (
            select(*keys, *kept, func.sum(fact.c.amount_cents), func.sum(fact.c.partial_cents))
            .where(fact.c.project_id.in_(piece))
            .group_by(*keys, *kept)
        )
        for *key, granularity, relevance, status, amount, partial in connection.execute(query):
            found[Key(*key)] = State(granularity, relevance, status, *(_whole(cents) for cents in (amount, partial)))
    return found


def _whole(cents: Any) -> int | None:
    return None if cents is None else int(cents)  # PostgreSQL sums big integers as decimals


def keep_changes(connection: Connection, release_id: int, before: States, after: States) -> None:
    """Write down what differs, under the release that is being made."""
    had, has = ({key.component_id for key in states} for states in (before, after))
    rows = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        change = Change.ADDED if key.component_id not in had else Change.CHANGED
        change = change if key.component_id in has else Change.REMOVED
        shown = new or old
        assert shown is not None
        rows.append(
            {"release_id": release_id, **key._asdict(), "change": change, "granularity": shown.granularity}
            | _side("old", old)
            | _side("new", new)
        )
    insert_rows(connection, tables.release_change, rows)


def _side(name: str, state: State | None) -> dict[str, Any]:
    return {
        f"{name}_relevance": state and state.relevance,
        f"{name}_status": state and state.status,
        f"{name}_amount_cents": state.amount if state else None,
        f"{name}_partial_cents": state.partial if state else None,
    }
