"""Keeps the summaries of spend exact, in the transaction that changes the facts: takes back what the touched projects
contributed to each cell and adds what they contribute now (ADR 23)."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, delete, select

from db import tables
from db.errors import TooMuchMoneyError
from db.ingest.figures.cell_store import CellStore, Row
from db.ingest.figures.contributions import (
    Figures,
    Line,
    Members,
    Place,
    Project,
    Sums,
    contribution,
    contributions,
    counts_by_touch,
    only_counts,
    places_of,
    shared_by,
    shares,
    touched_at,
)
from db.ingest.figures.counted import CountedFact, stored_facts
from db.ingest.figures.packing import packed, unpacked
from db.store import has_rows, ids_in_batches
from models.classification import load_taxonomy
from models.filters import COUNTED_STATUSES, Dimension
from models.groupings import BY, COLUMNS, GROUPINGS, MEMBERS, OF_PROJECTS, TOUCHING, Grouping, Scope, touched
from models.summary import DISTINCT

MANY_CELLS = 40_000
"""Changed cells that are kept in memory before they are written."""

MANY_ROWS = 5_000
"""Rows that are made of them at once: those of all cells take several times the memory of the changes."""

MOST_CENTS = 2**60
"""What all money of a measure may come to, in cents: an eighth of what a column holds, so that nothing that is added up of it, or
converted into other prices, passes that. It is a hundred times what the world makes in a year."""

STATUS = OF_PROJECTS.index(Dimension.STATUS)
COUNTED = {None, *COUNTED_STATUSES}
"""Statuses of projects that are counted unless others are asked for; those that state none are."""

summary, fact = tables.spend_summary, tables.spend_fact


PlacesByLines = dict[tuple[int, ...], list[int]]
"""Places by the lines of a project that count there, each by its place among them."""


class Numbers(dict[Any, int]):
    """Numbers for things in the order in which they come, so that long keys are hashed once and not at every step."""

    def __missing__(self, key: Any) -> int:
        """Give the next number."""
        self[key] = number = len(self)
        return number


class SummaryChanges:
    """Gathers what changes in the cells while projects are computed anew, and writes it in pieces.

    Cells that were made with another taxonomy are made anew as a whole: what its sets held is not known any more.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._anew = _taxonomy_of_cells(connection) not in (None, load_taxonomy().version)
        self._before: dict[str, Project] = {}
        self._moved = 0
        self._store = CellStore(connection)
        self._begin()

    def _begin(self) -> None:
        self._places, self._owners, self._apart = Numbers(), Numbers(), Numbers()
        self._places_of: dict[Members, list[int]] = {}
        self._places_by_lines: dict[tuple[Members, ...], PlacesByLines] = {}
        self._kinds_apart: dict[int, tuple[str, ...]] = {}
        self._changes, self._changes_apart = (
            defaultdict[tuple[int, int], int](int),
            defaultdict[tuple[int, int], int](int),
        )

    def before(self, facts: Iterable[CountedFact]) -> None:
        """Remember what some projects contribute before their facts change."""
        self._before = {} if self._anew else contributions(facts)

    def after(self, facts: Iterable[CountedFact]) -> None:
        """Compare it with what they contribute now."""
        if not self._anew:
            self.compare(self._before, contributions(facts))

    def compare(self, before: Mapping[str, Project], after: Mapping[str, Project]) -> None:
        """Take back what was and add what is, for projects where these differ.

        Raises:
            TooMuchMoneyError: if so much money changes that the changes themselves might not be exact.
        """
        for project_id in before.keys() | after.keys():
            old, new = before.get(project_id), after.get(project_id)
            if old != new:
                for project, sign in ((old, -1), (new, 1)):
                    if project is not None:
                        self._moved += sum(sums.money for sums in project.lines.values())
                        self._change(project, sign)
        if self._moved > MOST_CENTS:  # before anything of it is written
            raise TooMuchMoneyError(MOST_CENTS)
        if len(self._changes) + len(self._changes_apart) > MANY_CELLS:
            self.write()

    def _change(self, project: Project, sign: int) -> None:
        """Add what a project contributes to each place that its lines count in, or take it back."""
        lines, sums, owner = list(project.lines), list(project.lines.values()), self._owners[project.members]
        for indexes, places in self._places_of_lines(lines).items():
            parts = {lines[index]: sums[index] for index in indexes}
            figures = contribution([*parts.values()])
            whole = sign * packed(figures)
            shares_of: dict[str, list[tuple[Any, int]]] = {}
            for place in places:
                self._changes[place, owner] += whole
                for kind in self._kinds_apart[place]:
                    known = shares_of.get(kind)
                    if known is None:
                        found = _shares(kind, parts, figures)
                        known = shares_of[kind] = [(member, sign * packed(share)) for member, share in found]
                    for member, share in known:
                        self._changes_apart[self._apart[place, kind, member], owner] += share

    def _places_of_lines(self, lines: Sequence[Line]) -> PlacesByLines:
        """Where some lines of a project count together: many projects have lines that count in the same places."""
        wheres = tuple([line.where for line in lines])
        known = self._places_by_lines.get(wheres)
        if known is None:
            lines_at = defaultdict[int, list[int]](list)
            for index, line in enumerate(lines):
                for place in self._places_of.get(line.where) or self._number(line):
                    lines_at[place].append(index)
            known = self._places_by_lines[wheres] = {}
            for place, indexes in lines_at.items():
                known.setdefault(tuple(indexes), []).append(place)
        return known

    def _number(self, line: Line) -> list[int]:
        found = self._places_of[line.where] = []
        for place in places_of(line):
            number = self._places[place]
            self._kinds_apart[number] = (*touched_at(place), *shared_by(place))
            found.append(number)
        return found

    def finish(self) -> None:
        """Write what is left, once all projects are computed."""
        if self._anew:
            summarise(self.connection)
        else:
            self.end()

    def end(self) -> None:
        """Write what is left.

        Raises:
            TooMuchMoneyError: if all money together is so much that sums of it might not be exact.
        """
        self.write()
        self._store.finish()
        if any(cents > MOST_CENTS for cents in _all_money(self.connection)):
            raise TooMuchMoneyError(MOST_CENTS)

    def write(self) -> None:
        """Add the changes to the stored cells, and remove cells that nothing is left in."""
        places, owners = list(self._places), list(self._owners)
        first = len(places)
        for place, apart, member in self._apart:
            at = places[place]
            places.append(at._replace(members=(*at.members, member), apart=apart))
        by_kinds: dict[Any, list[tuple[int, int, int]]] = {}
        for start, changes in ((0, self._changes), (first, self._changes_apart)):
            for (place, owner), figures in changes.items():
                at = places[start + place]
                by_kinds.setdefault((at.kinds, at.apart), []).append((start + place, owner, figures))
        rows: list[Row] = []
        for grouping in (*GROUPINGS, *TOUCHING, *BY):
            for row in _rows(grouping, by_kinds.get((grouping.of_money_kept, grouping.apart), ()), places, owners):
                rows.append(row)
                if len(rows) == MANY_ROWS:
                    self._store.add(rows)
                    rows = []
        self._store.add(rows)
        self._begin()


