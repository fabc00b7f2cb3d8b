"""A project that comes to name another parent is counted with that one, and no longer with the one it named before."""

import pytest

from db.engine import make_engine, reading
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.figures.families import families_of
from db.migrate import upgrade
from models.project import BUNDLE
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, csv_text, jsonl_text, rows, take

NAMES = ("A1", "B1")


def projects(child_of):
    """Two parents whose amounts hold those of their additional financing, which belongs to one of them."""
    parents = [PROJECT | {"project_id": name, "commitment_usd": "9000000", "as_of": "2024-01-01"} for name in NAMES]
    child = PROJECT | {
        "project_id": "C1",
        "commitment_usd": "2000000",
        "parent_project_id": child_of,
        "included_in_parent": "yes",
        "as_of": "2024-01-01" if child_of == NAMES[0] else "2024-06-01",
    }
    return csv_text(*parents, child)


def money(engine):
    """Cents of commitment by project."""
    found = {}
    for row in rows(engine, "spend_fact"):
        if row["measure"] == "commitment":
            found[row["project_id"]] = found.get(row["project_id"], 0) + (row["amount_cents"] or 0)
    return found


def test_money_goes_over_to_the_new_parent(engine, write):
    take(engine, write("first.csv", projects("A1")))
    assert money(engine) == {"A1": 700_000_000, "B1": 900_000_000, "C1": 200_000_000}
    take(engine, write("second.csv", projects("B1")))
    assert money(engine) == {"A1": 900_000_000, "B1": 700_000_000, "C1": 200_000_000}


def financed(parent=None, child=None):
    """A project of 100 dollars that holds an additional financing of 20."""
    shared = PROJECT | {"as_of": "2024-01-01"}
    own = {"project_id": "C1", "commitment_usd": "20", "parent_project_id": "A1", "included_in_parent": "yes"}
    return csv_text(
        shared | {"project_id": "A1", "commitment_usd": "100", **(parent or {})}, shared | own | (child or {})
    )


@pytest.mark.parametrize(
    ("changes", "cents"),
    [
        ({}, 8_000),
        ({"parent": {"counted_note": "just a remark"}}, 8_000),
        ({"parent": {"counted_usd": "70"}}, 7_000),  # its own record says that less is counted
        ({"child": {"status": "Dropped"}}, 10_000),  # no total holds what was dropped
        ({"child": {"commitment_usd": "120"}}, 0),  # what it holds is more than it states
    ],
)
def test_what_a_parent_counts(engine, write, changes, cents):
    take(engine, write("family.csv", financed(**changes)))
    assert money(engine)["A1"] == cents


def test_after_a_correction_the_note_says_once_what_the_stated_amount_holds(engine, write):
    note = {"counted_note": "stated amount holds that of its additional financings, rows of their own: C1"}
    take(engine, write("first.csv", financed({"counted_usd": "80"} | note)), RecordsAdapter(BUNDLE))
    take(engine, write("corrected.csv", financed({"counted_usd": "100", "as_of": "2024-06-01"})))
    (parent,) = (row for row in rows(engine, "project") if row["project_id"] == "A1")
    assert (parent["counted_cents"], parent["counted_note"]) == (8_000, note["counted_note"])


@pytest.mark.parametrize(
    ("included", "measure", "warned"),
    [
        ("yes", "commitment", False),  # it is taken off
        ("yes", "cost", True),
        ("no", "cost", False),
        ("unknown", "commitment", True),
        ("", "commitment", True),  # nobody said
        ("no", "commitment", False),
    ],
)
def test_money_that_may_be_in_two_amounts_is_told(engine, write, included, measure, warned):
    content = financed({"project_cost_usd": "100"}, {"project_cost_usd": "20", "included_in_parent": included})
    take(engine, write("family.csv", content))
    warnings = client_of(engine)(f"/v1/spend?measure={measure}&relevance=direct,partial,none").json()["meta"][
        "warnings"
    ]
    told = "20.00 US dollars of 1 additional financing may also be held in a parent's amount"
    assert (told in warnings) is warned


