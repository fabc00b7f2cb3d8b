"""The one vocabulary of queries: filters that projects, components and spend understand alike."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.search import SearchQuery
from models.vocabulary import Basis, Granularity, Lender, Measure, Relevance, Tag, YearBasis


class Dimension(StrEnum):
    """What spend can be grouped by."""

    CATEGORY = "category"
    GROUP = "group"
    SET = "set"
    YEAR = "year"
    FISCAL_YEAR = "fiscal_year"
    COUNTRY = "country"
    REGION = "region"
    INCOME_GROUP = "income_group"
    SOURCE = "source"
    INSTRUMENT = "instrument"
    STATUS = "status"
    LENDER = "lender"
    RELEVANCE = "relevance"


OVERLAPPING = {Dimension.SET}
"""Money can stand in several members of these, or in none."""

PARTS_PROJECTS = {
    *(Dimension.YEAR, Dimension.FISCAL_YEAR, Dimension.SOURCE, Dimension.INSTRUMENT, Dimension.STATUS),
    *(Dimension.COUNTRY, Dimension.REGION, Dimension.INCOME_GROUP, Dimension.LENDER),
}
"""What a project has one of, or has its amount split by. By anything else whole projects count in each member that their rows
touch, so that they do not add up."""

YEARS = {Dimension.YEAR, Dimension.FISCAL_YEAR}
"""Dimensions with members in a row, so that gaps can be filled."""

COUNTED_STATUSES = ("Active", "Closed", "Pipeline")
"""Counted unless a query asks otherwise."""

DROPPED = "Dropped"
"""Money of such a project was never committed."""

STATUSES = (*COUNTED_STATUSES, DROPPED)
"""What the World Bank says of a project's state."""

KEPT_APART = ("in_donor_refugee_costs",)
"""Categories that no total holds unless a query names them, or asks for every relevance: money that never leaves the
donor's country."""


def counts(relevance: str, category: str) -> bool:
    """Whether money of a relevance in a category counts, of the statuses that do, where no filter says otherwise."""
    return relevance != Relevance.NONE and category not in KEPT_APART


INCOME_GROUPS = ("low", "lower_middle", "upper_middle", "high")
"""The World Bank's income groups."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a query asks for. Within a field any value matches, between fields all must; an empty field does not limit.

    `categories` already holds what named sets stand for. Lists alone may have `secondary`: categories by which rows are found
    too that have one as a further category, in the place of `categories` and `groups`; none of their money counts for it.
    Years and dates are inclusive and mean the date of approval.
    `min_cents` and `max_cents` look at the whole of a row, in current prices. With a `base_year` all amounts come out in
    constant prices of that year.
    """

    categories: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    income_groups: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    lenders: tuple[Lender, ...] = ()
    relevance: tuple[Relevance, ...] = (Relevance.DIRECT, Relevance.PARTIAL)
    granularity: tuple[Granularity, ...] = ()
    tags: tuple[Tag, ...] = ()
    search: SearchQuery | None = None
    min_confidence: float | None = None
    min_cents: int | None = None
    max_cents: int | None = None
    statuses: tuple[str, ...] = COUNTED_STATUSES
    year_from: int | None = None
    year_to: int | None = None
    approved_from: date | None = None
    approved_to: date | None = None
    year_basis: YearBasis = YearBasis.CALENDAR
    measure: Measure = Measure.COMMITMENT
    base_year: int | None = None

    @property
    def status_may_be_unstated(self) -> bool:
        """Whether projects that state no status count: with all that are counted, not where some of these are picked out."""
        return not set(COUNTED_STATUSES) - set(self.statuses)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Categories that are kept apart, where neither `categories` names them nor every relevance is asked for."""
        if not set(Relevance) - set(self.relevance) or not self.relevance:
            return ()
        return tuple(category for category in KEPT_APART if category not in self.categories)


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column to order by; rows without a value come last in either direction."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class SpendQuery:
    """A question about spend: filters, what to group by, whether components or whole projects count, and the order.

    `fill` names a year in `group_by` whose empty members are to have rows too. Of named sets only `sets` have rows, where there
    are any: the categories of the filter can stand in others too.
    """

    filters: Filters = Filters()
    group_by: tuple[Dimension, ...] = ()
    basis: Basis = Basis.COMPONENT
    sort: tuple[SortKey, ...] = ()
    fill: Dimension | None = None
    sets: tuple[str, ...] = ()

    @property
    def additive(self) -> bool:
        """True where the rows sum to the totals: not by sets, which overlap, nor where whole projects count repeatedly."""
        grouped = set(self.group_by)
        return not grouped & OVERLAPPING and (self.basis is Basis.COMPONENT or grouped <= PARTS_PROJECTS)
