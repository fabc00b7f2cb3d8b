"""What a process does whose database was migrated by a newer version while it ran: it answers, but writes no run."""

import threading

import pytest
from sqlalchemy import text

from db import run_lock
from db.engine import writing
from db.errors import SchemaOutdatedError
from db.migrate import upgrade
from db.revision import newest_revision
from models.vocabulary import Scope
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, csv_text, rows, take
from tests.data.writing import CSV, new_key, sender, until


def at_revision(engine, number):
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})


def test_an_old_process_takes_nothing_in_and_its_uploads_wait_for_a_new_one(engine, write):
    take(engine, write("a.csv", csv_text(PROJECT)))
    send = sender(engine, new_key(engine))
    at_revision(engine, "synthetic-9999")
    with pytest.raises(SchemaOutdatedError, match="synthetic-9999"):
        take(engine, write("b.csv", csv_text({**PROJECT, "project_id": "X2"})))
    answer = send(csv_text({**PROJECT, "project_id": "X3"}).encode(), "", CSV, Prefer="respond-async")
    assert answer.status_code == 202
    assert [run["status"] for run in rows(engine, "ingest_run")] == ["done", "queued"]
    get = client_of(engine)
    assert get("/v1/projects/X1").status_code == 200
    assert get("/readyz").status_code == 503
    at_revision(engine, newest_revision())
    until(lambda: rows(engine, "ingest_run")[-1]["status"] == "done", "the upload is taken in")
    assert [row["project_id"] for row in rows(engine, "project")] == ["X1", "X3"]


def test_an_old_process_takes_no_decision(engine, write):
    take(engine, write("a.csv", csv_text(PROJECT)))
    line = {"category": "remittances", "relevance": "direct", "share_percent": "100"}
    review = {"subject_id": "X1", "lines": [line], "certainty": "sure", "reason": "synthetic"}
    headers = new_key(engine, Scope.REVIEW) | {"If-Match": "*"}
    at_revision(engine, "synthetic-9999")
    answer = client_of(engine)("/v1/reviews", "POST", headers=headers, json=review)
    assert answer.status_code == 503
    assert (
        "is at revision synthetic-9999, which a later version of the program made: this one knows"
        in answer.json()["detail"]
    )
    assert rows(engine, "review") == []
    at_revision(engine, newest_revision())
    assert client_of(engine)("/v1/reviews", "POST", headers=headers, json=review).status_code == 200


def test_a_migration_waits_for_the_run_at_work(engine, monkeypatch):
    asked = threading.Event()
    monkeypatch.setattr(run_lock.time, "sleep", lambda _: asked.set() or threading.Event().wait(0.01))
    migrating = threading.Thread(target=upgrade, args=(engine,))
    with run_lock.run_lock(engine):
        migrating.start()
        assert asked.wait(60), "it did not have to wait"
        assert migrating.is_alive()
    migrating.join(60)
    assert not migrating.is_alive()


def test_the_revision_that_is_needed_is_that_of_the_code_that_runs(monkeypatch, tmp_path):
    needed = newest_revision()
    monkeypatch.setattr("db.revision.MIGRATIONS", tmp_path)  # as if newer files had come
    assert newest_revision() == needed
