"""What a total leaves out is told to the dollar, and only what was asked for is said to be missing."""

import json
from unittest.mock import Mock

import pytest
from sqlalchemy import select

from db.engine import reading
from db.queries.filtering import DIMENSIONS, fact
from db.queries.spend import warnings as queries
from db.queries.spend.gaps import Pair
from db.queries.statements.asking import ask
from models.filters import Dimension
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, csv_text, take


def warnings(ask, query):
    return ask(f"/v1/spend?{query}").json()["meta"]["warnings"]


@pytest.fixture(scope="module")
def apart(shared, tmp_path_factory):
    """Take a file in on a database of its own, and ask there."""

    def load(name, content):
        path = tmp_path_factory.mktemp("apart") / name
        path.write_text(content, encoding="utf-8")
        engine = shared()
        take(engine, path)
        return client_of(engine, room=0)  # no answer of another test comes again

    return load


@pytest.fixture(scope="module")
def of_buckets(apart):
    """One project in each of some buckets, of 1, 2, 4 … million; the one in South Asia names a country elsewhere."""
    own = [{"countries": code} for code in ("AFE", "AFW", "AFR", "WLD")]
    own.append({"countries": "IND;KEN", "regional": "yes", "region": "SAS"})
    whole = PROJECT | {"name": "Support to refugees"}
    projects = [whole | {"project_id": f"B{n}", "commitment_usd": f"{2**n}000000"} | more for n, more in enumerate(own)]
    return apart("buckets.csv", csv_text(*projects))


THERE = {
    "income_group": "regions or the world, which have none",
    "country": "regions, not countries",
    "region": "other regions or the world",
}
"""What stands in warnings of filters by places, of which the first one that is asked for is told."""


@pytest.mark.parametrize(
    ("asked", "millions", "projects"),
    [
        ("country=UGA", 1 + 4 + 8, 3),
        ("country=GHA", 2 + 4 + 8, 3),
        ("country=COL", 8, 1),
        ("country=IND", 8 + 16, 2),
        ("country=KEN", 1 + 4 + 8 + 16, 4),
        ("country=COL,GHA", 2 + 4 + 8, 3),
        ("country=AFE", 4 + 8, 2),
        ("country=AFE,AFR", 8, 1),
        ("country=UGA,COL&region=LCN", 8, 1),
        ("region=LCN", 8, 1),
        ("region=AFE", 4 + 8 + 16, 3),
        ("region=AFW,AFR", 8, 1),
        ("income_group=low", 1 + 2 + 4 + 8 + 16, 5),
        ("income_group=high&region=NAC", 8, 1),
        ("income_group=upper_middle&region=SAS", 8 + 16, 2),
        ("country=UGA&income_group=low", 1 + 4 + 8, 3),
        ("country=AFE&income_group=low", 1 + 4 + 8, 3),
        ("country=KEN,UGA&income_group=lower_middle", 1 + 4 + 8 + 16, 4),
    ],
)
@pytest.mark.parametrize("path", ["spend", "projects"])
def test_only_buckets_that_can_hold_what_is_asked_for_are_told(path, asked, millions, projects, of_buckets):
    told = [one for one in of_buckets(f"/v1/{path}?{asked}").json()["meta"]["warnings"] if "multi-country" in one]
    name = next(one for one in THERE if one in asked)
    there = THERE[name]
    some = "1 multi-country project" if projects == 1 else f"{projects} multi-country projects"
    assert told == [f"{name} leaves out {millions},000,000.00 US dollars of {some}, counted under {there}"]


@pytest.mark.parametrize(
    "asked",
    [
        "country=WLD",
        "country=AFE,AFR,WLD",
        "country=UGA&region=LCN",
        "category=remittances",
        "country=UGA&income_group=high",
    ],
)
def test_no_bucket_is_told_that_holds_nothing_of_what_is_asked_for(asked, of_buckets):
    assert not any("multi-country" in one for one in warnings(of_buckets, asked))


@pytest.mark.parametrize("path", ["projects", "components", "availability", "reviews/queue"])
def test_a_list_of_a_country_tells_the_money_that_is_counted_under_regions(of_parts, path):
    counts_what_serves_nothing = path == "availability"
    amount = "5,000,000.00" if counts_what_serves_nothing else "1,000,000.00"
    left_out, twice = LEFT_OUT.format(amount), TWICE.format(amount)
    assert of_parts(f"/v1/{path}?country=UGA").json()["meta"]["warnings"] == [left_out, twice]
    assert of_parts(f"/v1/{path}?country=AFE,UGA").json()["meta"]["warnings"] == [twice]


