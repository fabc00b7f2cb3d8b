"""What each project contributes to the cells of the summaries of spend (ADR 23). No statement runs here."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import add
from typing import Any, NamedTuple

from db import tables
from models.classification import load_taxonomy
from models.filters import Dimension
from models.summary import (
    COLUMNS,
    DISTINCT,
    FIGURES,
    GROUPINGS,
    OF_PROJECTS,
    SERVING,
    TOUCHING,
    Scope,
    scopes_of,
    touched,
)
from models.vocabulary import LOW_CONFIDENCE, Granularity, Method, Relevance

fact = tables.spend_fact

Figures = list[int]
Members = tuple[Any, ...]


class Place(NamedTuple):
    """Where money counts: some kinds of it with their members, under a measure and in a scope.

    Where it counts by what it touches there, the last of the members is that (see `models.summary.touched`).
    """

    kinds: tuple[Dimension, ...]
    measure: str
    scope: Scope
    members: Members
    touching: Dimension | None = None


class Line(NamedTuple):
    """What makes the money of a project go to different cells."""

    measure: str
    relevance: str
    category: str
    category_group: str
    country: str
    region: str | None
    income_group: str | None
    lender: str


class Sums:
    """Figures of some facts of a project in the order of `FIGURES`, with the components among them by their ids."""

    __slots__ = ("components", "figures", "rows", "unknown")

    def __init__(self) -> None:
        self.figures: Figures = [0] * len(FIGURES)
        self.rows: set[str] = set()
        self.components: set[str] = set()
        self.unknown: set[str] = set()

    def __eq__(self, other: object) -> bool:
        """Tell whether nothing that is kept differs."""
        return isinstance(other, Sums) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # they grow


def contribution(parts: Sequence[Sums]) -> Figures:
    """The figures of some lines of one project together: it counts as one, and each of its rows and components too."""
    if len(parts) == 1:
        one = parts[0]
        return [*one.figures[: -len(DISTINCT)], 1, len(one.rows), len(one.components), len(one.unknown)]
    figures = [sum(column) for column in zip(*(part.figures for part in parts), strict=True)]
    of_rows = (set().union(*(getattr(part, name) for part in parts)) for name in ("rows", "components", "unknown"))
    return [*figures[: -len(DISTINCT)], 1, *map(len, of_rows)]


def counts_by_touch(parts: Sequence[tuple[str | None, Sums]]) -> Iterator[tuple[str, Figures]]:
    """Count some lines of one project by what it touches: each line comes with its member, the project and its rows with all.

    Yields what is touched, as a text, with figures of distinct counts alone.
    """
    counts: dict[str, Figures] = {}

    def add(members: set[str | None], column: int) -> None:
        counts.setdefault(touched(members), [0] * len(DISTINCT))[column] += 1

    add({member for member, _ in parts}, 0)
    for column, name in enumerate(("rows", "components", "unknown"), start=1):
        members_of: dict[str, set[str | None]] = {}
        for member, sums in parts:
            for component_id in getattr(sums, name):
                members_of.setdefault(component_id, set()).add(member)
        for members in members_of.values():
            add(members, column)
    for words, numbers in counts.items():
        if words:  # what touches nothing that has a name is not found by one
            yield words, only_counts(numbers)


def only_counts(numbers: Figures) -> Figures:
    """Figures that end with these distinct counts and are else zero."""
    return [*_NO_MONEY, *numbers]


class Project(NamedTuple):
    """What a project contributes: its own members in the order of `OF_PROJECTS`, and its money line by line."""

    members: Members
    lines: dict[Line, Sums]


READ = (
    *(fact.c[name] for name in Line._fields),
    *(fact.c[COLUMNS[dimension]] for dimension in OF_PROJECTS),
    fact.c.project_id,
    fact.c.component_id,
    fact.c.granularity,
    fact.c.method,
    fact.c.confidence,
    fact.c.amount_cents,
    fact.c.partial_cents,
    fact.c.spread,
)
OWN = slice(len(Line._fields), len(Line._fields) + len(OF_PROJECTS))


def contributions(facts: Iterable[Sequence[Any]]) -> dict[str, Project]:
    """Add facts (rows of `READ`) up by project. Every project's facts must be there whole."""
    found: dict[str, Project] = {}
    for row in facts:
        project_id, component_id, granularity, method, confidence, amount, partial, spread = row[OWN.stop :]
        project = found.get(project_id)
        if project is None:
            project = found[project_id] = Project(tuple(row[OWN]), {})
        line = Line(*row[: OWN.start])
        sums = project.lines.get(line)
        if sums is None:
            sums = project.lines[line] = Sums()
        sums.figures = list(map(add, sums.figures, _figures(granularity, method, confidence, amount, partial)))
        if not spread:
            sums.rows.add(component_id)
        if granularity == Granularity.COMPONENT and not spread:
            sums.components.add(component_id)
            if amount is None:
                sums.unknown.add(component_id)
    return found


