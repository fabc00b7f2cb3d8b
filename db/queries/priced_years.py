"""Makes sure that there is a price index for every year of which money is asked for in constant prices."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, select

from db import tables
from db.errors import PricesMissingError
from db.queries.filtering import conditions, fact, unindexed
from db.queries.prices import load_price_index
from db.queries.spend.cells import Plan, cells_of
from db.queries.statements.asking import ask_once
from db.queries.statements.prepared import Question
from db.queries.statements.templates import template_of
from models.filters import Dimension, Filters, SpendQuery
from models.vocabulary import YearBasis

summary = tables.spend_summary


def require_prices(connection: Connection, filters: Filters) -> None:
    """Make sure that every year in the filter of which money counts has a price index, where constant prices are asked for.

    Raises:
        PricesMissingError: names the years without one; rows without a date of approval have no year.
    """
    if filters.base_year is None:
        return
    years = {year for (year,) in ask_once(connection, _years_question(connection, filters))}
    missing = (years | {filters.base_year}) - set(load_price_index().by_year)
    if missing:
        known = sorted(year for year in missing if year is not None)
        raise PricesMissingError(known, None in missing, load_price_index())


def price_questions(connection: Connection, filters: Filters) -> Iterator[Question]:
    """What `require_prices` asks.

    Raises:
        PricesMissingError: where the base year itself has no index, for then nothing can be computed.
    """
    if filters.base_year is None:
        return
    if filters.base_year not in load_price_index().by_year:
        require_prices(connection, filters)
    yield _years_question(connection, filters)


def _years_question(connection: Connection, filters: Filters) -> Question:
    """The calendar years of approval in a filter, from cells where these tell them, else from the facts."""
    filters = replace(filters, secondary=(), base_year=None)
    template, values = template_of(filters)
    plan = cells_of(connection, SpendQuery(filters, (Dimension.YEAR,)))
    if plan is None or plan.money.span or filters.year_basis is not YearBasis.CALENDAR:
        return Question(_years_of_facts, (template,), values)
    return Question(_years_of_cells, (plan.with_slots(template), template), values)


def _years_of_cells(plan: Plan, filters: Filters) -> Select[Any]:
    return select(summary.c.year).where(*plan.money.conditions(filters)).distinct()


def _years_of_facts(filters: Filters) -> Select[Any]:
    return select(unindexed(fact.c.year).label("year")).where(*conditions(filters)).distinct()
