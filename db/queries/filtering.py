"""Turns the one vocabulary of filters into conditions on the facts."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, Text, cast, or_, select

from db import tables
from models.filters import Dimension, Filters
from models.vocabulary import Tag, YearBasis

fact = tables.spend_fact

DIMENSIONS = {
    Dimension.CATEGORY: fact.c.category,
    Dimension.GROUP: fact.c.category_group,
    Dimension.YEAR: fact.c.year,
    Dimension.COUNTRY: fact.c.country,
}
"""The column of the facts behind each dimension. A new dimension is a column, a member of `Dimension` and a line here."""


def dimension_column(dimension: Dimension, filters: Filters) -> ColumnElement[object]:
    """Return the column to group by, with the year on the basis that the query asks for."""
    if dimension is Dimension.YEAR and filters.year_basis is YearBasis.FISCAL:
        return fact.c.fiscal_year
    return DIMENSIONS[dimension]


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions that a fact must meet, all of them."""
    year = dimension_column(Dimension.YEAR, filters)
    found: list[ColumnElement[bool]] = [fact.c.measure == filters.measure]
    for column, allowed in (
        (fact.c.category, filters.categories),
        (fact.c.category_group, filters.groups),
        (fact.c.country, filters.countries),
        (fact.c.project_id, filters.projects),
        (fact.c.relevance, filters.relevance),
        (fact.c.granularity, filters.granularity),
    ):
        if allowed:
            found.append(column.in_(allowed))
    if filters.statuses:
        found.append(fact.c.status.in_(filters.statuses) | fact.c.status.is_(None))
    if filters.tags:
        found.append(fact.c.project_id.in_(_tagged(filters.tags)))
    if filters.min_confidence is not None:
        found.append(fact.c.confidence >= filters.min_confidence)
    if filters.year_from is not None:
        found.append(year >= filters.year_from)
    if filters.year_to is not None:
        found.append(year <= filters.year_to)
    if filters.approved_from is not None:
        found.append(fact.c.approval_date >= filters.approved_from)
    if filters.approved_to is not None:
        found.append(fact.c.approval_date <= filters.approved_to)
    return found


def _tagged(tags: Sequence[Tag]) -> Select[tuple[str]]:
    stored = cast(tables.project.c.tags, Text)
    return select(tables.project.c.project_id).where(
        or_(*(stored.contains(f'"{tag}"', autoescape=True) for tag in tags))
    )


def matching_projects(filters: Filters) -> Select[tuple[str]]:
    """Select the ids of the projects that have at least one fact in the filter."""
    return select(fact.c.project_id).where(*conditions(filters)).distinct()
