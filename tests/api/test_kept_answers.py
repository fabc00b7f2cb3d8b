"""Answers that are sent again from memory: the same bytes, without the database, for as long as their release is the newest."""

import anyio
import httpx
import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse

from api.deps import Snapshot, reads
from api.http.kept import PER_ANSWER, AnswerStore, Kept
from api.main import create_app, create_service
from tests.conftest import client_of, watch_of
from tests.data.export_helpers import PROJECT, take, worth
from tests.data.watching import ingest_elsewhere, settle, statements

SPEND = "/v1/spend?group_by=category,year,country"
PATHS = ["/", SPEND, "/v1/headline", "/v1/projects?limit=2", "/v1/components?format=csv", "/v1/categories"]
ONE = f"/v1/projects/{PROJECT['project_id']}"
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def unlike(answer):
    """The headers of an answer that it shares with no other."""
    return {name: value for name, value in answer.headers.items() if name != "x-request-id"}


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
@pytest.mark.parametrize("path", PATHS)
def test_the_second_answer_is_the_first_one_and_costs_no_statement(path, encoding, get, loaded):
    settle(loaded)
    wants = {"accept-encoding": encoding, "origin": "https://example.org"}
    first = get(path, headers=wants)
    with statements(loaded) as run:
        second = get(path, headers=wants)
        head = get(path, method="HEAD", headers=wants)
        held = get(path, headers=wants | {"if-none-match": first.headers["etag"]})
    assert run == []
    assert (second.status_code, second.content, unlike(second)) == (200, first.content, unlike(first))
    assert (head.status_code, head.content) == (200, b"")
    assert unlike(head) == unlike(first)
    assert (held.status_code, held.content, held.headers["access-control-allow-origin"]) == (304, b"", "*")
    ids = [answer.headers["x-request-id"] for answer in (first, second, head, held)]
    assert len(set(ids)) == len(ids)


def test_what_can_change_the_bytes_has_an_answer_of_its_own(loaded):
    ask = client_of(loaded)
    asked = [
        (SPEND, {}),
        (f"{SPEND}&limit=3", {}),
        (SPEND, {"accept": "text/csv"}),
        (SPEND, {"host": "example.org"}),
        (SPEND, {"accept-encoding": "gzip"}),
        (SPEND, {"accept-encoding": "identity"}),
    ]
    tags = [ask(path, headers=headers).headers["etag"] for path, headers in asked]
    assert len(set(tags)) == len(tags)
    assert [ask(path, headers=headers).headers["etag"] for path, headers in asked] == tags


ACCEPTED = {
    "application/json": "application/json",
    "*/*": "application/json",
    "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8": "image/svg+xml",
    "image/svg+xml": "image/svg+xml",
    "image/png": "image/png",
    "text/csv": "text/csv; charset=utf-8; header=present",
    "text/plain": "application/problem+json",
}


@pytest.mark.parametrize("room", [None, 0])
@pytest.mark.parametrize("first", ACCEPTED)
def test_nobody_gets_the_form_that_somebody_else_accepted(first, room, loaded_engines):
    for second in ACCEPTED:
        ask = client_of(loaded_engines["sqlite"], room=room)
        before, after = (ask("/v1/spend?group_by=set", headers={"accept": one}) for one in (first, second))
        assert [answer.headers["content-type"] for answer in (before, after)] == [ACCEPTED[first], ACCEPTED[second]]
        same = ACCEPTED[first] == ACCEPTED[second]
        assert same or before.headers.get("etag") != after.headers.get("etag")
        held = {"accept": second, "if-none-match": before.headers.get("etag", '"none"')}
        assert same or ask("/v1/spend?group_by=set", headers=held).status_code == after.status_code


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_release_of_another_process_puts_an_end_to_all_of_them(engine, write):
    ask = client_of(engine)
    take(engine, worth(write, 5_000_000))
    settle(engine)
    assert ask(ONE).json()["data"]["commitment_usd"] == 5_000_000
    ingest_elsewhere(engine, worth(write, 6_000_000))
    settle(engine)
    assert ask(ONE).json()["data"]["commitment_usd"] == 6_000_000


