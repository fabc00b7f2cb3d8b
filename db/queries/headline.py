"""The published figures of the study, computed again from the rows that are loaded."""

import csv
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from db.queries.spend.spend import (
    projects_with_component_amounts,
    rows_question,
    spend_questions,
    spend_rows,
    spend_totals,
    totals_question,
    with_amounts_question,
)
from db.queries.spend.warnings import spend_warnings
from db.queries.statements.asking import ask_ahead
from db.queries.statements.prepared import Question
from db.settings import DATA_DIR
from models.classification import Taxonomy
from models.filters import Dimension, Filters, SpendQuery
from models.source import WORLDBANK_PROJECTS
from models.spend import MONEY_COLUMNS
from models.vocabulary import Basis, Granularity

WINDOW = (date(2014, 1, 1), date(2024, 3, 31))
"""Approval dates that the study covers: 2014 to early 2024."""

OPERATIONS = (WORLDBANK_PROJECTS,)
"""Sources of the projects that the study is about: operations of the World Bank, whatever else is loaded."""

RATIO_OF = {"numerator": "brief_refugee_response", "denominator": "brief_economic_migration"}
"""The sets on both sides of the ratio that the study names."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure beside ours: the query behind it, the published value, our totals in cents, and the money among them
    of components that state an amount."""

    key: str
    published: dict[str, Any]
    query: SpendQuery | None
    totals: dict[str, Any] | None
    stated_components: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Headline:
    """All figures, what the rows cover, and what to know of these."""

    figures: list[Figure]
    coverage: dict[str, int]
    warnings: list[str]


def figure_queries(taxonomy: Taxonomy) -> dict[str, SpendQuery]:
    """Say which query computes which published figure."""
    everything = SpendQuery(Filters(approved_from=WINDOW[0], approved_to=WINDOW[1], sources=OPERATIONS))
    return {
        "projects": replace(everything, basis=Basis.PROJECT),
        "project_total": replace(everything, basis=Basis.PROJECT),
        "component_total": everything,
        "worker_mobility_total": _of_set(everything, taxonomy, "brief_worker_mobility"),
        "other_economic_upper": _of_categories(everything, ("remittances", "diaspora", "worker_welfare")),
        "refugee_response": _of_set(everything, taxonomy, RATIO_OF["numerator"]),
        "economic_migration": _of_set(everything, taxonomy, RATIO_OF["denominator"]),
    }


def _of_set(query: SpendQuery, taxonomy: Taxonomy, name: str) -> SpendQuery:
    return _of_categories(query, taxonomy.categories_of_set(name))


def _of_categories(query: SpendQuery, categories: tuple[str, ...]) -> SpendQuery:
    return replace(query, filters=replace(query.filters, categories=categories))


def headline(
    connection: Connection, taxonomy: Taxonomy, sources: Collection[str], beside: Iterable[Question] = ()
) -> Headline:
    """Compute every published figure from the rows, always in the study's window.

    Args:
        connection: what is asked; nothing else may be asked of it afterwards.
        taxonomy: says which categories a set holds.
        sources: all that projects come from.
        beside: what else the answer asks, to be asked in the same trip.
    """
    published = published_figures()
    queries = figure_queries(taxonomy)
    alone = {*sources} <= {*OPERATIONS}
    narrow = {key: _as_narrow(query, alone) for key, query in queries.items()}
    everything = narrow["component_total"]
    of_stated = _of_stated_components(replace(everything, group_by=(Dimension.CATEGORY,)))
    totals = (totals_question(connection, query) for query in narrow.values())
    stated_ones = (rows_question(connection, of_stated), with_amounts_question(everything))
    ask_ahead(connection, [*spend_questions(connection, everything), *totals, *stated_ones, *beside], last=True)
    stated = list(spend_rows(connection, of_stated))
    figures = []
    for key in [*published, *(name for name in queries if name not in published)]:
        figures.append(_figure(connection, key, published.get(key, {}), queries.get(key), stated, alone))
    coverage = {
        "projects": spend_totals(connection, everything)["projects"],
        "projects_with_component_amounts": projects_with_component_amounts(connection, everything),
    }
    return Headline(figures, coverage, spend_warnings(connection, everything))


def _of_stated_components(by_category: SpendQuery) -> SpendQuery:
    """The query for the money of components in each category."""
    return replace(by_category, filters=replace(by_category.filters, granularity=(Granularity.COMPONENT,)))


def _figure(
    connection: Connection,
    key: str,
    published: dict[str, Any],
    query: SpendQuery | None,
    stated: Sequence[dict[str, Any]],
    alone: bool,
) -> Figure:
    """`stated`: the rows of `_of_stated_components`; `alone`: see `_as_narrow`. Money adds up over categories."""
    if query is None:
        return Figure(key, published, None, None, None)
    totals = spend_totals(connection, _as_narrow(query, alone))
    if query.basis is not Basis.COMPONENT:
        return Figure(key, published, query, totals, None)
    asked = query.filters.categories
    rows = [row for row in stated if not asked or row["category"] in asked]
    return Figure(key, published, query, totals, {name: sum(row[name] for row in rows) for name in MONEY_COLUMNS})


def _as_narrow(query: SpendQuery, alone: bool) -> SpendQuery:
    """The same question without its sources where these are `alone`: summaries answer that in a fifth of the time."""
    return replace(query, filters=replace(query.filters, sources=())) if alone else query


def published_figures() -> dict[str, dict[str, Any]]:
    """Read the published figures that ship with the data set; a value is a decimal number or `None`."""
    with (DATA_DIR / "published_figures.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["key"]: dict(row) for row in csv.DictReader(file)}
    for row in rows.values():
        row["value"] = Decimal(row["value"]) if row["value"] else None
    return rows
