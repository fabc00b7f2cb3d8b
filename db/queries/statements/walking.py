"""Two ways to find a page of a list: to walk the list in its order, where what is asked for is common, or to add up all that
matches.

To pass a row by costs a small part of what adding it up costs, so even where all that matches stands at the list's end,
walking there costs no more. What has an index of its own is found by that. Both ways find the same rows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, case, func, literal, select

from db.queries.spend.summaries import number_of
from db.queries.statements.asking import ask_ahead
from db.queries.statements.ordering import as_ordered
from db.queries.statements.prepared import Question
from models.filters import Filters, SortKey
from models.vocabulary import Measure

COMMON = 10
"""A filter is common where at least one row of so many is in it."""

EVERYTHING = {measure: Filters(relevance=(), statuses=(), measure=measure) for measure in Measure}
"""What is compared with: all there is of a measure."""

NOTE = "migration_finance.way"
"""Where a server notes, for the rest of a transaction, which way is the right one."""

Counting = Callable[[Connection, Filters], Question | None]
Statement = tuple[Callable[..., Select[Any]], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to find rows; `if_noted`: only if the server has noted that it is the right one, else there are none."""

    walk: bool = False
    if_noted: bool = False

    def held(self, statement: Select[Any], keys: Sequence[SortKey]) -> Select[Any]:
        """Hold a statement that is ordered by these keys to that. Nothing of it is begun on the wrong way."""
        if not self.if_noted:
            return statement
        rows = statement.subquery("rows")  # so that the condition stands above all of it, also above several workers
        right = func.current_setting(NOTE) == _name(self.walk)
        return select(rows).where(right).order_by(*as_ordered(rows, keys))


def way_questions(
    connection: Connection, filters: Filters, counting: Counting, build: Callable[[Way], Question], page: bool
) -> Iterator[Question]:
    """What has to be asked, in this order, for the rows of a list. One of the questions has them, the others have none.

    A file is asked at once which is the right way, and so is a server where no page is wanted. For a page a server is told to
    note it, and then asked both ways, all in one round trip. Statements of a server are not compiled (`jit`): it judges by what a
    row could cost at most, and to compile takes longer than to answer.

    Args:
        connection: what is asked.
        filters: what is to be in the list.
        counting: what asks how much there is in a filter.
        build: makes the question for the rows, found in one way.
        page: whether there are few rows, which are asked for together.
    """
    if filters.categories or filters.countries or filters.projects or filters.search:
        yield build(Way())
        return
    found, whole = (counting(connection, one) for one in (filters, EVERYTHING[filters.measure]))
    if found is None or whole is None:
        yield build(Way())
    elif page and connection.dialect.name == "postgresql":
        yield Question(_note, ((found.build, found.template), (whole.build, whole.template)), found.values)
        yield from (build(Way(walk, if_noted=True)) for walk in (True, False))
    else:
        ask_ahead(connection, [Question(_as_planned), found, whole])
        yield build(Way(is_common(connection, found, whole)))


def is_common(connection: Connection, found: Question, whole: Question) -> bool:
    """Whether of the rows that one question counts at least one in `COMMON` is among those that another counts."""
    every = number_of(connection, whole)
    return number_of(connection, found) * COMMON >= every > 0


def _as_planned() -> Select[Any]:
    """Have a server's plans run as they are, for the rest of the transaction; no row comes of it."""
    return select(literal(0)).where(func.set_config("jit", "off", True) == "")


def _note(found: Statement, whole: Statement) -> Select[Any]:
    """Note which way is right, and as `_as_planned`; no row comes of it."""
    some, every = (build(*template).scalar_subquery() for build, template in (found, whole))
    right = case((some * COMMON >= func.greatest(every, 1), _name(walk=True)), else_=_name(walk=False))
    notes = (func.set_config(NOTE, right, True), func.set_config("jit", "off", True))
    return select(literal(0)).where(func.concat(*notes) == "")


def _name(walk: bool) -> str:
    return "walk" if walk else "list"
