"""What a connection may cost: headers have a bound, and who never says what is asked is let go."""

import contextlib
import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from api.answers.negotiation import MAX_ACCEPT
from api.http import base, front, unreadable
from api.http.unreadable import MAX_HEAD, PIECE
from api.main import create_app
from db.settings import get_settings
from tests.api.test_errors import problem
from tests.conftest import watch_of
from tests.data.serving import served
from tests.data.writing import new_key

ASK = b"GET /livez HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def connect(loaded_engines):
    """Open connections to a server, which are closed at the end."""
    engine, opened = loaded_engines["sqlite"], []
    with served(create_app(engine, watch_of(engine))) as address:
        place = urlsplit(address)

        def open_one():
            opened.append(socket.create_connection((place.hostname, place.port), timeout=10))
            return opened[-1]

        yield open_one
        for one in opened:
            one.close()


def answer(connection):
    """Read one answer."""
    found = http.client.HTTPResponse(connection)
    found.begin()
    return found, found.read()


def refused(connection):
    """Tell whether a connection was ended, with a 400 where that could still be read."""
    try:
        found, body = answer(connection)
    except ConnectionError:
        return True
    assert found.status == 400
    assert json.loads(body)["type"].endswith("/problems/bad-request")
    return found.getheader("connection") == "close"


