"""What each project contributes to the cells of the summaries of spend (ADR 23). No statement runs here."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import add, sub
from typing import Any, NamedTuple

from models.classification import load_taxonomy
from models.filters import Dimension
from models.groupings import (
    BY,
    COLUMNS,
    CONFIDENCE,
    GROUPINGS,
    OF_PROJECTS,
    SERVING,
    TOUCHING,
    Scope,
    scopes_of,
    touched,
)
from models.summary import DISTINCT, ENTIRE, SUMS
from models.vocabulary import LOW_CONFIDENCE, Granularity, Method, Relevance

Figures = list[int]
Members = tuple[Any, ...]


class Place(NamedTuple):
    """Where money counts: some kinds of it with their members, under a measure and in a scope.

    Where it counts `apart` by what it touches there, by how surely it is classified or by what its rows stand for, the last of
    the members is that.
    """

    kinds: tuple[Dimension, ...]
    measure: str
    scope: Scope
    members: Members
    apart: str | None = None


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
    confidence: float
    granularity: str

    @property
    def where(self) -> Members:
        """All that says where it counts: how surely it is classified, and what its rows stand for, does not."""
        return self[:-2]


class Sums:
    """What a line of a project adds up to: figures in the order of `SUMS`, and its rows and the components among them by their
    ids. `entire` is the whole amount of the project in the place and of the lender of the line, in cents.
    """

    __slots__ = (
        "components",
        "confidence",
        "direct",
        "entire",
        "figures",
        "granularity",
        "lent_in",
        "partial",
        "rows",
        "unknown",
    )

    def __init__(self, line: Line, entire: int) -> None:
        self.lent_in = (line.country, line.lender)
        self.direct = line.relevance == Relevance.DIRECT
        self.partial = line.relevance == Relevance.PARTIAL
        self.entire = entire
        self.figures: Figures = [0] * len(SUMS)
        self.confidence = line.confidence
        self.granularity = line.granularity
        self.rows: set[str] = set()
        self.components: set[str] = set()
        self.unknown: set[str] = set()

    @property
    def money(self) -> int:
        """The most that counts of the line in one way or another, in cents."""
        return max(self.figures[0] + self.figures[1], self.entire)

    def __eq__(self, other: object) -> bool:
        """Tell whether nothing that is kept differs."""
        return isinstance(other, Sums) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # they grow


def contribution(parts: Sequence[Sums]) -> Figures:
    """The figures of some lines of one project together: it counts as one, and each of its rows and components too."""
    if len(parts) == 1:
        one = parts[0]
        return [*one.figures, *_entire(parts), 1, len(one.rows), len(one.components), len(one.unknown)]
    figures = [sum(column) for column in zip(*(part.figures for part in parts), strict=True)]
    lent_in: dict[tuple[str, str], list[Sums]] = {}
    for part in parts:
        lent_in.setdefault(part.lent_in, []).append(part)
    entire = [sum(column) for column in zip(*map(_entire, lent_in.values()), strict=True)]
    of_rows = (set().union(*(getattr(part, name) for part in parts)) for name in ("rows", "components", "unknown"))
    return [*figures, *entire, 1, *map(len, of_rows)]


def _entire(parts: Sequence[Sums]) -> Figures:
    """What lines of a project in one place and of one lender count of it as a whole: in full if any of them is direct, and
    then as surely as the surest of these, or if none of them serves migration; else in part."""
    amount = parts[0].entire
    direct = [part for part in parts if part.direct]
    in_full = direct or not any(part.partial for part in parts)
    both = (amount, 0) if in_full else (0, amount)
    return [
        *both,
        *(both if any(part.granularity == Granularity.PROJECT for part in parts) else _NONE),
        *(both if max(part.confidence for part in direct or parts) < LOW_CONFIDENCE else _NONE),
    ]


_NONE = (0, 0)


def shares(by: str, parts: Sequence[Sums]) -> Iterator[tuple[Any, Figures]]:
    """The figures of some lines of one project by how surely they are classified, or by what their rows stand for."""
    if by == CONFIDENCE:
        yield from _by_confidence(parts)
        return
    for granularity in {part.granularity for part in parts}:
        yield granularity, contribution([part for part in parts if part.granularity == granularity])


def _by_confidence(parts: Sequence[Sums]) -> Iterator[tuple[float, Figures]]:
    """What some lines of one project of each confidence add to the figures of those that are surer."""
    surer: Figures | None = None
    for least in sorted({part.confidence for part in parts}, reverse=True):
        figures = contribution([part for part in parts if part.confidence >= least])
        yield least, figures if surer is None else list(map(sub, figures, surer))
        surer = figures


def counts_by_touch(parts: Sequence[tuple[str | None, Sums]]) -> Iterator[tuple[str, Figures]]:
    """Count some lines of one project by what it touches: each line comes with its member, the project and its rows with all.

    Yields what is touched, as a text, with figures of distinct counts alone.
    """
    counts: dict[str, Figures] = {}

    def count(members: set[str | None], column: int) -> None:
        counts.setdefault(touched(members), [0] * len(DISTINCT))[column] += 1

    count({member for member, _ in parts}, 0)
    for column, name in enumerate(("rows", "components", "unknown"), start=1):
        members_of: dict[str, set[str | None]] = {}
        for member, sums in parts:
            for component_id in getattr(sums, name):
                members_of.setdefault(component_id, set()).add(member)
        for members in members_of.values():
            count(members, column)
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


OWN = slice(len(Line._fields), len(Line._fields) + len(OF_PROJECTS))


def contributions(facts: Iterable[Sequence[Any]]) -> dict[str, Project]:
    """Add facts (`db.ingest.figures.counted`) up by project. Every project's facts must be there whole."""
    found: dict[str, Project] = {}
    for row in facts:
        project_id, component_id, method, amount, partial, spread, _, entire = row[OWN.stop :]
        project = found.get(project_id)
        if project is None:
            project = found[project_id] = Project(tuple(row[OWN]), {})
        line = Line(*row[: OWN.start])
        sums = project.lines.get(line)
        if sums is None:
            sums = project.lines[line] = Sums(line, entire or 0)
        sums.figures = list(map(add, sums.figures, _figures(line, method, amount, partial)))
        if not spread:
            sums.rows.add(component_id)
        if line.granularity == Granularity.COMPONENT and not spread:
            sums.components.add(component_id)
            if amount is None:
                sums.unknown.add(component_id)
    return found


