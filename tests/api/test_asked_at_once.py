"""Many who ask the same at once: the answer is made for one of them, and nobody waits for what does not come."""

import time

import anyio
import httpx
import pytest
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from api.deps import Snapshot, reads_at_length
from api.main import create_app, create_service
from tests.conftest import watch_of
from tests.data.watching import settle

MANY = 20


@pytest.fixture
def app(loaded):
    settle(loaded)
    return create_app(loaded, watch_of(loaded))


def ask_at_once(app, path, count=MANY):
    """Ask for a path many times before the first answer is there; return the answers as they came."""
    found = []

    async def ask(client):
        found.append(await client.get(path))

    async def send():
        transport = httpx.ASGITransport(app=create_service(app), raise_app_exceptions=False)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
            anyio.create_task_group() as group,
        ):
            for _ in range(count):
                group.start_soon(ask, client)

    anyio.run(send)
    return found


def slow_route(app, answer):
    """Add a route that takes its time, and return the list of its calls."""
    calls = []

    @app.get("/v1/slow")
    @reads_at_length
    def slow(request: Request, snapshot: Snapshot) -> Response:
        calls.append(time.monotonic())
        time.sleep(0.2)
        return answer(len(calls))

    return calls


def test_one_answer_is_made_for_all_who_ask_the_same(app):
    calls = slow_route(app, lambda number: Response(f"answer {number}"))
    found = ask_at_once(app, "/v1/slow")
    assert len(calls) == 1
    assert {(answer.status_code, answer.text) for answer in found} == {(200, "answer 1")}
    assert len({answer.headers["x-request-id"] for answer in found}) == MANY


def test_other_questions_have_answers_of_their_own(app):
    calls = slow_route(app, lambda number: Response(f"answer {number}"))

    async def send():
        transport = httpx.ASGITransport(app=create_service(app))
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
            anyio.create_task_group() as group,
        ):
            for accept in ("application/json", "text/csv"):
                group.start_soon(lambda accept=accept: client.get("/v1/slow", headers={"Accept": accept}))

    anyio.run(send)
    assert len(calls) == 2


def test_where_the_first_one_fails_the_others_ask_for_themselves(app):
    def answer(number):
        if number == 1:
            raise RuntimeError("only the first one")
        return Response("well")

    calls = slow_route(app, answer)
    found = ask_at_once(app, "/v1/slow", count=3)
    assert sorted(answer.status_code for answer in found) == [200, 200, 500]
    assert len(calls) == 3


def test_nobody_waits_for_an_answer_that_goes_out_in_pieces(app):
    sent = []

    def answer(number):
        def pieces():
            yield b"first,"
            if number == 1:
                deadline = time.monotonic() + 20
                while len(sent) < 2 and time.monotonic() < deadline:  # until the other one has its whole answer
                    time.sleep(0.01)
            yield b"last"
            sent.append(number)

        sent.append(0) if number == 2 else None
        return StreamingResponse(pieces())

    slow_route(app, answer)
    found = ask_at_once(app, "/v1/slow", count=2)
    assert [answer.text for answer in found] == ["first,last"] * 2
    assert sent == [0, 2, 1]


def test_who_has_the_answer_is_told_so_without_waiting(app):
    calls = slow_route(app, lambda number: Response(f"answer {number}"))
    times = {}

    async def ask(client, name, **headers):
        answer = await client.get("/v1/slow", headers=headers)
        times[name] = (time.monotonic(), answer.status_code)

    async def send():
        held = httpx.ASGITransport(app=create_service(app))
        async with httpx.AsyncClient(transport=held, base_url="http://testserver") as client:
            tag = (await client.get("/v1/slow")).headers["etag"]
        fresh = httpx.ASGITransport(app=create_service(app))
        async with (
            httpx.AsyncClient(transport=fresh, base_url="http://testserver") as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(ask, client, "first")
            await anyio.sleep(0.05)
            group.start_soon(lambda: ask(client, "held", **{"If-None-Match": tag}))

    anyio.run(send)
    assert times["held"][1] == 304
    assert times["held"][0] < times["first"][0]
    assert len(calls) == 2
