"""The watch never names an older release than the database holds, and asks only where it has to."""

import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import create_engine, insert, text

from db import tables
from db.engine import make_engine, reading, writing
from db.migrate import upgrade
from db.moments import in_utc
from db.queries.releases import latest_release
from db.watch.listener import LISTENER
from db.watch.stamp import stamp_of
from db.watch.watch import ReleaseWatch
from tests.data.export_helpers import rows, take, worth
from tests.data.watching import ingest_elsewhere, settle, statements


@pytest.fixture
def watch(engine):
    found = ReleaseWatch(engine)
    yield found
    found.close()


@pytest.fixture
def sqlite(new_database):
    found = make_engine(new_database("sqlite"))
    upgrade(found)
    yield found
    found.dispose()


@pytest.fixture
def postgres(new_database):
    found = make_engine(new_database("postgresql"))
    upgrade(found)
    yield found
    found.dispose()


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_before_the_first_release_there_is_none_and_the_database_is_asked_each_time(engine, watch, write):
    for _ in range(3):
        with statements(engine) as run:
            assert watch.current() is None
        assert run
        assert watch.remembered() is None
    take(engine, worth(write, 1))
    assert watch.current().release_id == 1


def test_what_is_known_costs_no_statement_and_is_what_is_stored(engine, watch, write):
    take(engine, worth(write, 1))
    settle(engine, watch)
    with statements(engine) as run:
        found = {watch.current() for _ in range(100)}
    assert run == []
    with reading(engine) as connection:
        assert found == {stamp_of(latest_release(connection))}
    assert found.pop().created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["another engine", "another process"])
def test_a_release_made_elsewhere_is_seen_at_once(elsewhere, engine, watch, write, monkeypatch):
    monkeypatch.setattr("db.watch.listener.POLL_SECONDS", 1.5)  # so that it is the notice that tells
    take(engine, worth(write, 1))
    settle(engine, watch)
    if elsewhere:
        ingest_elsewhere(engine, worth(write, 2))
    else:
        other = make_engine(engine.url.render_as_string(hide_password=False))
        take(other, worth(write, 2))
        other.dispose()
    if engine.dialect.name == "postgresql":
        wait_for(lambda: watch.current().release_id == 2, seconds=0.25)
    assert watch.current().release_id == 2


def test_many_threads_never_see_a_release_go_back(engine, watch, write):
    take(engine, worth(write, 0))
    settle(engine, watch)
    done, seen = threading.Event(), [[] for _ in range(4)]

    def look(into):
        while not done.is_set():
            into.append(watch.current().release_id)
            time.sleep(0.001)

    threads = [threading.Thread(target=look, args=(into,)) for into in seen]
    for thread in threads:
        thread.start()
    for amount in range(1, 6):
        take(engine, worth(write, amount))
        if engine.dialect.name == "sqlite":
            assert watch.current().release_id == amount + 1
    done.set()
    for thread in threads:
        thread.join()
    if engine.dialect.name == "sqlite":
        assert all(found == sorted(found) for found in seen)
    wait_for(lambda: watch.current().release_id == 6, seconds=1)


