"""Killed at any moment, a run leaves nothing half written, and the next one ends as if nothing had happened."""

import json
import random
import time
from collections.abc import Callable, Collection
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import make_engine
from db.ingest.report import Report
from db.ingest.sources.spool import MANIFEST
from db.migrate import upgrade
from tests.conftest import DATABASES
from tests.data import fake_documents, worldbank_runs
from tests.data.export_helpers import everything, rejected, rows
from tests.data.fake_documents import FITS, MISFITS, load_projects, put, status_report
from tests.data.fake_worldbank import FakeWorldBank, offsets, running
from tests.data.killing import calls_of_the_load, start, start_to_die_in_the_load

COUNT = 130  # projects on six pages
REPORTED = [f"P9{number:05}" for number in range(1, 11)]
KILLS = {"sqlite": 20, "postgresql": 6}
SEED = 20260131
MOVING = {"run_id", "rejected_id", "retrieved_at", "created_at", "started_at", "ended_at", "checked_at"}
"""What may differ between two runs that do the same."""


@dataclass(frozen=True)
class Source:
    """A live source: what it has, how it is taken in, and what of it is asked for once more after a kill at most."""

    records: int
    prepare: Callable[[Engine], Any]
    address: Callable[[FakeWorldBank], str]
    run: Callable[[Engine, FakeWorldBank, Path], Report]
    run_alone: Callable[[str, str, str], None]
    asked: Callable[[FakeWorldBank], Collection[Any]]
    on_the_way: int


def put_reports(api):
    """Three reports of each project: the newest does not fit, the second does, the third is not asked for."""
    for project_id in REPORTED:
        for number, listed in enumerate((FITS, FITS, MISFITS), start=1):
            put(api, f"{project_id}-{number}", project_id, status_report(project_id, listed), f"202{number}-01-31")
    put(api, "no-text", REPORTED[0], status_report(REPORTED[0], FITS), "2025-01-31", txturl=None)


SOURCES = {
    "projects": Source(
        COUNT,
        lambda engine: None,
        lambda api: api.address,
        lambda engine, api, spool: worldbank_runs.run(engine, api.address, spool),
        worldbank_runs.run_alone,
        offsets,
        1,  # the page that was coming
    ),
    "documents": Source(
        3 * len(REPORTED),
        lambda engine: load_projects(engine, REPORTED),
        lambda api: api.documents_address,
        fake_documents.run,
        fake_documents.run_alone,
        lambda api: [params.get("text", params.get("projectid")) for params, _ in api.requests],
        2,  # the list of the project, and the text that was coming
    ),
}


@pytest.fixture(scope="module")
def api():
    with running(COUNT) as fake:
        put_reports(fake)
        yield fake


def content(engine: Engine):
    """All that is stored, with what the newest run refused or remarked."""
    stored = everything(engine) | {"rejected": rejected(engine) if rows(engine, "ingest_run") else []}
    return {
        table: [{name: value for name, value in row.items() if name not in MOVING} for row in found]
        for table, found in stored.items()
    }


def state_of(spool: Path) -> str:
    found = [path for path in spool.glob(f"*/*/{MANIFEST}")]
    return json.loads(found[0].read_bytes())["state"] if found else "nothing"


def wait_for(condition, process):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "the run does not get there"
        if not process.is_alive():
            return
        time.sleep(0.001)


@dataclass
class Place:
    """A database and a folder for pages of one run."""

    database: str
    spool: Path
    engine: Engine


@pytest.fixture(params=[(source, kind) for kind in DATABASES for source in SOURCES], ids="-".join)
def case(request):
    source, kind = request.param
    return SOURCES[source], kind


@pytest.fixture
def place(case, new_database, tmp_path):
    """Make places whose databases are copies of one that is ready for the source."""
    source, kind = case
    ready = new_database(kind)
    engine = make_engine(ready)
    upgrade(engine)
    source.prepare(engine)
    if kind == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()

    @contextmanager
    def make(name):
        database = new_database(kind, ready)
        engine = make_engine(database)
        yield Place(database, tmp_path / name, engine)
        engine.dispose()

    return make


def kill_amid_answers(source, place, api, chance, requests):
    """Kill a run at one of its requests, or a little after it."""
    process = start(source.run_alone, arguments(source, place, api))
    stop_at = chance.randint(1, requests - 1)
    wait_for(lambda: len(api.requests) >= stop_at, process)
    time.sleep(chance.uniform(0, 0.01))
    process.kill()
    end(process)


def kill_in_the_load(source, place, api, chance, calls):
    """Kill a run at one of the calls by which it takes in what it fetched, or a little after it."""
    last, seconds = chance.randint(1, calls), chance.uniform(0.00001, 0.002)
    end(start_to_die_in_the_load(source.run_alone, arguments(source, place, api), last, seconds))


def arguments(source, place, api):
    return place.database, source.address(api), str(place.spool)


def end(process):
    process.join()
    process.close()


def test_killed_at_any_moment(api, case, place):
    """Half of the kills fall while answers come, half while they are taken in, each at a moment drawn by a seeded random."""
    source, kind = case
    chance, died_in = random.Random(SEED), []
    api.requests.clear()
    with place("undisturbed") as undisturbed:
        nothing = content(undisturbed.engine)
        calls = calls_of_the_load(source.run_alone, arguments(source, undisturbed, api))
        requests, whole = len(api.requests), content(undisturbed.engine)
        assert [run["added"] for run in rows(undisturbed.engine, "ingest_run")][-1] == source.records
    for number in range(KILLS[kind]):
        api.requests.clear()
        with place(f"kill-{number}") as killed:
            if number % 2 == 0:
                kill_in_the_load(source, killed, api, chance, calls)
            else:
                kill_amid_answers(source, killed, api, chance, requests)
            died_in.append(state_of(killed.spool))
            asked = set(source.asked(api))
            assert content(killed.engine) in (nothing, whole), "half written"
            api.requests.clear()
            assert source.run(killed.engine, api, killed.spool).read == source.records
            assert content(killed.engine) == whole
            statuses = [row["status"] for row in rows(killed.engine, "ingest_run")]
        assert (statuses[-1], "running" in statuses) == ("done", False)
        if died_in[-1] == "fetching":  # only what was on its way is asked for again
            assert len(asked & set(source.asked(api))) <= source.on_the_way
    assert min(died_in.count("fetching"), died_in.count("complete")) >= KILLS[kind] // 4, died_in