@pytest.mark.parametrize("path", ["components", "projects", "projects/C1/components", "components/C1-whole"])
@pytest.mark.parametrize(
    ("included", "measure", "warned"),
    [
        ("yes", "cost", ["cost"]),
        ("yes", "commitment", ["cost"]),  # the single component tells all measures
        ("no", "cost", []),
        ("unknown", "cost", ["commitment", "cost"]),
        ("unknown", "commitment", ["commitment", "cost"]),
        ("", "commitment", ["commitment", "cost"]),  # nobody said
        ("no", "commitment", []),
    ],
)
def test_lists_and_the_single_component_tell_what_may_count_twice(engine, write, path, included, measure, warned):
    content = financed({"project_cost_usd": "100"}, {"project_cost_usd": "20", "included_in_parent": included})
    take(engine, write("family.csv", content))
    query = "" if "whole" in path else f"?measure={measure}"
    query += "&relevance=direct,partial,none" if path in ("components", "projects") else ""
    told = "20.00 US dollars of 1 additional financing may also be held in a parent's amount"
    said = client_of(engine)(f"/v1/{path}{query}").json()["meta"]["warnings"]
    if "whole" in path:
        assert said == [f"under {one} {told}" for one in warned]
    else:
        assert said == ([told] if measure in warned else [])


@pytest.mark.parametrize(
    ("financing", "warned"),
    [
        ({"additional_financing": "yes"}, True),
        ({"additional_financing": "yes", "included_in_parent": "no"}, False),
        (
            {"additional_financing": "yes", "parent_project_id": "Z9"},
            False,
        ),  # nothing is in an amount that is not loaded
        ({"additional_financing": "no"}, False),
    ],
)
def test_an_additional_financing_of_which_nobody_says_what_it_adds_to_is_told(engine, write, financing, warned):
    parent, child = ({"project_id": name, "commitment_usd": usd} for name, usd in (("A1", "100"), ("C1", "120")))
    take(engine, write("family.csv", csv_text(PROJECT | parent, PROJECT | child | financing)))
    ask = client_of(engine)
    warnings = ask("/v1/spend?relevance=direct,partial,none").json()["meta"]["warnings"]
    told = "120.00 US dollars of 1 additional financing may also be held in a parent's amount"
    assert (told in warnings) is warned
    of_one = ask("/v1/components/C1-whole").json()["meta"]["warnings"]
    assert of_one == ([f"under commitment {told}"] if warned else [])


def test_what_two_sources_say_of_one_date_stands_side_by_side(engine, write):
    said = {"project_id": "A1", "name": "Labour migration", "as_of": "2025-01-01"}
    one = csv_text(said | {"source": "user-records", "countries": "JOR", "commitment_usd": "1000000"})
    other = csv_text(said | {"source": "worldbank-projects", "countries": "JOR", "disbursement_usd": "7"})
    for name, content in (("one.csv", one), ("other.csv", other)):
        assert take(engine, write(name, content)).rejected == 0
    found = client_of(engine)("/v1/projects/A1").json()["data"]
    assert found["commitment_usd"] == 1_000_000
    said_of = {one["source_id"]: (one["commitment_usd"], one["disbursement_usd"]) for one in found["statements"]}
    assert said_of == {"user-records": (1_000_000, None), "worldbank-projects": (None, 7)}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_comes_out_as_if_the_last_word_had_been_the_first(engine, write, tmp_path):
    take(engine, write("first.csv", projects("A1")))
    take(engine, write("second.csv", projects("B1")))
    other = make_engine(f"sqlite:///{tmp_path / 'other.db'}")
    upgrade(other)
    take(other, write("third.csv", projects("B1")))
    assert money(engine) == money(other)
    other.dispose()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_each_project_is_in_one_family_whatever_its_sources_say(engine, write):
    take(engine, write("first.csv", projects("A1")))
    take(engine, write("second.csv", projects("B1")))
    with reading(engine) as connection:
        assert families_of(connection, {"A1"}) == {"A1": ["A1"]}
        assert families_of(connection, {"A1", "B1"}) == {"A1": ["A1"], "B1": ["B1", "C1"]}
        assert families_of(connection, {"C1"}) == {"B1": ["B1", "C1"]}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_parents_of_parents_and_rings_are_one_family(engine, write):
    def child(name, parent):
        return PROJECT | {"project_id": name, "parent_project_id": parent, "included_in_parent": "no"}

    take(engine, write("chain.csv", csv_text(PROJECT, child("X2", "X1"), child("X3", "X2"))))
    take(engine, write("ring.csv", csv_text(child("R1", "R2"), child("R2", "R1"))))
    with reading(engine) as connection:
        for one in ("X1", "X2", "X3"):
            assert families_of(connection, {one}) == {"X1": ["X1", "X2", "X3"]}
        for one in ("R1", "R2"):
            assert families_of(connection, {one}) == {"R1": ["R1", "R2"]}
    assert money(engine) == dict.fromkeys(("X1", "X2", "X3", "R1", "R2"), 500_000_000)


