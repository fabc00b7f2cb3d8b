"""`include_secondary`: lists find rows by their further categories too, and count none of their money for these."""

import csv
import io
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, select

from db import tables
from db.engine import reading
from models.classification import load_taxonomy
from tests.conftest import client_of
from tests.data.export_helpers import take

TAXONOMY = load_taxonomy()
USUAL = ("direct", "partial")

ASKED = {
    "category=worker_mobility": ["worker_mobility"],
    "category=worker_mobility,host_communities": ["worker_mobility", "host_communities"],
    "group=economic_migration": [one.code for one in TAXONOMY.categories if one.group == "economic_migration"],
    "set=brief_worker_mobility": TAXONOMY.categories_of_set("brief_worker_mobility"),
    "group=forced_displacement&category=host_communities,worker_mobility": ["host_communities"],
    "group=forced_displacement&set=brief_worker_mobility": [],
}
"""Questions, and the categories that a row must have one of."""


@dataclass(frozen=True)
class Lists:
    """Both lists of an answer, by the ids of their rows."""

    components: dict[str, dict]
    projects: dict[str, dict]


def lists(ask, query):
    found = []
    for name in ("component", "project"):
        answer = ask(f"/v1/{name}s?{query}&limit=1000").json()
        found.append({row[f"{name}_id"]: row for row in answer["data"]})
        assert len(found[-1]) == answer["totals"]["rows"]
    return Lists(*found)


def rows_with(engine, categories):
    """The rows that count, which have one of some categories as a further one, and the projects of their money."""
    fact, listed = tables.spend_fact, tables.listed_row
    query = select(fact.c.component_id, fact.c.project_id, listed.c.secondary_categories).join(
        listed, listed.c.component_id == fact.c.component_id
    )
    counted = fact.c.status.is_(None) | (fact.c.status != "Dropped")
    apart = fact.c.category != "in_donor_refugee_costs"
    query = query.where(fact.c.measure == "commitment", fact.c.relevance.in_(USUAL), counted, apart)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return [row[:2] for row in rows if set(row.secondary_categories.split()) & set(categories)]


@pytest.mark.parametrize(("query", "categories"), ASKED.items())
def test_rows_are_found_by_their_further_categories(loaded: Engine, query, categories):
    ask = client_of(loaded)
    usual, more = lists(ask, query), lists(ask, f"{query}&include_secondary=true")
    found = rows_with(loaded, categories)
    assert more.components.keys() == usual.components.keys() | {component_id for component_id, _ in found}
    assert more.projects.keys() == usual.projects.keys() | {project_id for _, project_id in found}


@pytest.mark.parametrize("measure", ["commitment", "cost"])
@pytest.mark.parametrize("query", ASKED)
def test_they_carry_no_money_and_change_none(loaded: Engine, query, measure):
    ask = client_of(loaded)
    usual, more = (lists(ask, f"{query}&measure={measure}{also}") for also in ("", "&include_secondary=true"))
    totals = ask(f"/v1/spend?{query}&measure={measure}").json()["totals"]
    for before, after in ((usual.components, more.components), (usual.projects, more.projects)):
        assert {key: after[key] for key in before} == before
        added = [row for key, row in after.items() if key not in before]
        assert {(row["amount_usd"] or 0, row["partial_usd"] or 0) for row in added} <= {(0, 0)}
        for name in ("amount_usd", "partial_usd"):
            assert round(sum(row[name] or 0 for row in after.values()), 2) == totals[name]


def test_false_is_as_if_it_were_not_there(loaded: Engine):
    ask = client_of(loaded)
    usual = ask("/v1/components?category=worker_mobility").json()
    said = ask("/v1/components?category=worker_mobility&include_secondary=false").json()
    assert (said["data"], said["totals"]) == (usual["data"], usual["totals"])
    assert ask("/v1/components?include_secondary=false&limit=1").status_code == 200


def test_all_other_filters_leave_rows_out(loaded: Engine):
    ask = client_of(loaded)
    query = "category=host_communities&include_secondary=true"
    for also in ("country=JOR", "relevance=partial", "granularity=component", "min_amount=100000000", "year_from=2022"):
        found = ask(f"/v1/components?{query}&{also}&limit=1000").json()["data"]
        alone = {row["component_id"] for row in ask(f"/v1/components?{also}&limit=1000").json()["data"]}
        every = {row["component_id"] for row in ask(f"/v1/components?{query}&limit=1000").json()["data"]}
        assert {row["component_id"] for row in found} == alone & every


@pytest.mark.parametrize("sort", ["", "&sort=-amount_usd", "&sort=category,-partial_usd", "&sort=rank&q=refugees"])
@pytest.mark.parametrize("path", ["/v1/components", "/v1/projects"])
def test_pages_lose_nothing_and_a_cursor_belongs_to_the_question(loaded: Engine, path, sort):
    ask = client_of(loaded)
    query = f"{path}?category=host_communities{sort}"
    whole = ask(f"{query}&include_secondary=true&limit=1000").json()["data"]
    answer, rows = ask(f"{query}&include_secondary=true&limit=7").json(), []
    cursor = answer["links"]["next"].partition("cursor=")[2]
    for other in ("", "&include_secondary=false"):
        assert ask(f"{query}{other}&limit=7&cursor={cursor}").status_code == 400
    while answer["links"]["next"]:
        rows += answer["data"]
        answer = ask(answer["links"]["next"].removeprefix("http://testserver")).json()
    assert rows + answer["data"] == whole