def test_releases_are_a_second_apart_even_where_the_clock_is_not(engine, write):
    for amount in (1, 2, 3):
        take(engine, worth(write, amount))
    times = [in_utc(row["created_at"]) for row in rows(engine, "release")]
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(times))
    assert abs(times[0] - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_commit_while_the_row_is_read_is_not_missed(sqlite, write, monkeypatch):
    take(sqlite, worth(write, 1))
    watch = ReleaseWatch(sqlite)

    def overtaken(connection):
        found = latest_release(connection)
        monkeypatch.undo()
        take(sqlite, worth(write, 2))
        return found

    monkeypatch.setattr("db.watch.wal_index.latest_release", overtaken)
    assert watch.current().release_id == 1
    assert watch.current().release_id == 2


def test_an_index_that_starts_over_is_not_taken_for_the_old_one(sqlite, write, monkeypatch):
    """The last connection of all closes, so log and index go; the next release's index starts like the one before."""
    monkeypatch.setattr(
        "db.watch.wal_index.LOOK_SECONDS", 0
    )  # which files they are is looked up now and then, here always
    take(sqlite, worth(write, 1))
    sqlite.dispose()
    index = f"{sqlite.url.database}-shm"
    assert not os.path.exists(index)
    watch = ReleaseWatch(sqlite)
    settle(sqlite, watch)
    sqlite.dispose()
    assert watch.remembered() is None
    ingest_elsewhere(sqlite, worth(write, 2))
    with sqlite.connect() as connection:
        connection.execute(text("SELECT 1 FROM release"))
        assert os.path.exists(index)
        assert watch.current().release_id == 2


def test_a_file_that_another_replaces_is_read_anew(sqlite, new_database, write):
    take(sqlite, worth(write, 1))
    watch = ReleaseWatch(sqlite)
    settle(sqlite, watch)
    other = make_engine(new_database("sqlite"))
    upgrade(other)
    for amount in (5, 6, 7):
        take(other, worth(write, amount))
    other.dispose()
    path = sqlite.url.database
    for ending in ("-wal", "-shm"):
        os.remove(path + ending)
    os.replace(other.url.database, path)
    assert watch.current().release_id == 3
    settle(sqlite, watch)
    assert watch.current().release_id == 3


def test_where_there_is_no_log_nothing_is_remembered(tmp_path, sqlite, write):
    take(sqlite, worth(write, 1))
    sqlite.dispose()
    shutil.copy(sqlite.url.database, tmp_path / "plain.db")
    plain = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    with plain.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    # As a copy of a folder may leave it: an index that belongs to nothing.
    with sqlite.connect() as connection:
        connection.execute(text("SELECT 1 FROM release"))
        shutil.copy(f"{sqlite.url.database}-shm", tmp_path / "plain.db-shm")
    memory = make_engine("sqlite://")
    for engine in (plain, memory):
        if engine is memory:
            upgrade(engine)
            take(engine, worth(write, 1))
        watch = ReleaseWatch(engine)
        assert watch.current().release_id == 1
        assert watch.remembered() is None
        engine.dispose()


TRIES_TO_EMPTY_THE_LOG = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0.1)
print(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
connection.close()
"""


def test_looking_leaves_the_locks_of_readers_in_place(sqlite, write):
    """POSIX drops a process's locks on a file when it closes any descriptor of it; SQLite's readers live by them."""
    take(sqlite, worth(write, 1))
    watches = [ReleaseWatch(sqlite) for _ in range(3)]
    for watch in watches:
        settle(sqlite, watch)
    with reading(sqlite) as connection:
        latest_release(connection)
        take(sqlite, worth(write, 2))
        for watch in watches:
            assert watch.current().release_id == 2
            watch.close()
        del watches, watch
        command = [sys.executable, "-c", TRIES_TO_EMPTY_THE_LOG, sqlite.url.database]
        busy = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        assert busy == "1"
        assert latest_release(connection).release_id == 1


def listeners(postgres):
    with postgres.connect() as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name"
        return list(connection.execute(text(query), {"name": LISTENER}).scalars())


def test_a_notice_that_is_lost_is_made_good(postgres, write):
    take(postgres, worth(write, 1))
    watch = ReleaseWatch(postgres)
    settle(postgres, watch)
    with writing(postgres) as connection:
        second = latest_release(connection).model_dump() | {"release_id": 2}
        connection.execute(insert(tables.release), [second])
    wait_for(lambda: watch.current().release_id == 2, seconds=1.5)
    watch.close()


def test_a_broken_connection_is_noticed_and_made_anew(postgres, write):
    take(postgres, worth(write, 1))
    watch = ReleaseWatch(postgres)
    settle(postgres, watch)
    (before,) = listeners(postgres)
    with postgres.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": before})
    wait_for(lambda: watch.remembered() is None, seconds=1)
    take(postgres, worth(write, 2))
    assert watch.current().release_id == 2  # by asking
    settle(postgres, watch)
    assert listeners(postgres) != [before]
    watch.close()


def test_a_listener_that_hangs_is_not_believed(postgres, write, monkeypatch):
    take(postgres, worth(write, 1))
    watch = ReleaseWatch(postgres)
    settle(postgres, watch)
    monkeypatch.setattr("db.watch.listener.TRUSTED_SECONDS", 0)
    assert watch.remembered() is None
    assert watch.current().release_id == 1
    watch.close()


@pytest.mark.parametrize("way", ["closed", "forgotten"])
def test_a_watch_that_ends_takes_its_connection_along_and_can_start_again(way, postgres, write):
    take(postgres, worth(write, 1))
    watch = ReleaseWatch(postgres)
    settle(postgres, watch)
    assert len(listeners(postgres)) == 1
    if way == "closed":
        watch.close()
        assert watch.remembered() is None
    else:
        del watch
    wait_for(lambda: listeners(postgres) == [], seconds=5)
    if way == "closed":
        settle(postgres, watch)
        assert len(listeners(postgres)) == 1
        watch.close()
