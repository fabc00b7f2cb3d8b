"""The amounts of bulk files are those of the API's own answers, project by project and status by status."""

import csv
import io
import json
from collections import Counter
from decimal import Decimal

import pytest

from db.ingest.adapters.records import RecordsAdapter
from models.filters import STATUSES
from tests.conftest import client_of, let_go
from tests.data.export_helpers import PROJECT, csv_text, jsonl_text, take

EVERY_STATUS = f"status={','.join(STATUSES)}"
EVERYTHING = f"relevance=direct,partial,none&{EVERY_STATUS}"
MONEY = ("amount_usd", "partial_usd")

PROJECTS = [
    {"project_id": "DROPPED", "status": "Dropped", "commitment_usd": "7000000.01"},
    {"project_id": "UNSAID", "status": "", "commitment_usd": "300"},
    {"project_id": "UNPRICED", "commitment_usd": ""},
    {"project_id": "SHARED", "commitment_usd": "1000"},
    {"project_id": "DONOR", "commitment_usd": "90"},
    {"project_id": "LISTED", "commitment_usd": "100"},
]
LISTED = [("Support to refugees", "40"), ("Rural roads", "50.5"), ("Rural roads, unpriced", None)]
REVIEWS = [
    ("SHARED", "mobility_skills", "25", "direct"),
    ("SHARED", "not_migration", "75", "none"),
    ("DONOR", "in_donor_refugee_costs", "", "direct"),
    ("DROPPED", "refugee_health", "", "direct"),
    ("UNPRICED", "remittances", "", "direct"),
]


@pytest.fixture
def ask(bundled, write):
    """Ask of the bundled data, and of projects of every kind that they lack."""
    take(bundled, write("projects.csv", csv_text(*(PROJECT | project for project in PROJECTS))))
    components = (
        {"project_id": "LISTED", "ordinal": number, "title": title, "amount_usd": amount, "amount_basis": "commitment"}
        for number, (title, amount) in enumerate(LISTED, start=1)
    )
    take(bundled, write("components.jsonl", jsonl_text(*components, kind="component")))
    names = ("subject_id", "category", "share_percent", "relevance", "certainty", "reason", "reviewer", "reviewed_on")
    lines = (dict(zip(names, (*review, "sure", "a table", "me", "2026-11-25"), strict=True)) for review in REVIEWS)
    assert take(bundled, write("reviews.csv", csv_text(*lines)), RecordsAdapter("reviews")).rejected == 0
    yield client_of(bundled)
    let_go(bundled)


def read(ask, path):
    """The rows of a CSV file; amounts exact, `None`: not stated."""
    rows = list(csv.DictReader(io.StringIO(ask(path).text, newline="")))
    for row in rows:
        row |= {name: Decimal(cell) if cell else None for name, cell in row.items() if name.endswith("_usd")}
    return rows


def in_file(ask, table):
    newest = ask("/v1/releases/latest?fields=release_id").json()["data"]["release_id"]
    return read(ask, f"/v1/releases/{newest}/files/{table}.csv")


def in_list(ask, query):
    return {row["project_id"]: row for row in read(ask, f"/v1/projects?{query}&format=csv")}


def total(rows, *names):
    return sum(row[name] or 0 for row in rows for name in names)


def test_a_project_has_in_the_file_what_the_api_counts_of_it(ask):
    rows = in_file(ask, "projects")
    counted = in_list(ask, EVERY_STATUS)
    assert {row["project_id"] for row in rows} == set(in_list(ask, EVERYTHING)) > set(counted)
    for row in rows:
        project_id, left_out = row["project_id"], row.pop("left_out_usd")
        single = json.loads(ask(f"/v1/projects/{project_id}").text, parse_float=Decimal)["data"]
        assert [row[name] for name in MONEY] == [single[name] for name in MONEY], project_id
        assert project_id not in counted or row == counted[project_id]
        assert left_out is None or left_out >= 0


def test_what_is_left_out_of_a_project_is_beside_what_counts(ask):
    rows, whole = in_file(ask, "projects"), in_list(ask, EVERYTHING)
    for row in rows:
        assert total([row], *MONEY, "left_out_usd") == total([whole[row["project_id"]]], *MONEY), row
    assert total(rows, *MONEY, "left_out_usd") == total(in_file(ask, "components"), *MONEY)
    found = {row["project_id"]: tuple(row[name] for name in (*MONEY, "left_out_usd")) for row in rows}
    assert {name: found[name] for name in ("SHARED", "DONOR", "DROPPED", "LISTED", "UNPRICED", "P174085")} == {
        "SHARED": (250, 0, 750),
        "DONOR": (0, 0, 90),
        "DROPPED": (Decimal("7000000.01"), 0, 0),
        "LISTED": (40, Decimal("9.50"), Decimal("50.50")),
        "UNPRICED": (None, None, 0),
        "P174085": (Decimal("32987012.99"), 0, Decimal("167012987.01")),
    }


def test_components_add_up_by_the_status_of_their_projects(ask):
    money = Counter()
    for row in in_file(ask, "components"):
        money[row["status"]] += total([row], *MONEY)
    spend = read(ask, f"/v1/spend?{EVERYTHING}&group_by=status&format=csv")
    assert money == {row["status"]: total([row], *MONEY) for row in spend}
    assert money["Dropped"] == Decimal("7000000.01")
    assert set(money) == {*STATUSES, ""}


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_rows_of_components_say_the_status_of_their_project(ask, form):
    stated = {row["project_id"]: row["status"] for row in in_file(ask, "projects")}
    answer = ask(f"/v1/components?{EVERYTHING}&format={form}&fields=project_id,status").text
    rows = {
        "json": lambda: json.loads(answer)["data"],
        "jsonl": lambda: [json.loads(line) for line in answer.splitlines()],
        "csv": lambda: list(csv.DictReader(io.StringIO(answer))),
    }[form]()
    assert len(rows) >= 100
    assert all((row["status"] or "") == stated[row["project_id"]] for row in rows)
    for project_id in ("DROPPED", "UNSAID", "P174085"):
        single = ask(f"/v1/components/{project_id}-whole").json()["data"]
        assert (single["status"] or "") == stated[project_id]


def test_projects_say_how_sure_the_verdict_on_them_is(ask):
    """One of four verdicts that rest on recollection which nobody checked."""
    sheet = {row["project_id"]: row for row in in_file(ask, "projects")}
    listed = {row["project_id"]: row for row in ask("/v1/projects?limit=1000").json()["data"]}
    for project_id in ("P163468", "P174085", "DROPPED", "LISTED"):
        single = ask(f"/v1/projects/{project_id}").json()["data"]
        (why,) = [one for one in ask(f"/v1/components/{project_id}-whole").json()["data"]["why"] if one["effective"]]
        verdict = (why["method"], why["confidence"])
        assert (single["method"], single["confidence"]) == verdict
        assert (sheet[project_id]["method"], float(sheet[project_id]["confidence"])) == verdict
        assert project_id == "DROPPED" or (listed[project_id]["method"], listed[project_id]["confidence"]) == verdict
    assert listed["P163468"]["confidence"] == 0.5
    assert listed["LISTED"]["method"] == "derived"
    surest_last = ask("/v1/projects?sort=confidence&limit=1000&fields=project_id,confidence").json()["data"]
    assert [row["confidence"] for row in surest_last] == sorted(row["confidence"] for row in surest_last)