@pytest.mark.parametrize(
    "pieces",
    [
        [ASK + b"Accept: " + b"a/b," * (MAX_HEAD // 2)],
        [ASK, *[b"X-Much: " + b"x" * 1_000 + b"\r\n"] * 100],
        [b"GET /livez?q=" + b"x" * MAX_HEAD * 2],
        [ASK + b"Accept: " + b"x" * 200_000 + b"\r\n\r\n"],
    ],
)
def test_headers_that_are_too_long_end_the_connection(connect, pieces):
    connection = connect()
    try:
        for piece in pieces:
            connection.sendall(piece)
    except ConnectionError:
        return
    assert refused(connection)


def test_headers_of_a_bearable_length_are_read_however_they_come(connect):
    head = ASK + b"X-Much: " + b"x" * (MAX_HEAD - 2 * PIECE) + b"\r\n\r\n"
    connection = connect()
    for start in range(0, len(head), 5_000):
        connection.sendall(head[start : start + 5_000])
    assert answer(connection)[0].status == 200


def test_a_body_and_requests_that_come_with_it_count_for_no_headers(connect):
    text = json.dumps({"text": "x" * 3 * MAX_HEAD}).encode()
    post = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    connection = connect()
    connection.sendall(post % len(text) + text + ASK)
    found, body = answer(connection)
    assert found.status == 422, body
    connection.sendall(b"\r\n")
    assert answer(connection)[0].status == 200


CHUNKED = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"


@pytest.mark.parametrize("kind", [b"application/json", b"text/plain"])  # of which the second is answered at once
@pytest.mark.parametrize(
    "piece",
    [b"0\r\nX-Much: " + b"x" * 8 * MAX_HEAD, b"0\r\n" + b"X: y\r\n" * MAX_HEAD, b"2;x=" + b"x" * 8 * MAX_HEAD],
)
def test_what_follows_a_body_has_the_same_bound(connect, monkeypatch, kind, piece):
    read, feed = [], unreadable.HttpToolsProtocol.data_received
    monkeypatch.setattr(
        unreadable.HttpToolsProtocol, "data_received", lambda self, data: (read.append(len(data)), feed(self, data))
    )
    connection = connect()
    connection.sendall(CHUNKED % kind)
    if kind == b"text/plain":
        assert answer(connection)[0].status == 415
    with contextlib.suppress(ConnectionError):
        connection.sendall(piece)
        if kind == b"text/plain":
            assert connection.recv(1) == b""
        else:
            assert refused(connection)
    assert sum(read) <= MAX_HEAD + 2 * PIECE


def test_a_body_in_small_chunks_with_bearable_trailers_is_read(connect):
    chunk = b"1;x=" + b"x" * 1_000 + b"\r\n \r\n"
    connection = connect()
    connection.sendall(CHUNKED % b"application/json" + chunk * 200 + b"0\r\nX: " + b"x" * (MAX_HEAD // 2) + b"\r\n\r\n")
    for _ in range(2):
        assert answer(connection)[0].status == 200
        connection.sendall(ASK + b"\r\n")


@pytest.mark.parametrize("length", [b"Content-Length: %d", b"Transfer-Encoding: chunked"])
def test_no_byte_of_a_body_is_taken_for_a_request_after_an_upgrade(connect, length):
    hidden = ASK + b"\r\n"
    head = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n" + length + b"\r\n\r\n"
    head = head % (PIECE + len(hidden)) if b"%" in head else head
    connection = connect()
    connection.sendall(head + b" " * (PIECE - len(head)) + hidden)
    found, body = answer(connection)
    assert (found.status, found.getheader("connection")) == (400, "close")
    assert "Upgrade" in json.loads(body)["detail"]
    with contextlib.suppress(ConnectionError):
        assert connection.recv(1) == b""


def test_an_upgrade_without_a_body_is_passed_over(connect):
    connection = connect()
    for more in (b"", b"Content-Length: 0\r\n"):
        connection.sendall(ASK + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + more + b"\r\n")
        assert answer(connection)[0].status == 200


def test_each_of_many_requests_has_its_own_bound(connect):
    connection = connect()
    whole = ASK + b"X: " + b"x" * 1_000 + b"\r\n\r\n"
    connection.sendall(whole[:500])
    for _ in range(MAX_HEAD // 500):
        connection.sendall(whole[500:] + whole[:500])
        assert answer(connection)[0].status == 200


@pytest.mark.parametrize(
    ("begun", "before"),
    [(b"", False), (b"G", False), (ASK, False), (b"\r\n", False), (ASK, True), (b"\r\n", True)],
)
def test_who_does_not_say_what_is_asked_is_let_go(connect, monkeypatch, begun, before):
    monkeypatch.setattr(unreadable, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(unreadable.ReadableProtocol, "timeout_keep_alive_handler", ended := end_and_note())
    connection = connect()
    if before:
        connection.sendall(ASK + b"\r\n")
        assert answer(connection)[0].status == 200
    connection.sendall(begun)
    began = time.monotonic()
    assert connection.recv(1) == b""
    assert time.monotonic() - began < 8
    assert bool(ended.times) is (before and begun == b"\r\n")


def end_and_note():
    """A stand-in for the end of a connection at rest that notes that it came to that."""

    def end(protocol):
        end.times += 1
        protocol.transport.close()

    end.times = 0
    return end


def test_a_connection_that_asked_stays(connect, monkeypatch):
    monkeypatch.setattr(unreadable, "HEAD_SECONDS", 0.2)
    connection = connect()
    for _ in range(3):
        connection.sendall(ASK + b"\r\n")
        assert answer(connection)[0].status == 200
        time.sleep(0.3)


@pytest.mark.parametrize("path", ["/v1/classify", "/v1/ingest/records"])
@pytest.mark.parametrize("begun", [b"", b"{"])
def test_a_body_that_stays_away_is_a_408_that_ends_the_connection(engine, monkeypatch, path, begun):
    monkeypatch.setattr(front, "BODY_SECONDS", 0.3)
    key = new_key(engine)["Authorization"].encode()
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n" % path.encode()
    with served(create_app(engine, watch_of(engine))) as address:
        place = urlsplit(address)
        with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
            connection.sendall(head + b"Authorization: " + key + b"\r\n\r\n" + begun)
            found, body = answer(connection)
            assert (found.status, found.getheader("connection")) == (408, "close")
            told = json.loads(body)
            assert told["type"].endswith("/problems/too-slow")
            assert told["detail"] == "nothing more of the body came for 0.3 seconds"
            assert connection.recv(1) == b""
    assert not list(get_settings().spool_dir.glob("**/*.json"))


def test_a_body_that_comes_slowly_is_read_to_its_end(connect, monkeypatch):
    monkeypatch.setattr(front, "BODY_SECONDS", 0.3)
    connection, body = connect(), b'{"name": "Skills"}'
    head = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % len(body))
    for start in range(0, len(body), 3):
        time.sleep(0.1)
        connection.sendall(body[start : start + 3])
    assert answer(connection)[0].status == 200
    time.sleep(0.5)
    connection.sendall(ASK + b"\r\n")
    assert answer(connection)[0].status == 200


@pytest.mark.parametrize("path", ["/v1/spend", "/v1/projects", "/v1/spend?group_by=year"])
def test_an_accept_that_is_too_long_is_a_406_that_says_so(get, path):
    bearable = "application/json" + ", a/b" * ((MAX_ACCEPT - 16) // 5)
    accept = f"{bearable}, a/b"
    item = problem(get(path, headers={"accept": accept}), 406)["errors"][0]
    assert (item["parameter"], item["message"]) == ("Accept", "it is longer than 2,048 letters")
    assert get(path, headers={"accept": bearable}).status_code == 200
    assert get(f"{path}{'&' if '?' in path else '?'}format=csv", headers={"accept": accept}).status_code == 200


def test_a_host_that_is_too_long_is_not_remembered(get):
    base._base.cache_clear()
    assert get("/v1/spend", headers={"host": "x" * 5_000}).status_code == 200
    assert base._base.cache_info().currsize == 0


def test_headers_of_many_requests_on_one_connection_do_not_add_up(connect):
    """Each with an empty body whose end comes by itself."""
    connection = connect()
    ask = ASK + b"Cookie: " + b"c" * 4_000 + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    for _ in range(2 * MAX_HEAD // len(ask)):
        connection.sendall(ask)
        time.sleep(0.02)
        connection.sendall(b"0\r\n\r\n")
        found, _ = answer(connection)
        assert found.status == 200
