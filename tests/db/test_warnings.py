"""What a total leaves out is told to the dollar, and only what was asked for is said to be missing."""

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
