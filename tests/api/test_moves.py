"""What a release moved: rows that count elsewhere, at another time, by other lenders or less surely are listed, and say so."""

import csv
import io
import json

import pyarrow.parquet
import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from api.cli.commands import app
from db import tables
from db.engine import writing
from db.settings import get_settings
from tests.api.test_releases import OTHERS, all_pages, review
from tests.conftest import client_of
from tests.data.export_helpers import address, take

SAID = {"type": "project", **OTHERS}
DECIDED = review("X2", "refugee_health", "direct", "2024-01-02")


@pytest.fixture
def moved_by(engine, write):
    """Say in a second release what is given, and return the rows that it changed of the commitment."""

    def ingest(number, *records):
        report = take(engine, write(f"{number}.jsonl", "".join(json.dumps(record) + "\n" for record in records)))
        assert (report.rejected, report.release_id) == (0, number)

    def moved(record):
        ingest(2, record)
        assert client_of(engine)("/v1/releases/2").json()["data"]["rows_changed"] == 1
        return all_pages(client_of(engine), "/v1/releases/2/changes")

    ingest(1, SAID, DECIDED)
    return moved


@pytest.mark.parametrize(
    ("fields", "moved", "countries"),
    [
        ({"approval_date": "2011-02-03"}, ["approval_date"], ["JOR", "LBN"]),
        ({"countries": "JOR", "country_shares": ""}, ["country"], ["JOR"]),
        ({"countries": "JOR;LBN", "country_shares": "90;10"}, ["country"], ["JOR", "LBN"]),
        ({"commitment_usd": "8000000"}, ["amount"], ["JOR", "LBN"]),
        ({"commitment_usd": "8000000", "countries": "TUR", "country_shares": ""}, ["amount", "country"], ["TUR"]),
        ({"ibrd_usd": "7000000.25"}, ["lender"], ["JOR", "LBN"]),
        ({"status": "Closed"}, ["status"], ["JOR", "LBN"]),
        ({"instrument": "Program-for-Results Financing"}, ["instrument"], ["JOR", "LBN"]),
    ],
)
def test_changes_name_what_moved(moved_by, fields, moved, countries):
    (row,) = moved_by(SAID | {"as_of": "2024-07-01"} | fields)
    assert (row["change"], row["moved"]) == ("changed", moved)
    assert (row["old_countries"], row["new_countries"]) == (["JOR", "LBN"], countries)
    assert row["old_approval_date"] == OTHERS["approval_date"]
    assert row["new_approval_date"] == fields.get("approval_date", OTHERS["approval_date"])


def test_what_moved_is_a_list_in_parquet_too(moved_by, engine):
    moved_by(SAID | {"as_of": "2024-07-01", "countries": "JOR", "country_shares": ""})
    file = client_of(engine)("/v1/releases/2/changes?format=parquet&fields=moved,new_countries").content
    assert pyarrow.parquet.read_table(io.BytesIO(file)).to_pylist() == [
        {"moved": ["country"], "new_countries": ["JOR"]}
    ]


def test_a_decision_that_is_less_sure_now_is_told(moved_by):
    (row,) = moved_by(DECIDED | {"reviewed_on": "2024-07-02", "certainty": "doubtful"})
    assert row["moved"] == ["confidence"]


def test_what_an_earlier_version_of_the_program_did_not_write_down_is_null(moved_by, engine):
    moved_by(SAID | {"as_of": "2024-07-01", "countries": "JOR", "country_shares": ""})
    with writing(engine) as connection:
        connection.execute(update(tables.release_change).values(moved=None, old_countries=None, new_countries=None))
    rows = all_pages(client_of(engine), "/v1/releases/2/changes")
    assert {(row["moved"], row["old_countries"], row["new_countries"]) for row in rows} == {(None, None, None)}


@pytest.mark.parametrize(
    ("row", "measure", "column", "moved"),
    [("P090644-whole", "cost", "amount_cents", "amount"), ("P090644-1", "commitment", "lender", "lender")],
)
def test_reclassifying_tells_what_moves_under_any_measure_and_in_any_way(
    bundled, monkeypatch, row, measure, column, moved
):
    """What is stored differs from what it is computed from, as where an older version of the program computed it."""
    fact = tables.spend_fact
    others = {"amount_cents": fact.c.amount_cents - 5, "lender": "ibrd"}
    with writing(bundled) as connection:
        mine = fact.c.component_id == row, fact.c.measure == measure
        assert connection.execute(update(fact).where(*mine).values({column: others[column]})).rowcount == 1
    monkeypatch.setenv("DATABASE_URL", address(bundled))
    get_settings.cache_clear()
    said = f"1 row moves ({measure} 1)"
    for words, ends in (
        (["--dry-run"], f"{said}; nothing was written"),
        ([], f"{said}; release 2"),
        ([], "0 rows move; nothing was written"),
    ):
        found = CliRunner().invoke(app, ["reclassify", *words])
        assert found.stderr.strip() == ends
        lines = [
            (line["component_id"], line["state"], line["measure"], line["moved"]) for line in as_rows(found.stdout)
        ]
        assert lines == [(row, state, measure, moved) for state in ("before", "after") if said in ends]
    get_settings.cache_clear()


def as_rows(text):
    return list(csv.DictReader(io.StringIO(text)))
