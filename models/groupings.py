"""The groupings that figures of spend are kept for beside the facts: what their cells tell apart, and what they count."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from models.filters import KEPT_APART, Dimension
from models.vocabulary import Relevance


class Scope(StrEnum):
    """What a cell counts. Distinct counts do not add over relevances, so the usual sets have cells of their own."""

    DIRECT = "direct"
    PARTIAL = "partial"
    NONE = "none"
    SERVING = "serving"  # direct or partial
    ANY = "any"
    USUAL = "usual"  # what serves, of projects of the statuses that are counted unless others are asked for


SCOPES: dict[Relevance, tuple[Scope, ...]] = {
    Relevance.DIRECT: (Scope.DIRECT, Scope.SERVING, Scope.ANY),
    Relevance.PARTIAL: (Scope.PARTIAL, Scope.SERVING, Scope.ANY),
    Relevance.NONE: (Scope.NONE, Scope.ANY),
}
"""The scopes that money of a relevance counts in, whatever the status of its project."""


def scopes_of(relevance: Relevance, category: str) -> tuple[Scope, ...]:
    """The scopes that money of a relevance in a category counts in; what is kept apart only counts where all is asked for."""
    return (Scope.ANY,) if category in KEPT_APART else SCOPES[relevance]


COLUMNS: dict[Dimension, str] = {
    Dimension.CATEGORY: "category",
    Dimension.GROUP: "category_group",
    Dimension.SET: "set_code",
    Dimension.COUNTRY: "country",
    Dimension.REGION: "region",
    Dimension.INCOME_GROUP: "income_group",
    Dimension.LENDER: "lender",
    Dimension.STATUS: "status",
    Dimension.INSTRUMENT: "instrument",
    Dimension.SOURCE: "source_id",
    Dimension.YEAR: "year",
    Dimension.FISCAL_YEAR: "fiscal_year",
}
"""The column of each dimension of a cell; relevance is its scope."""

CONFIDENCE = "confidence"
"""The column of how surely money is classified."""

GRANULARITY = "granularity"
"""The column of what the rows of money stand for."""

MEMBERS = (*COLUMNS.values(), "touched", CONFIDENCE, GRANULARITY)
"""All columns that tell cells of a grouping apart."""

FOLLOWS: dict[Dimension, tuple[Dimension, ...]] = {
    Dimension.CATEGORY: (Dimension.GROUP,),
    Dimension.COUNTRY: (Dimension.REGION, Dimension.INCOME_GROUP),
}
"""What is known of a project's money where its category or country is: kept beside them, so that it can be asked for."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """A way to cut spend into cells.

    `of_money` is what the money of one project can differ in: a project counts once in each member that it touches, so
    counts do not add over these. `of_projects` is what a project has one of: counts add over these.

    With `touching` it has distinct counts and no money, and one more thing that each project, and each component, has one of:
    all members of that kind which its money in the cell touches. So counts add over these, also those of several members.

    With `by` confidence each cell holds what money of one confidence adds to the figures of all that is surer: a project counts
    where its surest money is. So cells from some confidence on add up to the figures of all that is as sure, counts too.

    With `by` granularity each cell holds the figures of rows of one granularity; only one may be asked for, as with `of_money`.
    """

    of_money: tuple[Dimension, ...]
    of_projects: tuple[Dimension, ...]
    scopes: frozenset[Scope]
    touching: Dimension | None = None
    by: str | None = None

    @property
    def name(self) -> str:
        """Its name in the table."""
        touching = [] if self.touching is None else [f"touched_{self.touching}"]
        return ".".join((*self.of_money, *touching, *self._by, *self.of_projects)) or "whole"

    @property
    def apart(self) -> str | None:
        """What else tells its cells apart: a kind that money touches, how surely it is classified, or what its rows stand for."""
        return self.by or self.touching

    @property
    def is_usual(self) -> bool:
        """Whether it counts what is counted unless something else is asked for, and tells no statuses apart."""
        return self.scopes == {Scope.USUAL}

    def adds(self, scope: Scope) -> bool:
        """Whether what counts in a scope is added to its cells; which is usual depends on a project's status too."""
        return scope is Scope.SERVING if self.is_usual else scope in self.scopes

    @property
    def of_money_kept(self) -> tuple[Dimension, ...]:
        """`of_money` with what follows from it."""
        return tuple(known for dimension in self.of_money for known in (dimension, *FOLLOWS.get(dimension, ())))

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All dimensions of its cells."""
        return (*self.of_money_kept, *self.of_projects)

    @property
    def columns(self) -> list[str]:
        """The columns that tell its cells apart, in the order of `cell`."""
        of_money, of_projects = ([COLUMNS[kind] for kind in kinds] for kinds in (self.of_money_kept, self.of_projects))
        return [*of_money, *([] if self.touching is None else ["touched"]), *self._by, *of_projects]

    @property
    def _by(self) -> list[str]:
        return [] if self.by is None else [self.by]


ALONE: tuple[tuple[Dimension, ...], ...] = (
    (),
    (Dimension.CATEGORY,),
    (Dimension.GROUP,),
    (Dimension.SET,),
    (Dimension.COUNTRY,),
    (Dimension.REGION,),
    (Dimension.INCOME_GROUP,),
    (Dimension.LENDER,),
)
PAIRS: tuple[tuple[Dimension, ...], ...] = (
    (Dimension.CATEGORY, Dimension.COUNTRY),
    (Dimension.CATEGORY, Dimension.REGION),
    (Dimension.CATEGORY, Dimension.LENDER),
    (Dimension.GROUP, Dimension.COUNTRY),
    (Dimension.SET, Dimension.COUNTRY),
)
OTHER_PAIRS: tuple[tuple[Dimension, ...], ...] = (
    (Dimension.CATEGORY, Dimension.SET),
    (Dimension.CATEGORY, Dimension.INCOME_GROUP),
    (Dimension.GROUP, Dimension.SET),
    *product((Dimension.GROUP, Dimension.SET), (Dimension.REGION, Dimension.INCOME_GROUP, Dimension.LENDER)),
    (Dimension.COUNTRY, Dimension.LENDER),
    (Dimension.REGION, Dimension.INCOME_GROUP),
    (Dimension.REGION, Dimension.LENDER),
    (Dimension.INCOME_GROUP, Dimension.LENDER),
)
"""Pairs that are asked for less, so that they are kept for what is usual alone."""
BY_STATUS = (Dimension.STATUS,)
BY_YEAR = (Dimension.STATUS, Dimension.YEAR)
BY_FISCAL_YEAR = (Dimension.STATUS, Dimension.FISCAL_YEAR)
BY_ORIGIN = (Dimension.INSTRUMENT, Dimension.SOURCE)
IN_TIME: tuple[tuple[Dimension, ...], ...] = ((), (Dimension.YEAR,), (Dimension.FISCAL_YEAR,))
OF_PROJECTS = (Dimension.STATUS, Dimension.INSTRUMENT, Dimension.SOURCE, Dimension.YEAR, Dimension.FISCAL_YEAR)
"""All that a project has one of; the others are parts of it."""

USUAL = frozenset({Scope.USUAL})
SERVING = frozenset({Scope.SERVING})
BY_STATUS_TOO = frozenset(Scope) - USUAL

GROUPINGS: tuple[Grouping, ...] = (
    *(Grouping(*parts, USUAL) for parts in product((*ALONE, *PAIRS, *OTHER_PAIRS), IN_TIME)),
    *(Grouping(of_money, (*BY_ORIGIN, *time), USUAL) for of_money, time in product(ALONE, IN_TIME)),
    *(Grouping(*parts, BY_STATUS_TOO) for parts in product(ALONE, (BY_STATUS, BY_YEAR))),
    *(Grouping(of_money, BY_FISCAL_YEAR, SERVING) for of_money in ALONE),
    *(Grouping(*parts, SERVING) for parts in product(PAIRS, (BY_STATUS, BY_YEAR))),
    Grouping((), OF_PROJECTS, BY_STATUS_TOO),
    Grouping((Dimension.CATEGORY,), OF_PROJECTS, SERVING),
)
"""What is kept, the narrowest first among those that can answer a question. Each one costs time on every ingest.

