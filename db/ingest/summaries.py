"""Keeps the summaries of spend exact, in the transaction that changes the facts: takes back what the touched projects
contributed to each cell and adds what they contribute now (ADR 23)."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from db import tables
from db.store import BATCH, batches
from models.classification import load_taxonomy
from models.filters import Dimension
from models.summary import COLUMNS, DISTINCT, FIGURES, GROUPINGS, OF_PROJECTS, SCOPES, Grouping, Scope
from models.vocabulary import LOW_CONFIDENCE, Granularity, Method, Relevance

MANY_CELLS = 40_000
"""Changed cells that are kept in memory before they are written."""

summary, fact = tables.spend_summary, tables.spend_fact

Figures = list[int]
Members = tuple[Any, ...]


class Place(NamedTuple):
    """Where money counts: some kinds of it with their members, under a measure and in a scope."""

    kinds: tuple[Dimension, ...]
    measure: str
    scope: Scope
    members: Members


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


def _contribution(parts: Sequence[Sums]) -> Figures:
    """The figures of some lines of one project together: it counts as one, and each of its rows and components too."""
    if len(parts) == 1:
        one = parts[0]
        return [*one.figures[: -len(DISTINCT)], 1, len(one.rows), len(one.components), len(one.unknown)]
    figures = [sum(column) for column in zip(*(part.figures for part in parts), strict=True)]
    of_rows = (set().union(*(getattr(part, name) for part in parts)) for name in ("rows", "components", "unknown"))
    return [*figures[: -len(DISTINCT)], 1, *map(len, of_rows)]


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


KINDS: dict[tuple[Dimension, ...], frozenset[Scope]] = {}
"""The kinds of money that are told apart together, with the scopes that they are kept in."""
for _grouping in GROUPINGS:
    KINDS[_grouping.of_money_kept] = KINDS.get(_grouping.of_money_kept, frozenset()) | _grouping.scopes


def _places(line: Line) -> Iterator[Place]:
    """Everywhere a line counts."""
    for kinds, scopes in KINDS.items():
        for members in _members(kinds, line):
            for scope in SCOPES[Relevance(line.relevance)]:
                if scope in scopes:
                    yield Place(kinds, line.measure, scope, members)


class Numbers(dict[Any, int]):
    """Numbers for things in the order in which they come, so that long keys are hashed once and not at every step."""

    def __missing__(self, key: Any) -> int:
        """Give the next number."""
        self[key] = number = len(self)
        return number


class SummaryChanges:
    """Gathers what changes in the cells while projects are computed anew, and writes it in pieces."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._before: dict[str, Project] = {}
        self._begin()

    def _begin(self) -> None:
        self._places, self._owners = Numbers(), Numbers()
        self._places_of: dict[Line, list[int]] = {}
        self._changes: dict[tuple[int, int], Figures] = {}

    def before(self, project_ids: Sequence[str]) -> None:
        """Remember what some projects contribute before their facts change."""
        self._before = contributions(_facts_of(self.connection, project_ids))

    def after(self, project_ids: Sequence[str]) -> None:
        """Compare it with what they contribute now."""
        self.compare(self._before, contributions(_facts_of(self.connection, project_ids)))

    def compare(self, before: Mapping[str, Project], after: Mapping[str, Project]) -> None:
        """Take back what was and add what is, for projects where these differ."""
        for project_id in before.keys() | after.keys():
            old, new = before.get(project_id), after.get(project_id)
            if old != new:
                if old is not None:
                    self._change(old, -1)
                if new is not None:
                    self._change(new, 1)
        if len(self._changes) > MANY_CELLS:
            self.write()

    def _change(self, project: Project, sign: int) -> None:
        """Add what a project contributes to each place that its lines count in, or take it back."""
        touched: dict[int, tuple[int, ...]] = {}
        for index, line in enumerate(project.lines):
            for place in self._places_of.get(line) or self._number(line):
                touched[place] = (*touched.get(place, ()), index)
        sums, owner = list(project.lines.values()), self._owners[project.members]
        figures_of: dict[tuple[int, ...], Figures] = {}
        for place, lines in touched.items():
            figures = figures_of.get(lines)
            if figures is None:
                found = _contribution([sums[index] for index in lines])
                figures = figures_of[lines] = found if sign > 0 else [-figure for figure in found]
            cell = (place, owner)
            known = self._changes.get(cell)
            self._changes[cell] = figures if known is None else list(map(add, known, figures))

    def _number(self, line: Line) -> list[int]:
        found = self._places_of[line] = [self._places[place] for place in _places(line)]
        return found

    def write(self) -> None:
        """Add the changes to the stored cells, and remove cells that nothing is left in."""
        places, owners = list(self._places), list(self._owners)
        by_kinds: dict[tuple[Dimension, ...], list[tuple[int, int, Figures]]] = {kinds: [] for kinds in KINDS}
        for (place, owner), figures in self._changes.items():
            by_kinds[places[place].kinds].append((place, owner, figures))
        rows: list[dict[str, Any]] = []
        for grouping in GROUPINGS:
            rows += _rows(grouping, by_kinds[grouping.of_money_kept], places, owners)
        _run(self.connection, _addition(self.connection.dialect.name), rows)
        _run(self.connection, _REMOVAL, [{key: row[key] for key in _KEY} for row in rows if row["projects"] < 0])
        self._begin()


