"""Answers are read from a streaming replica: always one release whole, whichever the replica has."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from pydantic import ValidationError

from api.main import create_app, create_service
from db.engine import reading
from db.migrate import upgrade
from db.queries.releases import latest_release
from db.settings import Settings
from db.watch.watch import ReleaseWatch
from models.vocabulary import Scope
from tests.data.export_helpers import PROJECT, take, worth
from tests.data.replica import primary_and_replica
from tests.data.watching import ROOT, settle
from tests.data.writing import RECORD, new_key

ONE = f"/v1/projects/{PROJECT['project_id']}"
POSTGRES = "postgresql://user@host/name"


@pytest.fixture(scope="module")
def pair():
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        Path(folder).chmod(0o755)
        with primary_and_replica(Path(folder)) as found:
            upgrade(found.primary)
            yield found
            found.go_on()


@pytest.fixture
def watch(pair):
    found = ReleaseWatch(pair.replica)
    yield found
    found.close()
    pair.go_on()


def newest_on_primary(pair):
    with reading(pair.primary) as connection:
        return latest_release(connection).release_id


def ask(service, path, **headers):
    async def send():
        transport = httpx.ASGITransport(app=service)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.get(path, headers=headers)

    return anyio.run(send)


def test_a_replica_that_is_behind_shows_its_own_release_whole_and_then_the_next(pair, watch, write):
    take(pair.primary, worth(write, 1_000_000))
    first = newest_on_primary(pair)
    assert watch.wait_for(first, 20)
    settle(pair.replica, watch)  # the watch knows a replica's release by itself too
    service = create_service(create_app(pair.replica, watch))
    before = ask(service, ONE)
    pair.hold_back()
    take(pair.primary, worth(write, 2_000_000))
    assert newest_on_primary(pair) == first + 1
    assert not watch.wait_for(first + 1, 0.3)
    late = ask(service, ONE)
    assert late.content == before.content
    assert (late.json()["meta"]["release"], late.json()["data"]["commitment_usd"]) == (first, 1_000_000)
    assert ask(service, ONE, **{"if-none-match": before.headers["etag"]}).status_code == 304
    pair.go_on()
    assert watch.wait_for(first + 1, 20)
    now = ask(service, ONE, **{"if-none-match": before.headers["etag"]})
    assert (now.json()["meta"]["release"], now.json()["data"]["commitment_usd"]) == (first + 1, 2_000_000)


def command(pair, *words):
    urls = {"DATABASE_URL": pair.primary, "DATABASE_READ_URL": pair.replica}
    named = {name: found.url.render_as_string(hide_password=False) for name, found in urls.items()}
    done = subprocess.run(
        [sys.executable, "-m", "api", *words], cwd=ROOT, env={**os.environ, **named}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_command_writes_to_the_primary_and_waits_until_the_replica_has_it(pair, watch, write):
    said = command(pair, "ingest", "records", str(worth(write, 3_000_000)))
    made = newest_on_primary(pair)
    assert f"release {made}\n" in said
    with reading(pair.replica) as connection:
        assert latest_release(connection).release_id == made


def test_a_command_says_where_the_replica_is_too_far_behind(pair, watch, write):
    pair.hold_back()
    said = command(pair, "ingest", "records", str(worth(write, 4_000_000)))
    assert f"release {newest_on_primary(pair)}; DATABASE_READ_URL has not got it after 5 seconds" in said


def test_what_is_sent_over_http_goes_to_the_primary_and_is_read_from_the_replica(pair, tmp_path):
    urls = {"DATABASE_URL": pair.primary, "DATABASE_READ_URL": pair.replica}
    named = {name: found.url.render_as_string(hide_password=False) for name, found in urls.items()}
    key = new_key(pair.primary, Scope.INGEST, name="over a replica")
    with started({**named, "SPOOL_DIR": str(tmp_path)}) as address:
        sent = httpx.post(f"{address}/v1/ingest/records", headers=key, json=[RECORD], timeout=60)
        made = newest_on_primary(pair)
        assert (sent.status_code, sent.json()["data"]["release_id"]) == (200, made)
        pair.hold_back()
        record = {**RECORD, "commitment_usd": "7"}
        assert httpx.post(f"{address}/v1/ingest/records", headers=key, json=[record], timeout=60).status_code == 200
        assert newest_on_primary(pair) == made + 1
        path = f"{address}/v1/projects/{RECORD['project_id']}"
        late = wait(lambda: httpx.get(path, timeout=60), lambda got: got.status_code == 200)
        assert (late.json()["meta"]["release"], late.json()["data"]["commitment_usd"]) == (made, 5)
        pair.go_on()
        now = wait(lambda: httpx.get(path, timeout=60), lambda got: got.json()["meta"]["release"] == made + 1)
        assert now.json()["data"]["commitment_usd"] == 7
        runs = httpx.get(f"{address}/v1/ingest/runs?limit=1", headers=key, timeout=60)
        assert runs.json()["data"][0]["release_id"] == made + 1


@contextmanager
def started(settings):
    """Serve in a process of its own, and give the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "api", "serve", "--port", str(port)]
    nowhere = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stdout=nowhere, stderr=nowhere)
    address = f"http://127.0.0.1:{port}"
    try:
        wait(lambda: alive(f"{address}/livez"), lambda found: found)
        yield address
    finally:
        server.terminate()
        server.wait()


def alive(address):
    try:
        return httpx.get(address, timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def wait(ask, done):
    """Ask until an answer is as it should be."""
    until = time.monotonic() + 30
    while not done(got := ask()):
        assert time.monotonic() < until, got
        time.sleep(0.05)
    return got


@pytest.mark.parametrize(
    ("write_url", "read_url", "named"),
    [("sqlite:///x.db", POSTGRES, "DATABASE_URL"), (POSTGRES, "sqlite:///x.db", "DATABASE_READ_URL")],
)
def test_sqlite_has_no_replicas(write_url, read_url, named):
    with pytest.raises(ValidationError, match=f"{named} is of kind 'sqlite', but .* only PostgreSQL"):
        Settings(database_url=write_url, database_read_url=read_url)
    assert Settings(database_url=write_url).reading_url == write_url


def test_a_wrong_setting_is_one_line_and_no_trace():
    named = {"DATABASE_URL": "sqlite:///x.db", "DATABASE_READ_URL": POSTGRES}
    done = subprocess.run(
        [sys.executable, "-m", "api", "serve"], cwd=ROOT, env={**os.environ, **named}, capture_output=True, text=True
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("error: DATABASE_URL is of kind 'sqlite'")