def _figures(granularity: str, method: str, confidence: float, amount: int | None, partial: int | None) -> Figures:
    """The figures of one fact in the order of `FIGURES`, without the distinct counts."""
    both = (amount or 0, partial or 0)
    none = (0, 0)
    return [
        *both,
        *(both if granularity == Granularity.PROJECT else none),
        *(both if granularity == Granularity.REMAINDER else none),
        *(both if confidence < LOW_CONFIDENCE else none),
        *(both if method == Method.REVIEW else none),
        *(both if method == Method.RULES else none),
        method == Method.REVIEW,
        method == Method.RULES,
        method == Method.DERIVED,
        *_NOT_COUNTED,
    ]


_NOT_COUNTED = (0,) * len(DISTINCT)
_NO_MONEY = (0,) * (len(FIGURES) - len(DISTINCT))


@lru_cache
def _sets_of(category: str) -> tuple[str | None, ...]:
    return tuple(one.code for one in load_taxonomy().sets if category in one.categories) or (None,)


def _members(kinds: tuple[Dimension, ...], line: Line) -> Iterator[Members]:
    """The members of some kinds that a line counts in: one of each, but as many sets as it stands in."""
    columns = [COLUMNS[kind] for kind in kinds]
    if Dimension.SET not in kinds:
        yield tuple(getattr(line, name) for name in columns)
        return
    for code in _sets_of(line.category):
        yield tuple(code if name == COLUMNS[Dimension.SET] else getattr(line, name) for name in columns)


KINDS: dict[tuple[Dimension, ...], frozenset[Scope]] = {
    of_money: frozenset(
        scope for one in GROUPINGS if one.of_money_kept == of_money for scope in Scope if one.adds(scope)
    )
    for of_money in dict.fromkeys(grouping.of_money_kept for grouping in GROUPINGS)
}
"""The kinds of money that are told apart together, with the scopes in which it is added to cells."""

TOUCHED: dict[tuple[Dimension, ...], tuple[Dimension, ...]] = {
    of_money: tuple(dict.fromkeys(one.touching for one in TOUCHING if one.touching and one.of_money_kept == of_money))
    for of_money in dict.fromkeys(grouping.of_money_kept for grouping in TOUCHING)
}
"""By what else that they touch projects are counted where these kinds of money are told apart, in the scope of what serves."""


def touched_at(place: Place) -> tuple[Dimension, ...]:
    """By what else that they touch projects are counted at a place."""
    return TOUCHED.get(place.kinds, ()) if place.scope in SERVING else ()


def places_of(line: Line) -> Iterator[Place]:
    """Everywhere a line counts."""
    for kinds, scopes in KINDS.items():
        for members in _members(kinds, line):
            for scope in scopes_of(Relevance(line.relevance), line.category):
                if scope in scopes:
                    yield Place(kinds, line.measure, scope, members)