def financing(name, parent, usd, included="yes", **more):
    """A project that is an additional financing of another."""
    stated = {
        "project_id": name,
        "parent_project_id": parent,
        "included_in_parent": included,
        "commitment_usd": str(usd),
    }
    return PROJECT | stated | more


TREES = {
    "held by one that is not held": (
        [PROJECT | {"commitment_usd": "100"}, financing("X2", "X1", 30, "no"), financing("X3", "X2", 10)],
        {"X1": 100_00, "X2": 20_00, "X3": 10_00},
    ),
    "held by one that is held": (
        [PROJECT | {"commitment_usd": "100"}, financing("X2", "X1", 30), financing("X3", "X2", 10)],
        {"X1": 70_00, "X2": 20_00, "X3": 10_00},
    ),
    "whose topmost is not loaded": (
        [financing("X2", "X1", 30), financing("X3", "X2", 10)],
        {"X2": 20_00, "X3": 10_00},
    ),
    "with a curated amount and no note": (
        [PROJECT | {"commitment_usd": "100", "counted_usd": "60"}, financing("X2", "X1", 10)],
        {"X1": 60_00, "X2": 10_00},
    ),
    "in a ring": (
        [financing("X1", "X2", 100), financing("X2", "X1", 200), financing("X3", "X2", 50)],
        {"X1": 100_00, "X2": 150_00, "X3": 50_00},
    ),
}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("tree", TREES)
def test_each_dollar_is_counted_once_down_a_tree_of_financings(engine, write, tree):
    records, counted = TREES[tree]
    take(engine, write("tree.csv", csv_text(*records)))
    assert money(engine) == counted


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_ring_says_why_nothing_is_taken_off(engine, write):
    take(engine, write("ring.csv", csv_text(financing("X1", "X2", 100), financing("X2", "X1", 200))))
    notes = {row["project_id"]: row["counted_note"] for row in rows(engine, "project")}
    assert notes == {
        "X1": "not taken off the amount of its parent X2: they are in a ring",
        "X2": "not taken off the amount of its parent X1: they are in a ring",
    }


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_family_of_a_parent_that_is_not_loaded_stands_under_the_topmost_that_is(engine, write):
    take(
        engine,
        write("tree.csv", csv_text(financing("X2", "X1", 30), financing("X3", "X2", 10), financing("X4", "X1", 5))),
    )
    with reading(engine) as connection:
        assert families_of(connection, {"X3"}) == {"X2": ["X2", "X3"], "X4": ["X4"]}
    take(engine, write("parent.csv", csv_text(PROJECT | {"commitment_usd": "100"})))
    assert money(engine) == {"X1": 65_00, "X2": 20_00, "X3": 10_00, "X4": 5_00}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_titles_that_a_financing_lists_itself_stay_beside_the_list_that_is_spread_over_it(engine, write):
    def component(project_id, title, **more):
        return {"type": "component", "project_id": project_id, "ordinal": 1, "title": title, **more}

    projects = jsonl_text(PROJECT | {"commitment_usd": "60"}, financing("X2", "X1", 40, "no"))
    listed = jsonl_text(
        component("X1", "Refugee housing", amount_usd="100", amount_basis="commitment"),
        component("X2", "Refugee schools"),
    )
    take(engine, write("family.jsonl", projects + listed))
    found = {
        (row["component_id"], row["project_id"]): row["amount_cents"]
        for row in rows(engine, "spend_fact")
        if row["measure"] == "commitment"
    }
    assert found == {("X1-1", "X1"): 60_00, ("X1-1", "X2"): 40_00, ("X2-1", "X2"): None}