def test_categories_that_exclude_each_other_are_not_told_as_a_category(get):
    assert not any("category" in warning for warning in warnings(get, "category=remittances&set=brief_worker_mobility"))


@pytest.fixture(scope="module")
def of_parts(apart):
    """A parent, its financing, and a project of a region that is not approved yet: of each, 1 million of 5 serves migration."""
    own = {
        "Z1": {},
        "Z2": {"parent_project_id": "Z1", "included_in_parent": "unknown"},
        "Z3": {"countries": "AFE", "status": "Pipeline", "approval_date": "2020-09-01"},
    }
    whole = {**PROJECT, "commitment_usd": 5000000}
    records = [{"type": "project", **whole, "project_id": name, **more} for name, more in own.items()]
    for name in own:
        for ordinal, title in enumerate(("Support to refugees", "Roads"), start=1):
            part = {"type": "component", "project_id": name, "ordinal": ordinal, "title": title}
            records.append(part | {"amount_usd": 1000000 if ordinal == 1 else 4000000, "amount_basis": "commitment"})
    return apart("parts.jsonl", "".join(json.dumps(record) + "\n" for record in records))


LEFT_OUT = "country leaves out {} US dollars of 1 multi-country project, counted under regions, not countries"
NOT_YET = "includes {} US dollars of 1 project in the pipeline, not approved yet"
TWICE = "{} US dollars of 1 additional financing may also be held in a parent's amount"


@pytest.mark.parametrize(
    ("query", "of_these", "said"),
    [
        ("country=UGA", "country=AFE", LEFT_OUT),
        ("status=Active,Pipeline", "status=Pipeline", NOT_YET),
        ("group=forced_displacement", "status=Pipeline", NOT_YET),
        ("approved_from=2020-08-15", "status=Pipeline", NOT_YET),  # days beside the whole years that summaries tell of
        ("year_from=2020", "project=Z2", TWICE),
    ],
)
@pytest.mark.parametrize(("basis", "amount"), [("component", "1,000,000.00"), ("project", "5,000,000.00")])
@pytest.mark.parametrize("by_facts", [False, True])
def test_warnings_tell_the_money_of_their_basis(of_parts, monkeypatch, query, of_these, said, basis, amount, by_facts):
    no_cells = Mock(return_value=None)
    if by_facts:
        monkeypatch.setattr(queries, "cells_of", no_cells)
    asked = warnings(of_parts, f"{query}&basis={basis}")
    assert no_cells.called == by_facts
    total = of_parts(f"/v1/spend?{of_these}&basis={basis}").json()["totals"]
    assert f"{total['amount_usd'] + total['partial_usd']:,.2f}" == amount
    assert said.format(amount) in asked


@pytest.mark.parametrize("path", ["spend", "projects", "components", "availability"])
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("approved_from=2030-01-01", "after"),
        ("approved_to=1950-01-01", "before"),
        ("approved_to=1950-01-01&year_from=2020&year_basis=fiscal", "before"),
        ("year_from=2030&approved_from=2010-01-01&year_basis=fiscal", "after"),
    ],
)
def test_dates_beyond_the_data_are_told_as_years_are(path, asked, told, get):
    warnings = get(f"/v1/{path}?{asked}").json()["meta"]["warnings"]
    assert len([warning for warning in warnings if f"no project loaded was approved {told}" in warning]) == 1


def test_bounds_on_both_kinds_of_year_say_which_they_mean(get):
    asked = "approved_from=1990-01-01&year_from=1980&year_basis=fiscal"
    assert [one for one in warnings(get, asked) if "no project loaded was approved" in one] == [
        "no project loaded was approved before 2008",
        "no project loaded was approved before fiscal year 2009",
    ]


@pytest.mark.parametrize("path", ["spend", "projects", "components", "availability", "reviews/queue"])
@pytest.mark.parametrize(
    ("asked", "when"),
    [
        ("approved_from=2025-03-15", "from 2025-03-15"),
        ("approved_from=2025-03-15&approved_to=2025-03-15", "on 2025-03-15"),
        ("approved_from=2024-12-25&approved_to=2024-12-27", "from 2024-12-25 to 2024-12-27"),
        ("approved_to=2008-01-01", "until 2008-01-01"),
        ("year_from=2026&year_basis=fiscal", "from fiscal year 2026"),
        ("year_to=2015&approved_from=2015-12-31", "from 2015-12-31 and until 2015"),
        ("approved_from=2025-03-14", None),
        ("year_from=2025&year_basis=fiscal", None),
    ],
)
def test_dates_between_which_nothing_was_approved_are_told(path, asked, when, get):
    told = [one for one in get(f"/v1/{path}?{asked}").json()["meta"]["warnings"] if "the answer is empty, which" in one]
    assert told == ([f"no project loaded was approved {when}: the answer is empty, which is not zero"] if when else [])