_KEY = [column.name for column in summary.primary_key]
_REMOVAL = delete(summary).where(*(summary.c[name] == bindparam(name) for name in _KEY), summary.c.projects == literal_column("0"))


@lru_cache
def _addition(dialect: str) -> Any:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(summary)
    sums = {name: summary.c[name] + insert.excluded[name] for name in FIGURES}
    return insert.on_conflict_do_update(index_elements=_KEY, set_=sums)


def _run(connection: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement once for each row, on the driver: there are many rows, and nothing in them needs converting."""
    if rows:
        compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
        order = compiled.positiontup
        values = [tuple(row[name] for name in order) for row in rows] if order else [dict(row) for row in rows]
        connection.exec_driver_sql(str(compiled), values)


def _rows(
    grouping: Grouping,
    changes: Iterable[tuple[int, int, Figures]],
    places: Sequence[Place],
    owners: Sequence[Members],
) -> Iterator[dict[str, Any]]:
    """The changes in the cells of one grouping: those of projects alike in what it keeps of them, added up."""
    kept = [OF_PROJECTS.index(dimension) for dimension in grouping.of_projects]
    parts = Numbers()
    part_of = [parts[tuple(owner[index] for index in kept)] for owner in owners]
    found: dict[tuple[int, int], Figures] = {}
    for place, owner, figures in changes:
        if places[place].scope in grouping.scopes:
            key = (place, part_of[owner])
            known = found.get(key)
            found[key] = figures if known is None else list(map(add, known, figures))
    names, members_of = [COLUMNS[dimension] for dimension in grouping.dimensions], list(parts)
    for (number, part), figures in found.items():
        if any(figures):
            place, members = places[number], (*places[number].members, *members_of[part])
            key = {"grouping": grouping.name, "measure": place.measure, "scope": place.scope.value}
            key["cell"] = json.dumps(members)
            yield {**_NOWHERE, **key, **dict(zip(names, members, strict=True)), **dict(zip(FIGURES, figures, strict=True))}


_NOWHERE: dict[str, Any] = dict.fromkeys(COLUMNS.values())


def _facts_of(connection: Connection, project_ids: Sequence[str]) -> Iterator[Sequence[Any]]:
    for piece in batches(project_ids):
        yield from connection.execute(select(*READ).where(fact.c.project_id.in_(piece)))


def summarise(connection: Connection) -> None:
    """Compute all summaries from the facts. Only needed where there are none yet: `rebuild` keeps them."""
    connection.execute(delete(summary))
    changes = SummaryChanges(connection)
    last = ""
    following = select(fact.c.project_id).where(fact.c.project_id > bindparam("last")).distinct()
    following = following.order_by(fact.c.project_id).limit(BATCH)
    while project_ids := list(connection.scalars(following, {"last": last})):
        changes.compare({}, contributions(_facts_of(connection, project_ids)))
        last = project_ids[-1]
    changes.write()


def summarise_if_missing(connection: Connection) -> None:
    """Compute the summaries of a database whose facts are older than they are."""
    has_facts, has_cells = (connection.scalar(select(func.count()).select_from(select(t.c.measure).limit(1).subquery())) for t in (fact, summary))
    if has_facts and not has_cells:
        summarise(connection)
