"""Spend by named set, of the sets that are asked for: a category can stand in several, and then in those of others too."""

import pytest

from models.classification import load_taxonomy

SETS = [one.code for one in load_taxonomy().sets]
FIGURES = ("amount_usd", "partial_usd", "projects", "components")


def rows_of(get, query):
    return get(f"/v1/spend?{query}").json()["data"]


@pytest.mark.parametrize(
    "more", ["", "&basis=project", "&min_amount=0", "&prices=constant&base_year=2015&year_from=2014"]
)
@pytest.mark.parametrize("asked", [SETS[:1], SETS[1:], SETS])
def test_only_sets_that_are_asked_for_have_rows(get, asked, more):
    """From cells, from facts, and of whole projects: each row is what its set alone has in all."""
    rows = rows_of(get, f"set={','.join(asked)}&group_by=set{more}")
    assert [row["set"] for row in rows] == sorted(asked)
    for row in rows:
        totals = get(f"/v1/spend?set={row['set']}{more}").json()["totals"]
        assert {name: row[name] for name in FIGURES} == {name: totals[name] for name in FIGURES}
        assert row["amount_usd"] + row["partial_usd"] > 0


def test_with_further_dimensions_no_other_set_has_rows_either(get):
    query = "set=brief_worker_mobility&group_by=set,year&fill=year&year_from=2014&year_to=2023"
    answer = get(f"/v1/spend?{query}").json()
    assert {row["set"] for row in answer["data"]} == {"brief_worker_mobility"}
    assert [row["year"] for row in answer["data"]] == list(range(2014, 2024))
    for name in ("amount_usd", "partial_usd"):
        assert sum(row[name] for row in answer["data"]) == answer["totals"][name]
    pages = get(f"/v1/spend?{query}&limit=3").json()
    assert pages["totals"]["rows"] == len(answer["data"])


def test_the_other_formats_have_the_same_sets(get):
    for form in ("csv", "jsonl"):
        text = get(f"/v1/spend?set=brief_worker_mobility&group_by=set&format={form}").text
        assert "brief_worker_mobility" in text
        assert "brief_economic_migration" not in text


def test_who_asks_for_a_category_sees_every_set_that_holds_it(get):
    rows = rows_of(get, "category=worker_mobility&group_by=set")
    assert [row["set"] for row in rows] == ["brief_economic_migration", "brief_worker_mobility"]
    assert {row["set"] for row in rows_of(get, "group_by=set")} == {*SETS, None}
