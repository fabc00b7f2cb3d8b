"""Money of projects in several countries that no source splits: it is counted under a region or the world, and a question for
countries, regions or income groups leaves it out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from db import tables
from db.queries.filtering import conditions, fact
from db.queries.spend.facts import projects_and_money
from db.queries.statements.asking import ask_standing
from db.queries.statements.prepared import Question
from models.country import around
from models.filters import Filters
from models.vocabulary import Basis, PlaceKind


def _places() -> Select[Any]:
    place = tables.country
    return select(place.c.code, place.c.kind, place.c.region_code, place.c.income_group).order_by(place.c.code)


PLACES = Question(_places)
"""The question for all places, with their kinds, regions and income groups."""


def buckets_of(connection: Connection, filters: Filters) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return all buckets, and those among them that lie around the places that meet a filter by countries, regions and income
    groups. A bucket has no income group: one that is named stands for the countries in it."""
    places = ask_standing(connection, PLACES)
    buckets = tuple(code for code, kind, *_ in places if kind != PlaceKind.COUNTRY)
    regions = {
        region
        for code, _, region, income_group in places
        if (not filters.countries or code in filters.countries)
        and (not filters.regions or region in filters.regions)
        and (
            not filters.income_groups
            or income_group in filters.income_groups
            or code in {*buckets} & {*filters.countries}
        )
    }
    wanted = around(regions) if regions else ()
    return buckets, tuple(code for code in buckets if code in wanted)


def left_in_buckets(filters: Filters, basis: Basis, buckets: Sequence[str], near: Sequence[str]) -> Select[Any]:
    """One row of the projects and their money under buckets that a filter leaves out, and that can hold what it names: those
    `near`, and any bucket in the case of a project that names such a country itself.

    The buckets stand in the statement by name: a database knows how much is in a place, but not which places are buckets.
    """
    elsewhere = replace(filters, countries=(), regions=(), income_groups=())
    here = fact.c.country.in_(near) | exists().where(*_named(filters))
    left_out = [fact.c.country.in_(buckets), here]
    if not filters.income_groups:  # which leave out every bucket, also one that is named
        left_out.append(fact.c.country.not_in(filters.countries or filters.regions))
    return projects_and_money(basis, *conditions(elsewhere, "country"), *left_out)


def _named(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """What a project's row of a country must meet that it names without a share, in the place asked for."""
    named, place = tables.project_country, tables.country
    yield named.c.project_id == fact.c.project_id
    yield named.c.share_ppm.is_(None)
    if filters.countries:
        yield named.c.country_code.in_(filters.countries)
    if filters.regions or filters.income_groups:
        yield named.c.country_code == place.c.code
    if filters.regions:
        yield place.c.region_code.in_(filters.regions)
    if filters.income_groups:
        yield place.c.income_group.in_(filters.income_groups)
