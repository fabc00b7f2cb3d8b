"""What a release moved: rows that count elsewhere, at another time, by other lenders or less surely are listed, and say so."""

import io
import json

import pyarrow.parquet
import pytest
from sqlalchemy import update

from db import tables
from db.engine import writing
from tests.api.test_releases import OTHERS, all_pages, review
from tests.conftest import client_of
from tests.data.export_helpers import take

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
