"""Killed at any moment, a run leaves nothing half written, and the next one ends as if nothing had happened."""

import json
import multiprocessing
import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import make_engine
from db.ingest.spool import MANIFEST
from db.migrate import upgrade
from tests.data.export_helpers import everything, rows
from tests.data.fake_worldbank import offsets, running
from tests.data.worldbank_runs import run, run_alone

COUNT = 130  # six pages
KILLS = 20
SEED = 20260131
MOVING = {"run_id", "retrieved_at", "created_at", "started_at", "ended_at", "checked_at"}
"""What may differ between two runs that do the same."""


@pytest.fixture(scope="module")
def api():
    with running(COUNT) as fake:
        yield fake


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A migrated database to copy."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def content(engine: Engine):
    return {
        table: [{name: value for name, value in row.items() if name not in MOVING} for row in found]
        for table, found in everything(engine).items()
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
        time.sleep(0.002)


@dataclass
class Place:
    """A database and a folder for pages of one run."""

    address: str
    spool: Path
    engine: Engine


@pytest.fixture
def place(empty, tmp_path):
    engines = []

    def make(name):
        path = tmp_path / name / "test.db"
        path.parent.mkdir()
        shutil.copy(empty, path)
        address = f"sqlite:///{path}"
        engines.append(make_engine(address))
        return Place(address, path.parent / "spool", engines[-1])

    yield make
    for engine in engines:
        engine.dispose()


def kill_one(place, api, chance, while_loading, moment):
    """Begin a run in a process of its own and kill it; `moment` is how many pages there are, or seconds of the load."""
    context = multiprocessing.get_context("forkserver")  # imports once; each run is still a process of its own
    context.set_forkserver_preload(["tests.data.worldbank_runs"])
    process = context.Process(target=run_alone, args=(place.address, api.address, str(place.spool)))
    process.start()
    if while_loading:
        wait_for(lambda: state_of(place.spool) == "complete", process)
        time.sleep(chance.uniform(0, moment))
    else:
        stop_at = chance.randint(1, moment)
        wait_for(lambda: len(api.requests) >= stop_at, process)
        time.sleep(chance.uniform(0, 0.01))
    process.kill()
    process.join()
    process.close()
    return state_of(place.spool)


def test_killed_at_any_moment(api, place):
    """Ten kills fall while pages come, ten while they are taken in, each at a moment drawn by a seeded random."""
    chance = random.Random(SEED)
    undisturbed = place("undisturbed")
    nothing = content(undisturbed.engine)
    started = time.monotonic()
    assert run(undisturbed.engine, api.address, undisturbed.spool).added == COUNT
    lasted, pages = time.monotonic() - started, len(api.requests)
    whole = content(undisturbed.engine)
    died_in = []
    for number in range(KILLS):
        killed = place(f"kill-{number}")
        api.requests.clear()
        while_loading = number % 2 == 0
        died_in.append(kill_one(killed, api, chance, while_loading, lasted / 2 if while_loading else pages - 1))
        left, kept = content(killed.engine), set(offsets(api))
        assert left in (nothing, whole), "half written"
        api.requests.clear()
        assert run(killed.engine, api.address, killed.spool).read == COUNT
        assert content(killed.engine) == whole
        statuses = [row["status"] for row in rows(killed.engine, "ingest_run")]
        assert (statuses[-1], "running" in statuses) == ("done", False)
        if died_in[-1] == "fetching":
            assert len(kept & set(offsets(api))) <= 1  # only the page that was on its way is asked for again
    assert min(died_in.count("fetching"), died_in.count("complete")) >= KILLS // 4, died_in
