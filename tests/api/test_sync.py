"""`sync` takes in every live source, goes on where one fails, and says so by its exit code."""

import subprocess
import sys

import pytest

from api.cli import sync as sync_cli
from db.engine import make_engine, reading
from db.ingest.adapters.worldbank_api import WorldBankApiAdapter
from db.ingest.adapters.worldbank_documents import WorldBankDocumentsAdapter
from db.ingest.figures.merge import POLLED
from db.ingest.records.precedence import ASKED_AGAIN
from db.ingest.report import Report
from db.migrate import upgrade
from db.queries.runs import list_runs
from db.settings import SyncSource, get_settings
from tests.conftest import DATABASES
from tests.data.fake_worldbank import ever_from, running

WAYS_IN = {
    SyncSource.WORLDBANK: WorldBankApiAdapter.name,
    SyncSource.WORLDBANK_DOCUMENTS: WorldBankDocumentsAdapter.name,
}
"""By which way in the records of each live source come."""


def test_what_a_live_source_says_again_is_nothing_to_tell():
    assert set(WAYS_IN) == set(SyncSource)
    assert set(WAYS_IN.values()) <= POLLED | ASKED_AGAIN


def sync(url, tmp_path, address):
    environment = {
        "DATABASE_URL": url,
        "SPOOL_DIR": str(tmp_path / "spool"),
        "WORLDBANK_API_URL": address,
        "SYNC_SOURCES": "worldbank",
        "PATH": "/usr/bin:/bin",
    }
    return subprocess.run(
        [sys.executable, "-m", "api", "sync"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("kind", DATABASES)
def test_all_sources_are_taken_in_and_a_second_time_changes_nothing(kind, new_database, tmp_path):
    url = new_database(kind)
    engine = make_engine(url)
    upgrade(engine)
    with running(7) as fake:
        first, second = sync(url, tmp_path, fake.address), sync(url, tmp_path, fake.address)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "added 7" in first.stdout
    assert "unchanged 7" in second.stdout
    assert "failed nothing" in second.stdout
    with reading(engine) as connection:
        assert [run["status"] for run in list_runs(connection)] == ["done", "done"]
    engine.dispose()


def test_a_source_that_fails_is_named_and_nothing_is_written(new_database, tmp_path):
    url = new_database("sqlite")
    engine = make_engine(url)
    upgrade(engine)
    with running(7) as fake:
        fake.fault = ever_from(0, "403")
        result = sync(url, tmp_path, fake.address)
    assert result.returncode != 0
    assert "worldbank" in (result.stderr + result.stdout).lower()
    with reading(engine) as connection:
        (run,) = list_runs(connection)
    assert (run["status"], run["read"]) == ("refused", 0)
    assert "answered 403" in run["detail"]
    engine.dispose()


def test_a_source_whose_records_are_all_refused_has_failed(new_database, tmp_path):
    url = new_database("sqlite")
    engine = make_engine(url)
    upgrade(engine)
    with running(7) as fake:
        names = {key: fields.pop("project_name") for key, fields in fake.projects.items()}
        changed = sync(url, tmp_path, fake.address)
        for key in list(names)[1:]:
            fake.projects[key]["project_name"] = names[key]
        mended = sync(url, tmp_path, fake.address)
    assert (changed.returncode, mended.returncode) == (1, 0)
    assert "read 7, added 0, changed 0, unchanged 0, rejected 7" in changed.stdout
    assert changed.stderr == "worldbank: none of its records could be taken in\n"
    assert changed.stdout.endswith("sync: done nothing; failed worldbank\n")
    assert "added 6, changed 0, unchanged 0, rejected 1" in mended.stdout
    engine.dispose()


def test_what_nobody_foresaw_of_one_source_does_not_keep_the_next(new_database, monkeypatch, caplog, capsys, request):
    url = new_database("sqlite")
    engine = make_engine(url)
    upgrade(engine)
    asked = []

    def breaks(*_):
        asked.append("worldbank")
        raise ValueError("month must be in 1..12")

    def works(*_):
        asked.append("documents")
        return Report(run_id=1, source="worldbank-documents")

    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SYNC_SOURCES", "worldbank,worldbank-documents")
    monkeypatch.setattr(sync_cli, "TAKERS", {SyncSource.WORLDBANK: breaks, SyncSource.WORLDBANK_DOCUMENTS: works})
    get_settings.cache_clear()
    request.addfinalizer(get_settings.cache_clear)
    monkeypatch.setattr(sync_cli, "print_report", lambda report: asked.append(report.source))
    assert sync_cli.sync() == 1
    assert asked == ["worldbank", "documents", "worldbank-documents"]
    assert "done worldbank-documents; failed worldbank" in capsys.readouterr().out
    assert "month must be in 1..12" in caplog.text
    engine.dispose()
