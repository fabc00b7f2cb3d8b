"""What a release changes: the money of each row, category by category, before and after."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from db import tables
from db.store import batches, insert_rows
from models.release import Change, Moved


class Key(NamedTuple):
    """Whose money, under which measure, in which category."""

    component_id: str
    project_id: str
    measure: str
    category: str


Parts = frozenset[tuple[str, int | None, int | None]]
"""Money of each country or lender: its amount and its partial amount, in cents."""


class State(NamedTuple):
    """How it is counted, under the names of `Moved`; amounts in cents."""

    granularity: str
    relevance: str
    status: str | None
    approval_date: date | None
    instrument: str | None
    source: str
    method: str
    confidence: float
    amount: tuple[int | None, int | None]
    country: Parts
    lender: Parts

    @property
    def countries(self) -> str:
        """The codes of its places, with blanks between them."""
        return " ".join(sorted(code for code, *_ in self.country))


States = Mapping[Key, State]

SPREAD = (Moved.COUNTRY, Moved.LENDER)
"""What the money of one row is spread over."""


def money_states(connection: Connection, project_ids: Sequence[str]) -> dict[Key, State]:
    """Read how the money of some projects is counted now."""
    fact = tables.spend_fact
    keys = [fact.c.component_id, fact.c.project_id, fact.c.measure, fact.c.category]
    same = [fact.c.granularity, fact.c.relevance, fact.c.status, fact.c.approval_date, fact.c.instrument]
    same += [fact.c.source_id, fact.c.method, fact.c.confidence]
    money = [fact.c.country, fact.c.lender, fact.c.amount_cents, fact.c.partial_cents]
    found: dict[Key, list[Sequence[Any]]] = defaultdict(list)
    for piece in batches(project_ids):
        for row in connection.execute(select(*money, *keys, *same).where(fact.c.project_id.in_(piece))):
            found[Key(*row[4:8])].append(row)
    return {
        key: State._make((*rows[0][8:], _sums(rows), _parts(rows, 0), _parts(rows, 1))) for key, rows in found.items()
    }


def _parts(rows: Iterable[Sequence[Any]], kind: int) -> Parts:
    """Sum money of (country, lender, amount, partial amount) by one of the two."""
    found = defaultdict(list)
    for row in rows:
        found[row[kind]].append(row)
    return frozenset((member, *_sums(those)) for member, those in found.items())


def _sums(rows: Sequence[Sequence[Any]]) -> tuple[int | None, int | None]:
    amounts, partial = ([row[place] for row in rows if row[place] is not None] for place in (2, 3))
    return sum(amounts) if amounts else None, sum(partial) if partial else None


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
            | {"moved": " ".join(_moved(old, new)) if old and new else ""}
            | _side("old", old)
            | _side("new", new)
        )
    insert_rows(connection, tables.release_change, rows)


def _moved(old: State, new: State) -> Iterator[Moved]:
    """Name what differs. Where amounts do, countries and lenders have moved only if there are others."""
    for name in Moved:
        before, after = getattr(old, name), getattr(new, name)
        if name in SPREAD and old.amount != new.amount:
            before, after = ({member for member, *_ in parts} for parts in (before, after))
        if before != after:
            yield name


def _side(name: str, state: State | None) -> dict[str, Any]:
    amount, partial = state.amount if state else (None, None)
    return {
        f"{name}_relevance": state and state.relevance,
        f"{name}_status": state and state.status,
        f"{name}_approval_date": state and state.approval_date,
        f"{name}_countries": state and state.countries,
        f"{name}_amount_cents": amount,
        f"{name}_partial_cents": partial,
    }
