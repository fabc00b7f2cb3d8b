"""Every project and component says where it comes from; sources that differ are shown side by side."""

import json
from decimal import Decimal

import pytest

from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from tests.conftest import client_of

PROJECT = {"type": "project", "project_id": "S00001", "name": "Synthetic project", "countries": "MAR"}
SAID = [
    ("2015-03-19", {"grant_usd": "1500000", "commitment_usd": "1500000", "source_url": "https://example.org/a"}),
    ("2019-06-30", {"grant_usd": "1750000", "commitment_usd": "1750000", "source_url": "https://example.org/b"}),
    ("2025-03-31", {"grant_usd": "3050000", "commitment_usd": "3050000", "source_url": "https://example.org/c"}),
]


@pytest.fixture
def ask(engine, tmp_path):
    """One project of which three documents state three grants, the newest loaded first."""
    for number, (day, fields) in enumerate(reversed(SAID)):
        path = tmp_path / f"{number}.jsonl"
        path.write_text(json.dumps(PROJECT | fields | {"as_of": day}), encoding="utf-8")
        assert ingest(engine, RecordsAdapter(), [path]).rejected == 0
    return client_of(engine)


def test_what_sources_say_is_shown_side_by_side_and_the_newest_counts(ask):
    project = ask("/v1/projects/S00001").json()["data"]
    assert [(line["as_of"], line["grant_usd"], line["source_url"]) for line in project["statements"]] == [
        (day, float(fields["grant_usd"]), fields["source_url"]) for day, fields in reversed(SAID)
    ]
    assert [line["run_id"] for line in project["statements"]] == [1, 2, 3]
    assert all(line["retrieved_at"].endswith("Z") for line in project["statements"])
    assert project["differing"] == ["grant_usd", "commitment_usd"]
    assert project["grant_usd"] == project["counted_usd"] == 3_050_000


def test_money_that_rests_on_copies_is_told_with_its_amount(get):
    rows = get("/v1/components?limit=1000").json()["data"]
    copied = [row for row in rows if row["source_id"] == "secondary-copies"]
    money = sum(Decimal(str((row["amount_usd"] or 0) + (row["partial_usd"] or 0))) for row in copied)
    projects = len({row["project_id"] for row in copied})
    told = "rows read from secondary copies, to be checked against the originals"
    assert projects > 1
    assert (
        f"includes {money:,.2f} US dollars of {projects} projects in {told}"
        in get("/v1/spend").json()["meta"]["warnings"]
    )
    assert not any("copies" in warning for warning in get("/v1/spend?granularity=project").json()["meta"]["warnings"])


def test_the_page_of_a_row_says_what_to_think_of_a_copy(get):
    row = next(row for row in get("/v1/components?limit=1000").json()["data"] if row["source_id"] == "secondary-copies")
    source = next(one for one in get("/v1/sources").json()["data"] if one["source_id"] == "secondary-copies")
    page = get(f"/components/{row['component_id']}").text
    assert source["name"] in page
    assert source["note"] in page
    assert source["note"] not in get("/components/P174085-3").text


def test_rows_of_money_can_be_told_apart(get):
    amounts = get("/v1/components/P170529-1").json()["data"]["amounts"]
    keys = [
        tuple(line[name] for name in ("measure", "project_id", "category", "country", "lender")) for line in amounts
    ]
    assert len(set(keys)) == len(keys) > len({key[:-1] for key in keys})


def test_a_filter_by_a_source_that_only_rows_name_says_what_it_asks_for(get):
    warnings = get("/v1/components?source=worldbank-documents").json()["meta"]["warnings"]
    assert any(
        warning.startswith("no project loaded has a record of source worldbank-documents") for warning in warnings
    )


def test_a_single_voice_differs_from_nobody(get):
    project = get("/v1/projects/P174085").json()["data"]
    assert len(project["statements"]) == 1
    assert project["differing"] == []


def test_a_component_says_where_and_when_it_was_taken(get):
    component = get("/v1/components/P174085-3").json()["data"]
    assert component["source_url"].startswith("http")
    assert component["as_of"]
    assert component["run_id"] == 1
    assert component["retrieved_at"].endswith("Z")
    whole = get("/v1/components/P150064-whole").json()["data"]
    assert (whole["run_id"], whole["retrieved_at"]) == (None, None)