@pytest.mark.parametrize("path", ["/v1/components", "/v1/projects", "/v1/projects/P161541/components"])
def test_a_file_says_that_nothing_counts(loaded: Engine, path):
    query = (
        f"{path}?category=worker_mobility&include_secondary=true&fields=project_id,amount_usd,partial_usd&format=csv"
    )
    lines = list(csv.DictReader(io.StringIO(client_of(loaded)(query).text)))
    assert {"project_id": "P161541", "amount_usd": "0.00", "partial_usd": "0.00"} in lines


def test_in_constant_prices_too(loaded: Engine):
    ask = client_of(loaded)
    query = "category=worker_mobility&prices=constant&base_year=2020&year_from=2000"
    usual, more = lists(ask, query), lists(ask, f"{query}&include_secondary=true")
    assert {key: more.components[key] for key in usual.components} == usual.components
    assert more.components["P161541-whole"]["amount_usd"] == 0


@pytest.mark.parametrize("path", ["/v1/components", "/v1/projects"])
def test_what_counts_no_money_needs_no_price_index(loaded: Engine, path):
    ask = client_of(loaded)
    query = f"{path}?category=host_communities&prices=constant&base_year=2020&limit=1000"
    usual, more = (ask(f"{query}{also}").json() for also in ("", "&include_secondary=true"))
    assert [row for row in more["data"] if row in usual["data"]] == usual["data"]
    assert len(more["data"]) == more["totals"]["rows"] > usual["totals"]["rows"]
    undated = [row for row in more["data"] if row["year"] is None]
    assert {(row["project_id"], row["amount_usd"], row["partial_usd"]) for row in undated} == {("P181248", 0, 0)}


@pytest.mark.parametrize("path", ["/v1/components", "/v1/projects"])
def test_warnings_count_no_money_of_them(loaded: Engine, path):
    ask = client_of(loaded)
    usual, more = (
        ask(f"{path}?country=KEN&category=refugee_general{also}").json()["meta"]["warnings"]
        for also in ("", "&include_secondary=true")
    )
    assert more == usual
    assert any(warning.startswith("country leaves out ") for warning in usual)


REVIEWS = """subject_id,category,relevance,secondary_categories,share_percent,certainty,reason,reviewer,reviewed_on
S00001-1,refugee_employment,direct,worker_mobility,,sure,jobs,test,2026-01-01
S00001-2,remittances,direct,worker_mobility,,sure,fees,test,2026-01-01
S00001-3,worker_mobility,direct,remittances,40,sure,both,test,2026-01-01
S00001-3,refugee_health,direct,remittances,60,sure,both,test,2026-01-01
S00001-4,not_migration,none,worker_mobility,,sure,roads,test,2026-01-01
S00001-5,refugee_health,direct,diaspora,,sure,health,test,2026-01-01
"""


@pytest.fixture(scope="module")
def reviewed(shared, tmp_path_factory):
    """A project whose components were reviewed with further categories; the second states no amount."""
    project = "project_id,name,countries,status,approval_date,commitment_usd\nS00001,One,JOR,Active,2020-01-01,500"
    parts = "\n".join(f"S00001,{n},Part {n},{'' if n == 2 else 100},commitment" for n in range(1, 6))
    components = f"project_id,ordinal,title,amount_usd,amount_basis\n{parts}"
    engine, folder = shared(), tmp_path_factory.mktemp("tables")
    for name, content in (("projects", project), ("components", components), ("reviews", REVIEWS)):
        path = folder / f"{name}.csv"
        path.write_text(content, encoding="utf-8")
        assert take(engine, path).rejected == 0
    return client_of(engine)


def amounts(ask, query):
    rows = ask(f"/v1/components?{query}").json()["data"]
    return {row["component_id"]: row["amount_usd"] for row in rows}


def test_what_is_reviewed_with_a_further_category_is_found_by_it(reviewed):
    assert amounts(reviewed, "category=worker_mobility") == {"S00001-3": 40}
    found = {"S00001-1": 0, "S00001-2": None, "S00001-3": 40}
    assert amounts(reviewed, "category=worker_mobility&include_secondary=true") == found
    every = amounts(reviewed, "category=worker_mobility&include_secondary=true&relevance=direct,none")
    assert every == found | {"S00001-4": 0}


def test_a_row_with_a_share_under_another_category_counts_none_of_it(reviewed):
    found = {"S00001-2": None, "S00001-remainder": 0}  # which holds the money of the second, in part
    assert amounts(reviewed, "category=remittances") == found
    assert amounts(reviewed, "category=remittances&include_secondary=true") == found | {"S00001-3": 0}


def test_in_the_list_of_a_project_nothing_is_left_out_by_relevance(reviewed):
    path = "/v1/projects/S00001/components?category=worker_mobility&include_secondary=true"
    rows = reviewed(path).json()["data"]
    assert {row["component_id"]: row["amount_usd"] for row in rows} == {
        "S00001-1": 0,
        "S00001-2": None,
        "S00001-3": 40,
        "S00001-4": 0,
    }


def test_a_category_of_no_row_is_not_said_to_be_empty_nor_to_be_found(reviewed):
    said = "rows can be found there by further categories only, and an empty answer is not zero"
    for category, found in {"diaspora": ["S00001-5"], "refugee_housing": []}.items():
        answer = reviewed(f"/v1/components?category={category}&include_secondary=true").json()
        assert [row["component_id"] for row in answer["data"]] == found
        assert answer["meta"]["warnings"] == [f"no row loaded has category {category}: {said}"]
    empty = reviewed("/v1/components?category=diaspora").json()
    assert "the answer is empty there" in empty["meta"]["warnings"][0]
    assert empty["data"] == []
