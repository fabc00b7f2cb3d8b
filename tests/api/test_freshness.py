"""Stale data say so, in answers and to those who watch; a tag from before does not hide it."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from db import tables
from db.engine import writing
from db.ingest.adapters.iati import IatiAdapter
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from db.ingest.reclassify import reclassify
from db.moments import in_utc
from db.settings import DATA_DIR, get_settings
from tests.conftest import client_of, watch_of
from tests.data.export_helpers import PROJECT, csv_text, rows


def known(engine):
    """When the watch last knew of a completed run; on PostgreSQL it looks twice a second."""
    return watch_of(engine).current().checked_at


def wait_until(true):
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def checked_before(engine, age):
    """Whether the newest release was confirmed longer ago than that, as the database has it."""
    return in_utc(rows(engine, "release")[-1]["checked_at"]) < datetime.now(UTC) - age


@pytest.fixture
def old(bundled, monkeypatch):
    """The bundled data, which no run has confirmed for fifty days."""
    monkeypatch.setenv("STALE_AFTER_DAYS", "45")
    get_settings.cache_clear()
    ask = client_of(bundled)
    tag = ask("/v1/spend").headers["etag"]
    with writing(bundled) as connection:
        connection.execute(update(tables.release).values(checked_at=datetime.now(UTC) - timedelta(days=50)))
    wait_until(lambda: known(bundled) < datetime.now(UTC) - timedelta(days=49))
    yield bundled, ask, tag
    get_settings.cache_clear()


def test_stale_data_say_so_and_still_answer(old):
    _, ask, tag = old
    answer = ask("/v1/spend", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag
    meta = answer.json()["meta"]
    assert meta["stale"] is True
    assert meta["warnings"][0].startswith("stale: no run has confirmed the data since")
    ready = ask("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "stale")


def test_a_run_that_changes_nothing_makes_them_fresh(old):
    engine, ask, _ = old
    assert ingest(engine, RecordsAdapter("bundle"), [DATA_DIR / "projects.csv"]).release_id is None
    wait_until(lambda: known(engine) > datetime.now(UTC) - timedelta(days=1))
    assert ask("/v1/spend").json()["meta"]["stale"] is False
    assert ask("/readyz").json()["status"] == "ok"


NOTHING = {
    "all refused": (RecordsAdapter(), "a.csv", csv_text({**PROJECT, "commitment_usd": "-1"})),
    "no records": (RecordsAdapter(), "a.json", "[]"),
    "a header alone": (RecordsAdapter(), "a.csv", csv_text(PROJECT).splitlines()[0] + "\n"),
    "no activities": (IatiAdapter(), "a.xml", '<iati-activities version="2.03"/>'),
}


@pytest.mark.parametrize(("adapter", "name", "content"), NOTHING.values(), ids=NOTHING)
def test_a_run_in_which_nothing_stands_confirms_nothing(old, write, adapter, name, content):
    engine, ask, _ = old
    assert ingest(engine, adapter, [write(name, content)]).release_id is None
    assert rows(engine, "ingest_run")[-1]["status"] == "done"
    assert checked_before(engine, timedelta(days=49))
    assert ask("/readyz").json()["status"] == "stale"


@pytest.mark.parametrize("by", ["a run that is refused to the last", "a reclassification"])
def test_a_release_that_is_made_by_other_rules_alone_is_no_fresher(old, write, monkeypatch, by):
    engine, _, _ = old
    with writing(engine) as connection:
        connection.execute(update(tables.release).values(rules_version="1"))
    if by == "a reclassification":
        release = reclassify(engine, dry_run=False)[1].release_id
    else:
        release = ingest(engine, RecordsAdapter(), [write("a.csv", NOTHING["all refused"][2])]).release_id
    assert release == 2
    assert checked_before(engine, timedelta(days=49))


@pytest.mark.parametrize("days", ["0", "60"])
def test_the_operator_says_how_old_is_stale(old, monkeypatch, days):
    _, ask, _ = old
    monkeypatch.setenv("STALE_AFTER_DAYS", days)
    get_settings.cache_clear()
    assert ask("/v1/spend").json()["meta"]["stale"] is False
    assert ask("/readyz").json()["status"] == "ok"