def _shares(kind: str, parts: Mapping[Line, Sums], figures: Figures) -> Iterator[tuple[Any, Figures]]:
    """The figures of some lines of one project by what is touched of a kind, by how surely they are classified, or by what
    their rows stand for; all are alike as a rule."""
    apart = COLUMNS.get(kind, kind)  # type: ignore[call-overload]
    members = {getattr(line, apart) for line in parts}
    if kind in COLUMNS:
        yield from _by_touch(apart, members, parts, figures)
    elif len(members) == 1:
        yield members.pop(), figures
    else:
        yield from shares(kind, [*parts.values()])


def _by_touch(
    column: str, members: set[str | None], parts: Mapping[Line, Sums], figures: Figures
) -> Iterator[tuple[str, Figures]]:
    if len(members) > 1:
        yield from counts_by_touch([(getattr(line, column), sums) for line, sums in parts.items()])
    elif words := touched(members):
        yield words, only_counts(figures[-len(DISTINCT) :])


def _rows(
    grouping: Grouping,
    changes: Iterable[tuple[int, int, int]],
    places: Sequence[Place],
    owners: Sequence[Members],
) -> Iterator[Row]:
    """The changes in the cells of one grouping: those of projects alike in what it keeps of them, added up."""
    parts, numbers = Numbers(), []
    for members in _kept_of(grouping, owners):
        numbers.append(None if members is None else parts[members])
    found = defaultdict[tuple[int, int], int](int)
    added, is_usual = {scope for scope in Scope if grouping.adds(scope)}, grouping.is_usual
    for place, owner, figures in changes:
        part = numbers[owner]
        if part is not None and places[place].scope in added:
            found[place, part] += figures
    name, names = grouping.name, grouping.columns
    tell = itemgetter(*(names.index(name) if name in names else -1 for name in MEMBERS))
    members_of = list(parts)
    for (place, part), figures in found.items():
        if figures:
            where = places[place]
            members = (*where.members, *members_of[part])
            cells = tell((*members, None))  # the last stands for what the grouping does not tell
            scope = Scope.USUAL if is_usual else where.scope
            yield (
                name,
                where.measure,
                scope.value,
                f"[{', '.join(map(_written, members))}]",
                *cells,
                *unpacked(figures),
            )


@lru_cache(10_000, typed=True)
def _written(member: str | float | None) -> str:
    """A member as JSON: the same ones are written in cell after cell."""
    return json.dumps(member)


def _kept_of(grouping: Grouping, owners: Iterable[Members]) -> Iterator[Members | None]:
    """What a grouping keeps of the members that projects have one of, or none where it does not count the projects."""
    kept = [OF_PROJECTS.index(dimension) for dimension in grouping.of_projects]
    for owner in owners:
        counts = not grouping.is_usual or owner[STATUS] in COUNTED
        yield tuple([owner[place] for place in kept]) if counts else None


def _all_money(connection: Connection) -> Iterator[int]:
    """What all money comes to, in cents: of rows and of whole projects, under each measure."""
    of_rows, of_projects = (summary.c.amount + summary.c.partial, summary.c.entire_amount + summary.c.entire_partial)
    where = (summary.c.grouping == Dimension.STATUS.value, summary.c.scope == Scope.ANY)
    totals = defaultdict[tuple[str, int], int](int)
    for measure, *amounts in connection.execute(select(summary.c.measure, of_rows, of_projects).where(*where)):
        for which, cents in enumerate(amounts):
            totals[measure, which] += cents
    yield from totals.values()


def _taxonomy_of_cells(connection: Connection) -> str | None:
    table = tables.release
    version = select(table.c.taxonomy_version).order_by(table.c.release_id.desc()).limit(1)
    return cast(str | None, connection.scalar(version))


def summarise(connection: Connection) -> None:
    """Compute all summaries from the facts. Only needed where there are none yet: `rebuild` keeps them."""
    connection.execute(delete(summary))
    changes = SummaryChanges(connection)
    for project_ids in ids_in_batches(connection, fact.c.project_id):
        changes.compare({}, contributions(stored_facts(connection, project_ids)))
    changes.end()


def summarise_if_missing(connection: Connection) -> None:
    """Compute the summaries of a database whose facts are older than they are."""
    if has_rows(connection, fact) and not has_rows(connection, summary):
        summarise(connection)
