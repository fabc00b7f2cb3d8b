"""Reference tables with counts: places, categories, sources."""

from typing import Any

from sqlalchemy import Connection, case, func, select

from db import tables
from db.queries.filtering import fact
from models.country import Country, PlaceIndex
from models.vocabulary import Granularity


def places(connection: Connection) -> PlaceIndex:
    """Load all places."""
    rows = connection.execute(select(tables.country)).mappings()
    return PlaceIndex(Country.model_validate(dict(row)) for row in rows)


def list_countries(connection: Connection, kind: str | None = None) -> list[dict[str, Any]]:
    """Return places in the order of their codes, with the number of projects that have money counted there."""
    country, region = tables.country, tables.country.alias("region")
    counted = (
        select(fact.c.country, func.count(fact.c.project_id.distinct()).label("projects"))
        .group_by(fact.c.country)
        .subquery()
    )
    columns = [column for column in country.columns if column.name != "aliases"]
    query = (
        select(*columns, region.c.name.label("region"), func.coalesce(counted.c.projects, 0).label("projects"))
        .outerjoin(counted, counted.c.country == country.c.code)
        .outerjoin(region, region.c.code == country.c.region_code)
        .order_by(country.c.code)
    )
    if kind is not None:
        query = query.where(country.c.kind == kind)
    return [dict(row) for row in connection.execute(query).mappings()]


def category_counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Count the projects and the listed components that have a row under each category."""
    listed = case((fact.c.granularity == Granularity.COMPONENT, fact.c.component_id))
    query = select(
        fact.c.category,
        func.count(fact.c.project_id.distinct()).label("projects"),
        func.count(listed.distinct()).label("components"),
    ).group_by(fact.c.category)
    return {
        row["category"]: {"projects": row["projects"], "components": row["components"]}
        for row in connection.execute(query).mappings()
    }


def country_names(connection: Connection) -> dict[str, str]:
    """Map codes of places to their names."""
    return {row.code: row.name for row in connection.execute(select(tables.country.c.code, tables.country.c.name))}
