"""Releases: the states of the data, and what lies between two of them."""

import io
import json
from decimal import Decimal

import pandas
import pytest

from db.engine import reading
from db.queries.spend.spend import spend_rows
from models.filters import STATUSES, Dimension, Filters, SpendQuery
from models.vocabulary import Measure, Relevance
from tests.api.test_errors import problem
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, take

MIGRANTS = {**PROJECT, "project_cost_usd": "9000000.50", "as_of": "2024-01-01"}
OTHERS = {
    **MIGRANTS,
    "project_id": "X2",
    "name": "Refugee health",
    "commitment_usd": "7000000.25",
    "countries": "JOR;LBN",
    "country_shares": "50;50",
}
ROADS = {**MIGRANTS, "project_id": "X3", "name": "Roads", "commitment_usd": "3000000"}
TITLES = ("Training of workers", "Registration of refugees", "Project management")


def component(ordinal, amount, as_of, project_id="X1"):
    return {
        "type": "component",
        "project_id": project_id,
        "ordinal": ordinal,
        "title": TITLES[ordinal - 1],
        "amount_usd": amount,
        "amount_basis": "commitment",
        "as_of": as_of,
    }


def review(subject_id, category, relevance, day):
    return {
        "type": "review",
        "subject_id": subject_id,
        "category": category,
        "relevance": relevance,
        "certainty": "sure",
        "reason": "a test",
        "reviewer": "me",
        "reviewed_on": day,
    }


FIRST = [
    *({"type": "project", **one} for one in (MIGRANTS, OTHERS, ROADS)),
    component(1, "1000000.10", "2024-01-01"),
    component(2, "2000000.20", "2024-01-01"),
    component(3, "500000.30", "2024-01-01"),
    review("X1-1", "mobility_skills", "direct", "2024-01-02"),
    review("X1-2", "refugee_services", "partial", "2024-01-02"),
    review("X1-3", "mobility_skills", "direct", "2024-01-02"),
    review("X2", "refugee_health", "direct", "2024-01-02"),
    review("X3", "not_migration", "none", "2024-01-02"),
]
SECOND = [
    {"type": "project", **OTHERS, "status": "Dropped", "as_of": "2024-06-01"},
    {"type": "project", **MIGRANTS, "project_id": "X4", "name": "Remittances", "commitment_usd": "40000.40"},
    component(1, "1500000.70", "2024-06-01"),  # another amount, and the third is not listed any more
    component(2, "2000000.20", "2024-06-01"),
    review("X1-2", "refugee_education", "direct", "2024-06-02"),
    review("X4", "remittances", "direct", "2024-06-02"),
]


@pytest.fixture(scope="module")
def two(shared, tmp_path_factory):
    """Two releases, with what each kind of money came to after each."""
    engine, states = shared(), []
    for number, records in enumerate((FIRST, SECOND), start=1):
        path = tmp_path_factory.mktemp("records") / f"{number}.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        report = take(engine, path)
        assert (report.rejected, report.release_id) == (0, number)
        states.append({measure: totals(engine, measure) for measure in Measure})
    return engine, states


def totals(engine, measure):
    """Cents that count in full and in part, by category and status."""
    query = SpendQuery(
        Filters(relevance=tuple(Relevance), statuses=STATUSES, measure=measure),
        (Dimension.CATEGORY, Dimension.STATUS),
    )
    with reading(engine) as connection:
        rows = list(spend_rows(connection, query))
    return {(row["category"], row["status"]): (row["amount_usd"], row["partial_usd"]) for row in rows}


def all_pages(ask, path):
    """The rows of all pages."""
    found = []
    while path:
        page = json.loads(ask(path).text, parse_float=Decimal)
        found += page["data"]
        path = page["links"]["next"]
    return found


@pytest.mark.parametrize(("measure", "moves"), [("commitment", 6), ("cost", 3)])
def test_changes_are_the_difference_of_the_two_states_by_category_and_status(measure, moves, two):
    engine, (before, after) = two
    rows = all_pages(client_of(engine), f"/v1/releases/2/changes?measure={measure}&limit=3")
    moved = {}
    for row in rows:
        for side, sign in (("old", -1), ("new", 1)):
            if row[f"{side}_status"] is not None:
                sums = moved.setdefault((row["category"], row[f"{side}_status"]), [0, 0])
                for place, name in enumerate(("amount", "partial")):
                    sums[place] += sign * int((row[f"{side}_{name}_usd"] or 0) * 100)
    nothing, wanted = (0, 0), {}
    for key in before[measure].keys() | after[measure].keys():
        old, new = before[measure].get(key, nothing), after[measure].get(key, nothing)
        wanted[key] = [new[0] - old[0], new[1] - old[1]]
    assert {key: sums for key, sums in moved.items() if any(sums)} == {
        key: sums for key, sums in wanted.items() if any(sums)
    }
    assert len([sums for sums in wanted.values() if any(sums)]) >= moves


