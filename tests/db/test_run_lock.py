"""Runs are one at a time, from their opening to their end, in threads and processes alike."""

import os
import subprocess
import sys
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from db.engine import make_engine
from db.errors import BusyError
from db.ingest import pipeline
from db.migrate import upgrade
from db.run_lock import run_lock
from db.settings import ROOT
from tests.data.export_helpers import PROJECT, address, csv_text, project_ids, rows, take
from tests.data.writing import until

HOLDS = """
import sys, time
from db.engine import make_engine
from db.run_lock import run_lock
with run_lock(make_engine(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_run_waits_and_does_not_take_the_first_for_dead(engine, write, monkeypatch):
    first, second = write("a.csv", csv_text(PROJECT)), write("b.csv", csv_text({**PROJECT, "project_id": "X2"}))
    reached, go_on = threading.Event(), threading.Event()
    made = pipeline.make_release

    def wait(*arguments):
        if not go_on.is_set():
            reached.set()
            assert go_on.wait(60)
        return made(*arguments)

    monkeypatch.setattr(pipeline, "make_release", wait)
    runs = [threading.Thread(target=take, args=(engine, path)) for path in (first, second)]
    runs[0].start()
    assert reached.wait(60)
    runs[1].start()
    with pytest.raises(BusyError), run_lock(engine, 0.3):
        pass
    assert [run["status"] for run in rows(engine, "ingest_run")] == ["running"]
    go_on.set()
    for run in runs:
        run.join(60)
    assert [run["status"] for run in rows(engine, "ingest_run")] == ["done", "done"]
    assert project_ids(engine) == ["X1", "X2"]


def test_the_lock_of_a_process_that_is_killed_is_free(engine):
    command = [sys.executable, "-c", HOLDS, address(engine)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "held\n"
            with pytest.raises(BusyError, match="another run is at work"), run_lock(engine, 0.1):
                pass
        finally:
            process.kill()
    with run_lock(engine, 30):
        pass


def test_a_command_that_waits_says_so_once(engine, write, tmp_path):
    command = [sys.executable, "-m", "api", "ingest", "records", str(write("a.csv", csv_text(PROJECT)))]
    environment = {**os.environ, "DATABASE_URL": address(engine)}
    said = tmp_path / "said"
    with said.open("w") as errors, run_lock(engine, 1):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            until(lambda: "\n" in said.read_text() or process.poll() is not None, "it says something")
        except AssertionError:
            process.kill()
            process.wait()
            raise
    assert process.wait(60) == 0
    assert said.read_text() == "another run is at work; waiting for it\n"
    assert project_ids(engine) == ["X1"]


def test_the_lock_is_of_one_database(engine, new_database):
    other = make_engine(new_database(engine.dialect.name))
    upgrade(other)
    with run_lock(engine, 1), run_lock(other, 1):
        pass
    other.dispose()


def test_many_threads_take_turns(engine, write):
    paths = [write(f"{n}.csv", csv_text({**PROJECT, "project_id": f"X{n}"})) for n in range(4)]
    threads = [threading.Thread(target=take, args=(engine, path)) for path in paths]
    for thread in threads:
        thread.start()
    until(lambda: len(rows(engine, "release")) == 4, "four releases")
    for thread in threads:
        thread.join(60)
    assert {run["status"] for run in rows(engine, "ingest_run")} == {"done"}
    assert project_ids(engine) == [f"X{n}" for n in range(4)]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_wait_whose_connection_the_server_ends_says_that_and_nothing_else(engine):
    """What is raised is what went wrong, for that is what an answer or a command knows how to tell."""
    waiting = make_engine(f"{address(engine)}{'&' if '?' in address(engine) else '?'}application_name=waits")
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'waits'")
    ended = threading.Timer(0.5, lambda: _ask(engine, end))
    with run_lock(engine, 1):
        ended.start()
        with pytest.raises(OperationalError), run_lock(waiting, 30):
            pass
    ended.join()
    waiting.dispose()


def _ask(engine, statement):
    with engine.connect() as connection:
        connection.execute(statement)
