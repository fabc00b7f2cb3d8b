"""Several processes on one port: each knows the newest release, and one that dies is started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from db.engine import make_engine
from db.migrate import upgrade
from tests.data.export_helpers import PROJECT, take, worth
from tests.data.watching import ROOT, ingest_elsewhere

ROUTE = 'route="/v1/projects/{project_id}",status="200"'
ASKED = 40
ONE = f"/v1/projects/{PROJECT['project_id']}"


IMPATIENT = "import sys, api.cli.service as cli; cli.LAST_SECONDS = 1; cli.app(sys.argv[1:])"
"""The command of the service, which waits for its last answers no longer than a second."""


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, new_database, write):
    found = make_engine(new_database(request.param))
    upgrade(found)
    take(found, worth(write, 1_000_000))
    yield found
    found.dispose()


@pytest.fixture
def served(engine):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "api", "serve", "--workers", "2", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    yield server, f"http://127.0.0.1:{port}"
    for process in (*psutil.Process(server.pid).children(), server) if server.poll() is None else ():
        process.kill()
    server.wait()


def ask(address):
    """Ask over a connection of its own. Whom to trust takes longest to read, and nobody has to be trusted here."""
    return httpx.get(address, timeout=30, verify=False)


def answers(address):
    """What each process says, by its part of the request's identifier; every question comes over a connection of its own."""
    found = {}
    for _ in range(ASKED):
        try:
            answer = ask(address + ONE)
        except httpx.TransportError:  # it went down with the process
            continue
        assert answer.status_code == 200
        found[answer.headers["x-request-id"][:16]] = answer.json()["data"]["commitment_usd"]
    return found


def wait_for(address, condition):
    deadline = time.monotonic() + 90
    while not condition(found := answers(address)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def sent_as_it_is(address, path):
    """What is answered to a path whose letters are not encoded, which no client of HTTP would send."""
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=30) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head, _, body = b"".join(iter(lambda: line.recv(65536), b"")).partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    return status, dict(header.split(": ", 1) for header in headers), json.loads(body)


def wait_for_processes(address, number):
    """Wait until any process that is asked for metrics knows of all of them, and of all their requests."""
    deadline = time.monotonic() + 30
    wanted = f"migration_finance_processes {number}.0"
    while not all(wanted in ask(f"{address}/metrics").text for _ in range(10)):
        assert time.monotonic() < deadline, wanted
        time.sleep(0.1)
    time.sleep(1)  # by then each has left what it counted
    before = requests_counted(address)
    answers(address)
    while requests_counted(address) != before + ASKED:
        assert time.monotonic() < deadline, "some requests are never counted, or twice"
        time.sleep(0.1)


def requests_counted(address):
    lines = ask(f"{address}/metrics").text.splitlines()
    (total,) = [float(line.split()[-1]) for line in lines if line.startswith("http_requests_total") and ROUTE in line]
    return total


def test_workers_follow_releases_are_replaced_and_end_together(engine, served, write):
    server, address = served
    before = wait_for(address, lambda found: len(found) == 2)
    assert set(before.values()) == {1_000_000}

    wait_for_processes(address, 2)
    ingest_elsewhere(engine, worth(write, 2_000_000))
    wait_for(address, lambda found: found == dict.fromkeys(before, 2_000_000))

    workers = [child for child in psutil.Process(server.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    assert len(workers) == 2
    workers[0].send_signal(signal.SIGKILL)
    after = wait_for(address, lambda found: len(found) == 2 and found.keys() != before.keys())
    assert len(after.keys() & before.keys()) == 1, "the other one goes on"
    assert set(after.values()) == {2_000_000}

    children = psutil.Process(server.pid).children()
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=60) == 0
    _ended, left = psutil.wait_procs(children, timeout=30)  # who keeps account of them ends a moment after them
    assert not left


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_workers_end_when_the_process_that_watches_over_them_is_killed(served):
    server, address = served
    wait_for(address, lambda found: len(found) == 2)
    children = psutil.Process(server.pid).children()
    server.send_signal(signal.SIGKILL)
    _ended, left = psutil.wait_procs(children, timeout=30)
    assert not left


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_client_that_reads_nothing_does_not_keep_the_service_from_ending(engine):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": engine.url.render_as_string(hide_password=False)}
    command = [sys.executable, "-c", IMPATIENT, "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **quiet) as server:
        wait_for(f"http://127.0.0.1:{port}", lambda found: len(found) == 1)
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 8)
            time.sleep(1)
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=15) in (0, -signal.SIGTERM)


def test_an_address_that_is_not_encoded_is_refused_as_a_problem(served):
    address = served[1]
    wait_for(address, bool)
    status, headers, problem = sent_as_it_is(address, "/v1/projects?q=réfugiés")
    assert (status, headers["content-type"]) == ("HTTP/1.1 400 Bad Request", "application/problem+json")
    assert (problem["status"], problem["type"]) == (400, "/problems/bad-request")
    assert "%C3%A9" in problem["detail"]
    assert "curl -G --data-urlencode" in problem["detail"]
    assert problem["request_id"] == headers["x-request-id"]
    assert ask(address + problem["type"]).status_code == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_address_of_all_answers_on_ipv6_and_on_ipv4(engine, workers):
    with socket.socket(socket.AF_INET6) as free:
        free.bind(("::", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": engine.url.render_as_string(), "HOST": "::", "PORT": str(port)}
    command = [sys.executable, "-m", "api", "serve", "--workers", str(workers)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **quiet) as server:
        try:
            wait_for(f"http://[::1]:{port}", lambda found: len(found) == workers)
            assert len(answers(f"http://127.0.0.1:{port}")) == workers
        finally:
            server.send_signal(signal.SIGTERM)