def test_changes_name_what_became_of_each_row(two):
    engine, _ = two
    ask = client_of(engine)
    rows = all_pages(ask, "/v1/releases/latest/changes")
    found = {(row["component_id"], row["category"]): row for row in rows}
    assert [(row["component_id"], row["category"]) for row in rows] == sorted(found)
    assert {key: row["change"] for key, row in found.items() if row["granularity"] != "remainder"} == {
        ("X1-1", "mobility_skills"): "changed",
        ("X1-2", "refugee_services"): "changed",
        ("X1-2", "refugee_education"): "changed",
        ("X1-3", "mobility_skills"): "removed",
        ("X2-whole", "refugee_health"): "changed",
        ("X4-whole", "remittances"): "added",
    }
    amounts = ("old_amount_usd", "new_amount_usd", "old_partial_usd", "new_partial_usd")
    left, came = found["X1-2", "refugee_services"], found["X1-2", "refugee_education"]
    assert [left[name] for name in amounts] == [0, None, Decimal("2000000.20"), None]
    assert [came[name] for name in amounts] == [None, Decimal("2000000.20"), None, 0]
    dropped = found["X2-whole", "refugee_health"]
    assert (dropped["old_status"], dropped["new_status"]) == ("Active", "Dropped")
    assert dropped["old_amount_usd"] == dropped["new_amount_usd"] == Decimal("7000000.25")


def test_money_that_came_into_a_category_has_not_moved_within_it(two):
    engine, _ = two
    rows = all_pages(client_of(engine), "/v1/releases/2/changes?category=refugee_education")
    assert [(row["moved"], row["old_countries"], row["old_approval_date"]) for row in rows] == [([], None, None)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("change=added", {"X4"}),
        ("change=removed&change=added", {"X1", "X4"}),
        ("project=x2", {"X2"}),
        ("category=refugee_services,refugee_education", {"X1"}),
        ("measure=disbursement", set()),
    ],
)
def test_filters_of_changes(query, wanted, two):
    engine, _ = two
    answer = client_of(engine)(f"/v1/releases/2/changes?{query}").json()
    assert {row["project_id"] for row in answer["data"]} == wanted
    assert answer["totals"]["rows"] == len(answer["data"])
    everything = client_of(engine)("/v1/releases/2/changes").json()["totals"]["rows"]
    assert answer["totals"]["rows"] < everything


def test_the_first_release_adds_everything(two):
    engine, (before, _) = two
    rows = all_pages(client_of(engine), "/v1/releases/1/changes?limit=2")
    assert {row["change"] for row in rows} == {"added"}
    assert sum(int(row["new_amount_usd"] * 100) for row in rows) == sum(
        full for full, _ in before["commitment"].values()
    )


def test_a_page_of_an_older_release_goes_on_when_others_follow(engine, write):
    ask = client_of(engine)
    take(engine, write("1.jsonl", "".join(json.dumps(record) + "\n" for record in FIRST)))
    numbered, latest = (ask(f"/v1/releases/{one}/changes?limit=2").json()["links"]["next"] for one in ("1", "latest"))
    take(engine, write("2.jsonl", "".join(json.dumps(record) + "\n" for record in SECOND)))
    assert ask(numbered).json()["meta"]["release"] == 1
    problem(ask(latest), 409)


def test_releases_are_listed_newest_first_and_paged(two):
    engine, _ = two
    ask = client_of(engine)
    listed = ask("/v1/releases").json()
    assert [row["release_id"] for row in listed["data"]] == [2, 1]
    assert all_pages(ask, "/v1/releases?limit=1") == listed["data"]
    second = listed["data"][0]
    assert (second["projects"], second["rows_added"], second["rows_removed"]) == (4, 1, 1)
    assert second["created_at"].endswith("Z")
    assert second["created_at"] > listed["data"][1]["created_at"]
    assert len({row["content_sha256"] for row in listed["data"]}) == 2


def test_one_release_by_number_or_as_the_latest(two):
    engine, _ = two
    ask = client_of(engine)
    listed = {row["release_id"]: row for row in ask("/v1/releases").json()["data"]}
    for name, number in (("1", 1), ("2", 2), ("latest", 2)):
        answer = ask(f"/v1/releases/{name}").json()
        assert {key: value for key, value in answer["data"].items() if key != "files"} == listed[number]
        assert answer["meta"]["release"] == number
    assert problem(ask("/v1/releases/3"), 404)["errors"][0]["suggestion"] == "2"
    assert problem(ask("/v1/releases/3/changes"), 404)
    for wrong in ("0", "newest", "1.0", "9999999999", "٣"):
        assert problem(ask(f"/v1/releases/{wrong}"), 422)["errors"][0]["parameter"] == "release_id"


@pytest.mark.parametrize("path", ["/v1/releases", "/v1/releases/latest", "/v1/releases/1/changes"])
def test_all_formats_hold_the_same_rows(path, get):
    rows = get(f"{path}?limit=1000" if "latest" not in path else path).json()["data"]
    rows = rows if isinstance(rows, list) else [rows]
    lines = get(f"{path}?format=jsonl").text.splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert len(pandas.read_csv(io.BytesIO(get(f"{path}?format=csv").content))) == len(rows)
    assert len(pandas.read_parquet(io.BytesIO(get(f"{path}?format=parquet").content))) == len(rows)
    assert len(pandas.read_excel(io.BytesIO(get(f"{path}?format=xlsx").content), engine="calamine")) == len(rows)


def test_both_databases_tell_the_same_changes(loaded_engines):
    answers = {client_of(engine)("/v1/releases/1/changes?format=csv").content for engine in loaded_engines.values()}
    assert len(answers) == 1
    assert answers.pop().count(b"\r\n") > 400


def test_without_data_there_is_no_release(engine):
    ask = client_of(engine)
    for path in ("", "/latest", "/1/changes", "/1/files/spend.csv", "/1/datapackage.json"):
        problem(ask(f"/v1/releases{path}"), 503)
    problem(ask("/datapackage.json"), 503)
