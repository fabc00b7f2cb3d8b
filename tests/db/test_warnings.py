"""What a total leaves out is told to the dollar, and only what was asked for is said to be missing."""

import pytest

from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, csv_text, take


def warnings(ask, query):
    return ask(f"/v1/spend?{query}").json()["meta"]["warnings"]


def test_a_region_that_is_asked_for_is_not_among_those_left_out(engine, write):
    east = PROJECT | {"name": "Support to refugees", "countries": "AFE"}
    south = east | {"project_id": "X2", "countries": "SAS", "commitment_usd": "2000000"}
    take(engine, write("regions.csv", csv_text(east, south)))
    ask = client_of(engine)
    told = "counted under regions, not countries"
    assert f"country leaves out 7,000,000.00 US dollars of 2 multi-country projects, {told}" in warnings(
        ask, "country=UGA"
    )
    assert f"country leaves out 2,000,000.00 US dollars of 1 multi-country project, {told}" in warnings(
        ask, "country=AFE"
    )
    assert not any(told in warning for warning in warnings(ask, "country=AFE,SAS"))


def test_categories_that_exclude_each_other_are_not_told_as_a_category(get):
    assert not any("category" in warning for warning in warnings(get, "category=remittances&set=brief_worker_mobility"))


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


def test_dates_within_the_data_are_no_gap(get):
    assert not any("approved" in one for one in warnings(get, "approved_from=2014-01-01&approved_to=2024-03-31"))


def test_a_group_that_no_row_has_is_told(engine, write):
    take(engine, write("one.csv", csv_text(PROJECT | {"name": "Support to refugees"})))
    told = "no row loaded has group economic_migration: the answer is empty there, which is not zero"
    assert told in warnings(client_of(engine), "group=economic_migration")
