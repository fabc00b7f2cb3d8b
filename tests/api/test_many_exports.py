"""Files of rows that are read slowly keep neither each other nor anything else from being answered for ever."""

import anyio
import httpx
import pytest

from api.exports.slots import ExportSlots
from api.main import create_app, create_service
from tests.conftest import watch_of

ROOM = 3
FILE = "/v1/components?format=csv"


@pytest.fixture
def app(loaded, monkeypatch):
    monkeypatch.setattr("api.exports.slots.PATIENCE_SECONDS", 0.05)
    found = create_app(loaded, watch_of(loaded))
    found.state.exports = ExportSlots(ROOM)
    return found


async def ask(app, path):
    transport = httpx.ASGITransport(app=create_service(app, room=0))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.get(path)


async def read_slowly(app, path, started, go_on):
    """Take the first part of an answer, and nothing more until `go_on`."""
    path, _, query = path.partition("?")
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "scheme": "http"}
    scope |= {"headers": [(b"host", b"testserver")], "server": ("testserver", 80), "http_version": "1.1"}

    async def receive():
        await anyio.sleep_forever()

    async def send(message):
        if message["type"] == "http.response.body":
            started.append(message)
            await go_on.wait()

    await create_service(app, room=0)(scope, receive, send)


async def wait_for(condition):
    with anyio.fail_after(20):
        while not condition():
            await anyio.sleep(0.01)


def test_beyond_the_bound_files_are_refused_and_all_else_is_answered(app):
    async def scene():
        started, go_on = [], anyio.Event()
        async with anyio.create_task_group() as readers:
            for _ in range(ROOM):
                readers.start_soon(read_slowly, app, FILE, started, go_on)
            await wait_for(lambda: len(started) == ROOM)
            found = [await ask(app, path) for path in (FILE, "/v1/components?limit=2", "/v1/spend", "/readyz")]
            go_on.set()
        return [*found, await ask(app, FILE)]

    refused, *answered = anyio.run(scene)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert refused.json()["type"].endswith("/problems/busy")
    assert refused.headers["cache-control"] == "no-store"
    assert [answer.status_code for answer in answered] == [200] * 4


def test_more_small_files_at_once_than_there_are_places_all_arrive(app, monkeypatch):
    monkeypatch.setattr("api.exports.slots.PATIENCE_SECONDS", 20)
    answers = []

    async def one():
        answers.append(await ask(app, "/v1/categories?format=csv"))

    async def scene():
        async with anyio.create_task_group() as askers:
            for _ in range(3 * ROOM):
                askers.start_soon(one)

    anyio.run(scene)
    assert [answer.status_code for answer in answers] == [200] * (3 * ROOM)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_reader_that_leaves_gives_its_place_back(form, app):
    async def scene():
        for _ in range(ROOM + 1):
            started = []
            async with anyio.create_task_group() as readers:
                readers.start_soon(read_slowly, app, FILE.replace("csv", form), started, anyio.Event())
                await wait_for(lambda: started)  # noqa: B023
                readers.cancel_scope.cancel()
        return await ask(app, FILE)

    assert anyio.run(scene).status_code == 200
