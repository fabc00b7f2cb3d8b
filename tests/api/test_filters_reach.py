"""Every filter reaches what it has to: a parameter its field, a field the conditions on facts and the words of a picture."""

from dataclasses import fields, replace
from datetime import date

import pytest
from sqlalchemy.dialects import sqlite

from api.charts.words import filters_of
from api.deps import snapshot_of
from api.params.filters import FilterParams
from db.queries.filtering import conditions
from db.queries.spend.missing import _named
from db.queries.statements.templates import BOUNDS, LISTS
from models.filters import YEARS, Dimension, Filters
from models.search import parse_query
from models.vocabulary import Granularity, Lender, Measure, Relevance, Tag, YearBasis
from tests.conftest import app_of

SHOWN = {"format", "fields"}
"""Parameters that say how rows are shown, not which."""

GIVEN = {
    "category": ["remittances"],
    "group": ["economic_migration"],
    "set": ["brief_refugee_response"],
    "country": ["JOR"],
    "region": ["MEA"],
    "income_group": ["low"],
    "project": ["P174085"],
    "source": ["worldbank-projects"],
    "instrument": ["Investment Project Financing"],
    "lender": ["ida"],
    "status": ["Active"],
    "granularity": ["component"],
    "relevance": ["direct"],
    "tag": ["brief_example"],
    "q": "skills",
    "min_amount": 1_000_000,
    "max_amount": 1_000_000,
    "min_confidence": 0.7,
    "year_from": 2014,
    "year_to": 2023,
    "year_basis": "fiscal",
    "approved_from": "2014-01-01",
    "approved_to": "2024-03-31",
    "measure": "cost",
}

CHOSEN = {
    "categories": ("remittances",),
    "groups": ("economic_migration",),
    "secondary": ("remittances",),
    "countries": ("JOR",),
    "regions": ("MEA",),
    "income_groups": ("low",),
    "projects": ("P174085",),
    "sources": ("worldbank-projects",),
    "instruments": ("Investment Project Financing",),
    "lenders": (Lender.IDA,),
    "relevance": (Relevance.DIRECT,),
    "granularity": (Granularity.COMPONENT,),
    "tags": (Tag.BRIEF_EXAMPLE,),
    "search": parse_query("skills"),
    "min_confidence": 0.7,
    "min_cents": 100,
    "max_cents": 100,
    "statuses": ("Active",),
    "year_from": 2014,
    "year_to": 2023,
    "approved_from": date(2014, 1, 1),
    "approved_to": date(2024, 3, 31),
    "year_basis": YearBasis.FISCAL,
    "measure": Measure.COST,
    "base_year": 2020,
}
NOT_A_CONDITION = {"base_year"}
"""Fields that change amounts and leave out no row."""

TOLD_ELSEWHERE = {"measure", "base_year", "secondary"}
"""Fields that the title of a picture tells, or its unit, or that only lists have."""

BESIDE = {"year_basis": {"year_from": 2010}, "secondary": {"categories": ("diaspora",)}}
"""Fields that say how others are meant, and those."""

NOT_NAMED = {
    "secondary": "the categories and groups that were asked for are named",
    "projects": "an unknown project is refused",
    "relevance": "what a total counts, and none of it is told by its rows",
    "granularity": "what rows stand for, no dimension; /v1/availability counts them",
    "tags": "they are no dimension, so they are looked for by themselves",
}
"""Filters with members of which `_named` does not ask whether any row has them, and why."""

WITHOUT_SLOT = {
    **dict.fromkeys(
        ("relevance", "statuses", "granularity", "measure", "year_basis"), "it chooses the cells to look in"
    ),
    **dict.fromkeys(("approved_from", "approved_to"), "they are parted into whole years and the rest"),
    "secondary": "it is looked for within a text, and lists alone have it",
    "tags": "they are few",
    "search": "its words are a query of their own",
    "base_year": "it changes amounts, and the price index stands in the statement",
}
"""Filters whose values stand in the statement, so that each value makes another one, and why."""


def without_and_with(name):
    """Filters without a field and with it, both with what it says of how to mean."""
    usual = Filters(**BESIDE.get(name, {}))
    return usual, replace(usual, **{name: CHOSEN[name]})


def in_sql(filters):
    options = {"dialect": sqlite.dialect(), "compile_kwargs": {"literal_binds": True}}
    return [str(condition.compile(**options)) for condition in conditions(filters)]


def test_the_tables_here_hold_every_filter():
    assert set(GIVEN) == set(FilterParams.model_fields) - SHOWN, "give the parameter a value in GIVEN"
    assert set(CHOSEN) == {field.name for field in fields(Filters)}, "give the field a value in CHOSEN"


def test_a_value_has_a_slot_in_the_statement_or_a_reason_to_have_none():
    said = "name the field in LISTS or BOUNDS (db/queries/statements/templates.py), or each value costs a new statement"
    assert {*LISTS, *BOUNDS} == CHOSEN.keys() - WITHOUT_SLOT.keys(), said


@pytest.mark.parametrize("dimension", sorted(set(Dimension) - YEARS))
def test_a_dimension_has_a_filter_of_its_name(dimension):
    assert dimension in FilterParams.model_fields, "pages narrow a table to a member by it (`only` in table.js)"


@pytest.mark.parametrize("name", GIVEN)
def test_a_parameter_reaches_its_field(name, loaded_engines):
    with snapshot_of(app_of(loaded_engines["sqlite"])) as snapshot:
        asked = FilterParams.model_validate({name: GIVEN[name]}).to_filters(snapshot)
        assert asked != FilterParams().to_filters(snapshot)


@pytest.mark.parametrize("name", sorted(CHOSEN.keys() - NOT_A_CONDITION))
def test_a_field_reaches_the_conditions_on_facts(name):
    usual, chosen = without_and_with(name)
    assert in_sql(chosen) != in_sql(usual)


@pytest.mark.parametrize("name", sorted(CHOSEN.keys() - TOLD_ELSEWHERE))
def test_a_field_reaches_the_words_of_a_picture(name):
    usual, chosen = without_and_with(name)
    names = {dimension: {} for dimension in Dimension}
    assert filters_of(chosen, names) != filters_of(usual, names)


@pytest.mark.parametrize("name", sorted(name for name, chosen in CHOSEN.items() if isinstance(chosen, tuple)))
def test_members_that_no_row_has_are_told(name):
    found = list(_named(Filters(**{name: CHOSEN[name]})))
    said = "name the field with its dimension in `_named`, or here in NOT_NAMED with a reason"
    assert [asked for _, asked in found] == ([] if name in NOT_NAMED else [CHOSEN[name]]), said


def kinds_of(kind):
    return [kind, *(found for one in kind.__subclasses__() for found in kinds_of(one))]


def test_no_path_has_an_option_of_the_name_of_a_filter():
    for kind in kinds_of(FilterParams)[1:]:
        assert set(kind.__annotations__) & set(FilterParams.model_fields) <= SHOWN, kind