Those of the usual scope hold the rows of the usual answers ready; the others have to be added up over statuses.
"""

TOUCHING: tuple[Grouping, ...] = tuple(
    Grouping(of_money, of_projects, SERVING, touching)
    for of_money, touching in (
        *(((), one) for (one,) in ALONE[1:] if one is not Dimension.SET),  # money stands in several sets by itself
        ((Dimension.COUNTRY,), Dimension.CATEGORY),
        ((Dimension.CATEGORY,), Dimension.COUNTRY),
    )
    for of_projects in (BY_STATUS, BY_YEAR)
)
"""What is kept to count over several members: of each kind alone, and of categories and countries within one of the other."""


BY: tuple[Grouping, ...] = tuple(
    Grouping(of_money, of_projects, scopes, by=by)
    for by, by_year in (
        (CONFIDENCE, tuple(of_money for of_money in ALONE if of_money != (Dimension.COUNTRY,))),
        (GRANULARITY, ALONE),
    )
    for of_money, of_projects, scopes in (
        *((of_money, (), USUAL) for of_money in (*ALONE, (Dimension.CATEGORY, Dimension.COUNTRY))),
        *((*parts, USUAL) for parts in product(by_year, IN_TIME[1:])),
        *(((), (*BY_ORIGIN, *time), USUAL) for time in IN_TIME),
        ((), BY_STATUS, SERVING),
        ((), BY_YEAR, SERVING),
    )
)
"""What is kept to answer for money of some confidence or more, or of one granularity, the narrowest first."""


def touched(members: Iterable[str | None]) -> str:
    """Members in their order as one text with a blank around each, so that one of them can be looked for. None are left out."""
    known = sorted({member for member in members if member is not None})
    return f" {' '.join(known)} " if known else ""