@only_sqlite
def test_an_answer_of_a_release_that_came_meanwhile_is_not_kept_for_the_old_one(engine, write, monkeypatch):
    take(engine, worth(write, 5_000_000))
    stamp = watch_of(engine).current()
    take(engine, worth(write, 6_000_000))
    ask = client_of(engine)
    with monkeypatch.context() as patch:
        patch.setattr(watch_of(engine), "remembered", lambda: stamp)
        assert ask("/v1/projects").json()["meta"]["release"] == 2
        take(engine, worth(write, 7_000_000))
        assert ask("/v1/projects").json()["meta"]["release"] == 3, "the answer of release 2 was kept under release 1"


@only_sqlite
def test_data_that_grow_old_get_another_answer(engine, write, monkeypatch):
    take(engine, worth(write, 5_000_000))
    ask = client_of(engine)
    assert not ask("/v1/projects").json()["meta"]["stale"]
    monkeypatch.setattr("api.freshness._stale_from", lambda checked_at, days: 0.0)
    assert ask("/v1/projects").json()["meta"]["stale"]


@only_sqlite
@pytest.mark.parametrize("path", ["/v1/projects/P000000", "/v1/spend?x=1", "/v1/spend?sort=nothing", "/v1/nowhere"])
def test_what_is_no_answer_is_not_kept(path, engine, write):
    take(engine, worth(write, 5_000_000))
    service = create_service(create_app(engine, watch_of(engine)))
    assert _ask(service, path).status_code >= 400
    assert len(service.store) == 0


@only_sqlite
def test_half_an_answer_is_not_kept(engine, write):
    take(engine, worth(write, 5_000_000))
    app = create_app(engine, watch_of(engine))

    @app.get("/v1/half")
    @reads
    def half(request: Request, snapshot: Snapshot):
        def pieces():
            yield b"one half "
            raise RuntimeError("in the middle")

        return StreamingResponse(pieces())

    service = create_service(app)
    with pytest.raises(RuntimeError, match="in the middle"):
        _ask(service, "/v1/half")
    assert len(service.store) == 0


@only_sqlite
def test_head_alone_keeps_nothing(engine, write):
    take(engine, worth(write, 5_000_000))
    service = create_service(create_app(engine, watch_of(engine)))
    assert _ask(service, "/v1/projects", "HEAD").status_code == 200
    assert len(service.store) == 0
    assert _ask(service, "/v1/projects").content
    assert len(service.store) == 1


@only_sqlite
def test_without_room_everything_is_asked_for_again(engine, write, monkeypatch):
    take(engine, worth(write, 5_000_000))
    app = create_app(engine, watch_of(engine))
    service = create_service(app, room=0)
    first, second = _ask(service, "/v1/projects"), _ask(service, "/v1/projects")
    assert first.content == second.content
    assert len(service.store) == 0


def test_the_store_never_holds_more_than_its_room_and_lets_go_what_was_asked_for_least_lately(loaded):
    stamp = watch_of(loaded).current()
    store = AnswerStore(20 * (PER_ANSWER + 1000))
    answers = {(number,): Kept([], b"x" * 1000, '"x"', "") for number in range(30)}
    for key, answer in answers.items():
        store.find(stamp, False, (0,))
        store.keep(stamp, False, key, answer)
        assert store.size <= store.room
    assert store.find(stamp, False, (0,)) is answers[0,]
    assert store.find(stamp, False, (1,)) is None
    assert store.find(stamp, False, (29,)) is answers[29,]
    store.keep(stamp, False, ("large",), Kept([], b"x" * (store.room // 2), '"x"', ""))
    assert store.find(stamp, False, ("large",)) is None
    assert store.find(stamp, True, (29,)) is None
    assert store.size == 0


@only_sqlite
def test_a_long_address_takes_room_too(engine, write):
    take(engine, worth(write, 5_000_000))
    service = create_service(create_app(engine, watch_of(engine)))
    path = "/v1/spend?limit=" + "0" * 8_000 + "7"
    assert _ask(service, path).status_code == 200
    (kept,) = service.store._kept.values()
    headers = sum(len(name) + len(value) for name, value in kept.headers)
    assert service.store.size > PER_ANSWER + len(kept.body) + headers + len(path)


def _ask(service, path, method="GET"):
    async def send():
        transport = httpx.ASGITransport(app=service)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.request(method, path)

    return anyio.run(send)
