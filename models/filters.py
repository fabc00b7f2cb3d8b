"""The one vocabulary of queries: filters that projects, components and spend understand alike."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.vocabulary import Basis, Granularity, Measure, Relevance, Tag, YearBasis


class Dimension(StrEnum):
    """What spend can be grouped by."""

    CATEGORY = "category"
    GROUP = "group"
    YEAR = "year"
    COUNTRY = "country"


STATUSES = ("Active", "Closed", "Pipeline", "Dropped")
"""What the World Bank says of a project's state."""

COUNTED_STATUSES = ("Active", "Closed", "Pipeline")
"""Counted unless a query asks otherwise: money of a dropped project was never committed."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a query asks for. Within a field any value matches, between fields all must; an empty field does not limit.

    `categories` already holds what named groups and sets stand for. Years and dates are inclusive and mean the date of
    approval.
    """

    categories: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    relevance: tuple[Relevance, ...] = (Relevance.DIRECT, Relevance.PARTIAL)
    granularity: tuple[Granularity, ...] = ()
    tags: tuple[Tag, ...] = ()
    min_confidence: float | None = None
    statuses: tuple[str, ...] = COUNTED_STATUSES
    year_from: int | None = None
    year_to: int | None = None
    approved_from: date | None = None
    approved_to: date | None = None
    year_basis: YearBasis = YearBasis.CALENDAR
    measure: Measure = Measure.COMMITMENT


@dataclass(frozen=True, slots=True)
class SpendQuery:
    """A question about spend: filters, what to group by, and whether components or whole projects count."""

    filters: Filters = Filters()
    group_by: tuple[Dimension, ...] = ()
    basis: Basis = Basis.COMPONENT

    @property
    def additive(self) -> bool:
        """True where the rows sum to the totals. By category, whole projects count in each category they touch."""
        return self.basis is Basis.COMPONENT or not {Dimension.CATEGORY, Dimension.GROUP} & set(self.group_by)