def test_a_measure_that_nothing_states_is_not_told_as_a_date(get):
    told = warnings(get, "measure=disbursement&approved_from=2020-01-01")
    assert [one for one in told if "empty, " in one] == [
        "no source loaded states any disbursement: the answer is empty, not zero"
    ]


def test_dates_within_the_data_are_no_gap(get):
    assert not any("approved" in one for one in warnings(get, "approved_from=2014-01-01&approved_to=2024-03-31"))


def test_a_group_that_no_row_has_is_told(engine, write):
    take(engine, write("one.csv", csv_text(PROJECT | {"name": "Support to refugees"})))
    told = "no row loaded has group economic_migration: the answer is empty there, which is not zero"
    assert told in warnings(client_of(engine), "group=economic_migration")


EMPTY = "the answer is empty there, which is not zero"
FILLED = "zeros filled in there are not known to be zero"


@pytest.fixture(scope="module")
def of_some_years(apart):
    """Projects of two countries, in 2015 and 2019 of one and in 2016 of the other, that serve nothing."""
    years = {"Y1": ("MAR", 2015), "Y2": ("MAR", 2019), "Y3": ("JOR", 2016)}
    rows = [
        PROJECT | {"project_id": name, "name": "Roads", "countries": country, "approval_date": f"{year}-02-01"}
        for name, (country, year) in years.items()
    ]
    return apart("years.csv", csv_text(*rows))


def said_of_rows(ask, path):
    return [one for one in ask(path).json()["meta"]["warnings"] if one.startswith("no row loaded")]


@pytest.mark.parametrize("path", ["spend", "projects", "components", "availability", "reviews/queue"])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("country=MAR&year_from=2016&year_to=2018", f"country MAR from 2016 to 2018: {EMPTY}"),
        (
            "country=MAR&approved_from=2016-03-01&approved_to=2016-12-31",
            f"country MAR from 2016-03-01 to 2016-12-31: {EMPTY}",
        ),
        (
            "country=MAR&approved_from=2015-02-02&approved_to=2018-12-31",
            f"country MAR from 2015-02-02 to 2018-12-31: {EMPTY}",
        ),
        (
            "country=JOR,MAR&approved_from=2016-02-01&approved_to=2019-01-31",
            f"country MAR from 2016-02-01 to 2019-01-31: {EMPTY}",
        ),
        ("region=MEA&approved_from=2015-03-01&approved_to=2015-03-01", f"region MEA on 2015-03-01: {EMPTY}"),
        ("region=MEA&approved_from=2019-02-02", f"region MEA from 2019-02-02: {EMPTY}"),
        (
            "country=MAR&year_from=2010&year_to=2015&approved_from=2015-03-01",
            f"country MAR from 2015-03-01 to 2015: {EMPTY}",
        ),
        ("country=MAR&approved_from=2015-01-31&approved_to=2015-02-01", None),
        ("country=MAR&approved_from=2014-06-01&approved_to=2018-06-01", None),
        ("country=JOR,MAR&approved_from=2016-02-01&approved_to=2019-02-01", None),
        ("country=JOR,MAR&year_from=2017", f"country JOR from 2017: {EMPTY}"),
        ("region=MEA&year_from=2017&year_to=2018", f"region MEA from 2017 to 2018: {EMPTY}"),
        ("country=MAR&year_to=2014&year_basis=fiscal", f"country MAR until fiscal year 2014: {EMPTY}"),
        ("country=JOR,MAR&year_from=2017&year_basis=fiscal", f"country JOR from fiscal year 2017: {EMPTY}"),
        ("region=MEA&year_from=2018&year_to=2018&year_basis=fiscal", f"region MEA in fiscal year 2018: {EMPTY}"),
        ("region=MEA&year_from=2019&year_to=2019&year_basis=fiscal", None),
        ("country=MAR&year_from=2015&year_to=2018", None),
        ("country=JOR,MAR&year_to=2016", None),
        ("country=MAR", None),
    ],
)
def test_years_of_which_nothing_is_loaded_of_a_place_are_a_gap(of_some_years, path, query, said):
    assert said_of_rows(of_some_years, f"/v1/{path}?{query}") == ([f"no row loaded of {said}"] if said else [])


