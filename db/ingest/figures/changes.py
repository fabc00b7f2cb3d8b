"""What a release changes: the money of each row, category by category, before and after."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from db import tables
from db.ingest.figures.counted import NAMES, CountedFact
from db.store import insert_rows
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


class Money(NamedTuple):
    """A part of a row's money; amounts in cents."""

    country: str
    lender: str
    amount: int | None
    partial: int | None


_SAME = ("granularity", "relevance", "status", "approval_date", "instrument", "source_id", "method", "confidence")
"""What all parts of a row have in common, in the order of `State`."""

_key, _money, _same = (
    itemgetter(*map(NAMES.index, names))
    for names in (Key._fields, ("country", "lender", "amount_cents", "partial_cents"), _SAME)
)


def money_states(facts: Iterable[CountedFact]) -> dict[Key, State]:
    """Tell how the money of some projects is counted, by all their facts."""
    parts: dict[Key, list[Money]] = defaultdict(list)
    alike: dict[Key, Sequence[Any]] = {}
    for row in facts:
        key = Key._make(_key(row))
        parts[key].append(Money._make(_money(row)))
        alike[key] = _same(row)
    return {
        key: State._make((*alike[key], _sums(found), _by("country", found), _by("lender", found)))
        for key, found in parts.items()
    }


def _by(kind: str, parts: Iterable[Money]) -> Parts:
    """Sum money by its country or its lender."""
    found = defaultdict(list)
    for part in parts:
        found[getattr(part, kind)].append(part)
    return frozenset((member, *_sums(those)) for member, those in found.items())


def _sums(parts: Sequence[Money]) -> tuple[int | None, int | None]:
    amounts = [part.amount for part in parts if part.amount is not None]
    partial = [part.partial for part in parts if part.partial is not None]
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