def _figures(line: Line, method: str, amount: int | None, partial: int | None) -> Figures:
    """The figures of one fact in the order of `SUMS`."""
    both = (amount or 0, partial or 0)
    return [
        *both,
        *(both if line.granularity == Granularity.PROJECT else _NONE),
        *(both if line.granularity == Granularity.REMAINDER else _NONE),
        *(both if line.confidence < LOW_CONFIDENCE else _NONE),
        *(both if method == Method.REVIEW else _NONE),
        *(both if method == Method.RULES else _NONE),
        method == Method.REVIEW,
        method == Method.RULES,
        method == Method.DERIVED,
    ]


_NO_MONEY = (0,) * (len(SUMS) + len(ENTIRE))


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


SHARED: dict[tuple[Dimension, ...], tuple[str, ...]] = {
    of_money: tuple(dict.fromkeys(one.by for one in BY if one.by and one.of_money_kept == of_money))
    for of_money in dict.fromkeys(grouping.of_money_kept for grouping in BY)
}
"""By how surely it is classified, or what its rows stand for, these kinds of money are told apart too, in the scope of what
serves."""


def shared_by(place: Place) -> tuple[str, ...]:
    """Which of these money counts by at a place."""
    return SHARED.get(place.kinds, ()) if place.scope in SERVING else ()


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