def test_fiscal_years_of_which_nothing_is_loaded_of_a_source_are_a_gap(of_some_years):
    source = of_some_years("/v1/availability").json()["data"][0]["source"]
    asked = f"/v1/projects?source={source}&year_basis=fiscal&year_from=2017&year_to=2018"
    when = "from fiscal year 2017 to fiscal year 2018"
    assert said_of_rows(of_some_years, asked) == [f"no row loaded of source {source} {when}: {EMPTY}"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("year&country=MAR&year_from=2014&year_to=2018", "country MAR in 2014, 2016-2018"),
        ("year&country=MAR", "country MAR in 2016-2018"),
        ("year&country=JOR,MAR&year_from=2015&year_to=2018", "country JOR, MAR in 2017-2018"),
        ("country,year&country=JOR,MAR&year_from=2015&year_to=2016", "country JOR in 2015; of MAR in 2016"),
        ("year&country=MAR&year_from=2015&year_to=2015", None),
        (
            "year&country=MAR&approved_from=2015-03-01&approved_to=2019-12-31",
            "country MAR in 2015-2018 within the dates asked for",
        ),
        ("year&country=MAR&approved_from=2015-01-01&approved_to=2015-12-31", None),
        ("year&country=MAR&year_basis=fiscal", "country MAR in fiscal year 2016-2018"),
    ],
)
def test_filled_years_of_which_nothing_is_loaded_are_told(of_some_years, query, said):
    told = said_of_rows(of_some_years, f"/v1/spend?fill=year&relevance=none&group_by={query}")
    assert told == ([f"no row loaded of {said}: {FILLED}"] if said else [])


@pytest.mark.parametrize("also", ["", "&basis=project", "&min_amount=1", "&prices=constant&base_year=2020"])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("year&country=BGD&category=refugee_general", None),
        ("year&country=BGD&measure=disbursement", None),
        ("country,year&country=BGD&measure=disbursement&year_from=2014&year_to=2016", None),
        ("country,year&country=BGD,KEN", "country BGD in 2014-2016, 2018, 2022-2023; of KEN in 2011-2016, 2019-2022"),
        ("country,year&country=BGD,KEN&category=refugee_general", None),
        ("year,category&country=BGD&year_to=2021", "country BGD in 2014-2016, 2018"),
    ],
)
def test_the_years_told_are_those_that_the_answer_fills(get, query, said, also):
    path = f"/v1/spend?fill=year&group_by={query}{also}"
    told = [one for one in said_of_rows(get, path) if FILLED in one]
    assert told == ([f"no row loaded of {said}: {FILLED}"] if said else [])
    zeros = {(row.get("country"), row["year"]) for row in get(path).json()["data"] if not row["projects"]}
    assert zeros or not said


@pytest.mark.parametrize("dimension", [Dimension.COUNTRY, Dimension.REGION])
def test_the_fiscal_years_known_of_a_place_are_those_of_its_facts(loaded, dimension):
    column = DIMENSIONS[dimension]
    with reading(loaded) as connection:
        facts = {tuple(row) for row in connection.execute(select(column, fact.c.fiscal_year)) if None not in row}
        members = tuple(sorted({member for member, _ in facts}))
        for first, last in ((None, None), (2016, 2016), (2015, 2019)):
            question = Pair(dimension, members, Dimension.FISCAL_YEAR, first, last, filled=False).question
            known = [tuple(row) for row in ask(connection, question)]
            assert sorted(known) == sorted(row for row in facts if (first or 0) <= row[1] <= (last or 9999))


def test_calendar_years_are_not_told_where_fiscal_ones_are_filled(get):
    asked = "/v1/spend?group_by=fiscal_year&fill=fiscal_year&country=BGD&year_from=2014&year_to=2020"
    assert said_of_rows(get, asked) == []


def test_years_that_are_left_out_for_other_reasons_are_not_told(of_some_years):
    asked = "group_by=year&fill=year&relevance=none&country=MAR&year_from=2014&year_to=2017&approved_from=2016-01-01"
    assert said_of_rows(of_some_years, f"/v1/spend?{asked}") == [
        f"no row loaded of country MAR from 2016-01-01 to 2017: {EMPTY}",
    ]
    asked = "group_by=year&fill=year&relevance=none&country=JOR&year_from=2014&year_to=2017&approved_from=2016-01-01"
    assert said_of_rows(of_some_years, f"/v1/spend?{asked}") == [f"no row loaded of country JOR in 2017: {FILLED}"]
