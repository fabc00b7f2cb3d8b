"""Reference tables with counts: places, categories, sources."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select, union_all

from db import tables
from db.queries.filtering import DIMENSIONS, conditions, dimension_column, fact, facts, high
from db.queries.statements.asking import ask_dicts, ask_last
from db.queries.statements.prepared import Question
from db.queries.statements.templates import template_of
from models.filters import Dimension, Filters
from models.vocabulary import Granularity, Measure


def list_countries(connection: Connection, kind: str | None = None) -> list[dict[str, Any]]:
    """Return places in the order of their codes, with the number of projects that have commitments counted there."""
    return ask_last(connection, Question(_countries, (kind,)))


def _countries(kind: str | None) -> Select[Any]:
    country, region = tables.country, tables.country.alias("region")
    counted = (
        select(fact.c.country, func.count(fact.c.project_id.distinct()).label("projects"))
        .where(fact.c.measure == Measure.COMMITMENT)
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
    return query if kind is None else query.where(country.c.kind == kind)


def category_counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Count the projects and the listed components that have a row of commitments under each category."""
    rows = ask_last(connection, Question(_in_categories))
    return {row.pop("category"): row for row in rows}


def _in_categories() -> Select[Any]:
    listed = case((fact.c.granularity == Granularity.COMPONENT, fact.c.component_id))
    columns = [
        fact.c.category,
        func.count(fact.c.project_id.distinct()).label("projects"),
        func.count(listed.distinct()).label("components"),
    ]
    return select(*columns).where(fact.c.measure == Measure.COMMITMENT).group_by(fact.c.category)


def list_sources(connection: Connection) -> list[dict[str, Any]]:
    """Return the sources in the order of their codes, with how much of each is loaded."""
    rows = ask_last(connection, Question(_sources))
    return [row | {name: int(row[name] or 0) for name in ("projects", "components")} for row in rows]


def _sources() -> Select[Any]:
    source, project, component = tables.source, tables.project, tables.component
    said = union_all(
        select(project.c.source_id, project.c.as_of, literal(1).label("projects"), literal(0).label("components")),
        select(component.c.source_id, component.c.as_of, literal(0), literal(1)).where(
            component.c.granularity == Granularity.COMPONENT
        ),
    ).subquery()
    loaded = (
        select(
            said.c.source_id,
            func.sum(said.c.projects).label("projects"),
            func.sum(said.c.components).label("components"),
            func.min(said.c.as_of).label("oldest_as_of"),
            func.max(said.c.as_of).label("newest_as_of"),
        )
        .group_by(said.c.source_id)
        .subquery()
    )
    columns = [column for column in loaded.c if column.name != "source_id"]
    query = select(source, *columns).outerjoin(loaded, loaded.c.source_id == source.c.source_id)
    return query.order_by(source.c.source_id)


def dimension_members(connection: Connection, dimension: Dimension) -> list[dict[str, Any]]:
    """Return the members of a dimension that have commitments, those with most projects first."""
    rows = ask_last(connection, Question(_members, (dimension,)))
    return sorted(rows, key=lambda row: (-row["projects"], row["value"]))


def _members(dimension: Dimension) -> Select[Any]:
    member = DIMENSIONS[dimension].label("value")
    listed = case((fact.c.granularity == Granularity.COMPONENT, fact.c.component_id))
    columns: list[ColumnElement[Any]] = [
        member,
        func.count(fact.c.project_id.distinct()).label("projects"),
        func.count(listed.distinct()).label("components"),
    ]
    return (
        select(*columns)
        .select_from(facts(Filters(), by_set=dimension is Dimension.SET))
        .where(member.is_not(None), fact.c.measure == Measure.COMMITMENT)
        .group_by(member)
    )


def count_members(connection: Connection) -> dict[Dimension, int]:
    """Count the members that have commitments of every dimension."""
    (counts,) = ask_last(connection, Question(_every_member))
    return {dimension: counts[dimension.value] for dimension in DIMENSIONS}


def _every_member() -> Select[Any]:
    counts: list[ColumnElement[Any]] = [
        func.count(column.distinct()).label(dimension.value) for dimension, column in DIMENSIONS.items()
    ]
    return select(*counts).select_from(facts(Filters(), by_set=True)).where(fact.c.measure == Measure.COMMITMENT)


def availability(connection: Connection, filters: Filters) -> list[dict[str, Any]]:
    """Return what is loaded of each place, year and source in the filter, money in cents under `…_usd` names."""
    rows = ask_dicts(connection, availability_question(filters))
    return [row | {name: int(row[name]) for name in ("total_usd", "component_usd")} for row in rows]


def availability_question(filters: Filters) -> Question:
    """The question behind `availability`."""
    template, values = template_of(filters)
    return Question(_available, (template,), values)


def _available(filters: Filters) -> Select[Any]:
    listed = fact.c.granularity == Granularity.COMPONENT
    stated = listed & fact.c.amount_cents.is_not(None)
    year = dimension_column(Dimension.YEAR, filters)
    groups = [fact.c.country, year.label("year"), fact.c.source_id.label("source")]
    return (
        select(
            *groups,
            func.count(fact.c.project_id.distinct()).label("projects"),
            func.count(case((stated, fact.c.project_id)).distinct()).label("projects_with_component_amounts"),
            func.count(case((listed, fact.c.component_id)).distinct()).label("components"),
            func.count(case((stated, fact.c.component_id)).distinct()).label("components_with_amount"),
            func.sum(high).label("total_usd"),
            func.sum(case((listed, high), else_=0)).label("component_usd"),
        )
        .where(*conditions(filters))
        .group_by(*groups)
        .order_by(fact.c.country, year.nulls_last(), fact.c.source_id)
    )