P100 = PROJECT | {"commitment_usd": "100"}

LISTS = {
    "beside one that was dropped": (
        [P100, financing("X2", "X1", 30), financing("X3", "X1", 20, status="Dropped")],
        ("X1", 60, 40),
        {"X1": 70_00, "X2": 30_00},
    ),
    "beside one that was dropped and may not be held": (
        [P100, financing("X2", "X1", 100, "unknown"), financing("X3", "X1", 50, "unknown", status="Dropped")],
        ("X1", 120, 80),
        {"X1": 100_00, "X2": 100_00},
    ),
    "beside one without an amount": (
        [P100, financing("X2", "X1", 30), financing("X3", "X1", "")],
        ("X1", 60, 40),
        {"X1": 70_00, "X2": 30_00},
    ),
    "beside one of nothing": (
        [P100, financing("X2", "X1", 30), financing("X3", "X1", 0)],
        ("X1", 60, 40),
        {"X1": 70_00, "X2": 30_00},
    ),
    "of one that is held whole": (
        [P100, financing("X2", "X1", 100)],
        ("X1", 60, 40),
        {"X1": 0, "X2": 100_00},
    ),
    "of one below the topmost": (
        [PROJECT | {"commitment_usd": "500"}, financing("X2", "X1", 100, "no"), financing("X3", "X2", 40)],
        ("X2", 60, 40),
        {"X2": 60_00, "X3": 40_00},
    ),
}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("case", LISTS)
def test_a_list_that_names_the_money_of_a_family_is_spread_over_it(engine, write, case):
    """No dollar of it is counted twice: where it was, the total of all projects would be more."""
    records, (parent, *amounts), expected = LISTS[case]
    components = [
        {"type": "component", "project_id": parent, "ordinal": n, "title": f"Part {n}", "amount_usd": str(usd)}
        for n, usd in enumerate(amounts, start=1)
    ]
    listed = [component | {"amount_basis": "commitment"} for component in components]
    take(engine, write("family.jsonl", jsonl_text(*records, *listed)))
    found = {}
    for row in rows(engine, "spend_fact"):
        if row["measure"] == "commitment" and row["granularity"] == "component":
            found[row["project_id"]] = found.get(row["project_id"], 0) + row["amount_cents"]
            assert not row["exceeds_total"]
    assert found == expected
    counted = {row["project_id"]: row["counted_cents"] or 0 for row in rows(engine, "project")}
    assert money(engine) == counted


ELSEWHERE = "of 1 additional financing in rows that another project of the family lists"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", f"includes 40.00 US dollars {ELSEWHERE}"),
        ("?year_from=2021", f"includes 40.00 US dollars {ELSEWHERE}"),
        ("?project=X2", f"includes 40.00 US dollars {ELSEWHERE}"),
        ("?category=remittances,diaspora&include_secondary=true", None),
        ("?year_to=2020", None),
        ("?project=X1", None),
        ("?measure=cost", None),
    ],
)
def test_a_list_tells_the_money_that_counts_on_another_project_than_its_row(engine, write, query, told):
    """A row stands under the project that lists it and its year, while part of its money counts on a financing of 2021."""
    part = {"type": "component", "project_id": "X1", "ordinal": 1, "title": "Support to refugees", "amount_usd": "100"}
    later = financing("X2", "X1", 40, "no", approval_date="2021-05-01")
    records = jsonl_text(PROJECT | {"commitment_usd": "60"}, later, part | {"amount_basis": "commitment"})
    take(engine, write("family.jsonl", records))
    ask = client_of(engine)
    found = ask(f"/v1/components{query}").json()
    said = [warning for warning in found["meta"]["warnings"] if "another project" in warning]
    assert [warning.split(":")[0] for warning in said] == ([told] if told else [])
    elsewhere = [line for line in ask("/v1/components/X1-1").json()["data"]["amounts"] if line["project_id"] == "X2"]
    assert sum(line["amount_usd"] + line["partial_usd"] for line in elsewhere if line["measure"] == "commitment") == 40
    assert not any("another project" in one for one in ask(f"/v1/projects{query}").json()["meta"]["warnings"])
