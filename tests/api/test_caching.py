"""Entity tags, 304 and compression: an answer that is still held costs nothing, and no old one passes for new."""

import gzip
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import anyio
import brotli
import httpx
import pytest
import zstandard
from fastapi import Request, Response

from api.deps import Snapshot, reads
from api.http.front import DATE_LAGS
from api.http.tags import http_date, tag_of
from api.main import create_app, create_service
from db.moments import in_utc, now
from tests.api.test_errors import problem
from tests.conftest import client_of, watch_of
from tests.data.export_helpers import rows, take, worth
from tests.data.watching import ingest_elsewhere, settle, statements

SPEND = "/v1/spend?group_by=category,year,country"
PLAIN = {"accept-encoding": "identity"}
PAGE = {"origin": "https://example.org"}
ETAG = re.compile(r'"[0-9a-f]{32}(-(gzip|br|zstd))?"')
DATA_PATHS = ["/", "/v1/headline", SPEND, "/v1/projects?limit=2", "/v1/categories", "/v1/spend?format=csv"]
DATA_PATHS += ["/projects/P174085", "/components/P174085-3", "/?group_by=year&chart=line"]


def with_tag(tag, **headers):
    return {"if-none-match": tag, **headers}


@pytest.mark.parametrize("path", DATA_PATHS)
def test_an_answer_that_is_still_held_costs_no_statement_and_no_body(path, get, loaded):
    settle(loaded)
    with statements(loaded) as run:
        full = get(path)
    assert full.status_code == 200
    assert run, "the listener counts nothing"
    with statements(loaded) as run:
        again = get(path, headers=with_tag(full.headers["etag"]))
        head = get(path, method="HEAD", headers=with_tag(full.headers["etag"]))
    assert run == []
    for answer in (again, head):
        assert (answer.status_code, answer.content) == (304, b"")
        for name in ("etag", "last-modified", "cache-control", "vary"):
            assert answer.headers[name] == full.headers[name]
        assert answer.headers["x-request-id"] != full.headers["x-request-id"]
        assert "content-length" not in answer.headers


def test_a_304_is_given_before_the_routes_are_asked(get, loaded, monkeypatch):
    settle(loaded)
    tag = get(SPEND).headers["etag"]
    monkeypatch.setattr("api.routers.spend.spend_warnings", None)
    assert get(SPEND, headers=with_tag(tag)).status_code == 304
    assert get(f"{SPEND}&limit=9").status_code == 500, "the patch breaks nothing"


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"{}-br"', '"{}-zstd"', 'W/"{}-gzip"', '"other", "{}" , "more"'])
def test_a_tag_is_known_in_every_encoding_weak_or_strong_alone_or_in_a_list(form, get):
    tag = get(SPEND, headers=PLAIN).headers["etag"].strip('"')
    assert get(SPEND, headers=with_tag(form.format(tag))).status_code == 304


@pytest.mark.parametrize("form", ['"{}x"', '"{}-xz"', "{}", '"x"', '""', '"'])
def test_another_tag_gets_the_whole_answer(form, get):
    tag = get(SPEND, headers=PLAIN).headers["etag"].strip('"')
    answer = get(SPEND, headers=with_tag(form.format(tag)))
    assert answer.status_code == 200
    assert answer.json()["data"]


def test_any_tag_will_do_for_a_star_but_only_on_an_answer(get):
    assert get(SPEND, headers=with_tag("*")).status_code == 304
    problem(get("/v1/spend?x=1", headers=with_tag("*")), 422)
    problem(get("/v1/projects/P0", headers=with_tag("*")), 404)


def test_tags_differ_by_all_that_an_answer_follows_from(get):
    asked = [
        ("/v1/spend", {}),
        ("/v1/spend?group_by=year", {}),
        ("/v1/spend?format=csv", {}),
        ("/v1/spend", {"accept": "text/csv"}),
        ("/v1/spend", {"host": "example.org"}),
        ("/v1/headline", {}),
    ]
    tags = [get(path, headers=PLAIN | headers).headers["etag"] for path, headers in asked]
    assert len(set(tags)) == len(tags)
    assert all(ETAG.fullmatch(tag) for tag in tags)
    assert get("/v1/spend", headers=PLAIN).headers["etag"] == tags[0]


def test_releases_that_differ_in_anything_have_other_tags(loaded):
    """A database that is made anew can give other contents the number and the moment of an older release."""
    stamp = watch_of(loaded).current()
    others = [
        replace(stamp, release_id=stamp.release_id + 1),
        replace(stamp, content_sha256="0" * 64),
        replace(stamp, taxonomy_version="0"),
        replace(stamp, rules_version="0"),
        replace(stamp, method_version="0"),
        replace(stamp, created_at=stamp.created_at + timedelta(microseconds=1)),
    ]
    scope = {"type": "http", "method": "GET", "scheme": "http", "server": ("testserver", 80), "path": "/v1/spend"}
    scope |= {"root_path": "", "query_string": b"", "headers": []}
    tags = [tag_of(one, dict(scope), "1.0.0", False) for one in (stamp, *others)]
    assert len(set(tags)) == len(tags)
    assert tag_of(stamp, dict(scope), "1.0.0", False) == tags[0]


def test_another_version_of_the_program_has_other_tags(get, loaded, monkeypatch):
    tag = get(SPEND).headers["etag"]
    monkeypatch.setattr("api.main.ANSWERS_VERSION", "99.0.0")
    answer = client_of(loaded, create_app(loaded, watch_of(loaded)))(SPEND, headers=with_tag(tag))
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag


DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


def raw(engine, path, encoding):
    """Ask for an encoding, and return the headers with the bytes as they were sent."""
    service = create_service(create_app(engine, watch_of(engine)))

    async def ask():
        transport = httpx.ASGITransport(app=service)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
            client.stream("GET", path, headers={"accept-encoding": encoding}) as answer,
        ):
            return answer.headers, b"".join([piece async for piece in answer.aiter_raw()])

    return anyio.run(ask)


@pytest.mark.parametrize("encoding", DECODERS)
@pytest.mark.parametrize("path", [SPEND, f"{SPEND}&format=csv"])
def test_each_encoding_has_its_own_tag_and_all_have_the_same_content(path, encoding, get, loaded):
    plain = get(path, headers=PLAIN)
    assert "content-encoding" not in plain.headers
    headers, body = raw(loaded, path, encoding)
    assert headers["content-encoding"] == encoding
    assert headers["etag"] == plain.headers["etag"][:-1] + f'-{encoding}"'
    assert DECODERS[encoding](body) == plain.content
    assert len(body) < len(plain.content) / 2


@pytest.mark.parametrize("encoding", DECODERS)
@pytest.mark.parametrize("path", [SPEND, f"{SPEND}&format=csv"])
def test_equal_answers_have_equal_bytes_whenever_they_are_made(path, encoding, loaded, monkeypatch):
    headers, body = raw(loaded, path, encoding)
    later = time.time() + 1000
    monkeypatch.setattr("gzip.time.time", lambda: later)
    headers_later, body_later = raw(loaded, path, encoding)
    assert body == body_later
    assert headers["etag"] == headers_later["etag"]


def test_bulk_files_are_never_compressed_on_the_way(loaded):
    app = create_app(loaded, watch_of(loaded))

    @app.get("/v1/releases/{release_id}/{kind}/{name}")
    @reads
    def table(request: Request, snapshot: Snapshot, release_id: int, kind: str, name: str) -> Response:
        headers = {"ETag": '"of-the-table"', "Cache-Control": "immutable"}
        return Response("id,amount\r\n" * 1000, media_type="text/csv", headers=headers)

    ask = client_of(loaded, app)
    wants = {"accept-encoding": "gzip"}
    file = ask("/v1/releases/1/files/spend.csv", headers=wants)
    assert "content-encoding" not in file.headers
    assert file.headers["content-length"] == str(len(file.content))
    assert len(file.content) > 10_000
    assert ask("/v1/releases/1/tables/spend.csv", headers=wants).headers["content-encoding"] == "gzip"
    # What a route says about caching stands, and its tag is compared too.
    own = ask("/v1/releases/1/tables/spend.csv", headers=PLAIN)
    assert (own.headers["etag"], own.headers["cache-control"]) == ('"of-the-table"', "immutable")
    assert ask("/v1/releases/1/tables/spend.csv", headers=with_tag('W/"of-the-table"')).status_code == 304
    assert ask("/v1/releases/1/tables/spend.csv", headers=with_tag('"of-another"')).status_code == 200


def test_a_new_release_makes_the_old_tag_stale(engine, write):
    ask = client_of(engine)
    take(engine, worth(write, 5_000_000))
    settle(engine)
    old = ask("/v1/projects", headers=PLAIN)
    assert ask("/v1/projects", headers=with_tag(old.headers["etag"])).status_code == 304
    take(engine, worth(write, 6_000_000))
    new = sees_release(ask, engine, 2, old.headers["etag"])
    assert new.headers["etag"] != old.headers["etag"]
    assert parsedate_to_datetime(new.headers["last-modified"]) >= parsedate_to_datetime(old.headers["last-modified"])
    since = {"if-modified-since": old.headers["last-modified"]}
    assert ask("/v1/projects", headers=since).status_code == 200


def test_no_date_runs_ahead_of_the_clock_and_none_stands_for_two_releases_of_one_second(engine, write, monkeypatch):
    ask = client_of(engine)
    take(engine, worth(write, 5_000_000))
    monkeypatch.setattr("db.store.now", lambda: now() + timedelta(seconds=4))  # as after five releases in a second
    take(engine, worth(write, 6_000_000))
    settle(engine)
    made = parsedate_to_datetime(http_date(in_utc(rows(engine, "release")[-1]["created_at"])))
    for path in ("/v1/projects", "/v1/projects"):  # made, and sent again
        said = ask(path).headers["last-modified"]
        again = ask(path, headers={"if-none-match": ask(path).headers["etag"]})
        assert again.status_code == 304
        for date in (said, again.headers["last-modified"]):
            assert parsedate_to_datetime(date) <= datetime.now(UTC)
        assert ask(path, headers={"if-modified-since": said}).status_code == 200, "it may be of the release before"
    while datetime.now(UTC) < made + timedelta(seconds=DATE_LAGS):
        time.sleep(0.05)
    assert ask("/v1/projects").headers["last-modified"] == http_date(made)
    assert ask("/v1/projects", headers={"if-modified-since": http_date(made)}).status_code == 304


def sees_release(ask, engine, release, tag):
    """Ask with the old tag until the answer is new: at once on SQLite, as soon as the notice is there on PostgreSQL."""
    deadline = time.monotonic() + 1
    answer = ask("/v1/projects", headers=with_tag(tag))
    while answer.status_code == 304 and engine.dialect.name == "postgresql" and time.monotonic() < deadline:
        answer = ask("/v1/projects", headers=with_tag(tag))
    assert answer.status_code == 200
    assert answer.json()["meta"]["release"] == release
    return answer


def test_a_release_that_another_process_makes_is_seen_by_the_next_request(engine, write):
    ask = client_of(engine)
    take(engine, worth(write, 5_000_000))
    settle(engine)
    tag = ask("/v1/projects").headers["etag"]
    assert ask("/v1/projects", headers=with_tag(tag)).status_code == 304
    ingest_elsewhere(engine, worth(write, 7_000_000))
    sees_release(ask, engine, 2, tag)


def test_a_tag_names_the_release_that_the_answer_was_made_from(engine, write, monkeypatch):
    """Even where the watch still believes in the old one, as it may for a moment on PostgreSQL."""
    ask = client_of(engine)
    take(engine, worth(write, 5_000_000))
    settle(engine)
    old, stamp = ask("/v1/projects"), watch_of(engine).current()
    take(engine, worth(write, 6_000_000))
    with monkeypatch.context() as patch:
        patch.setattr(watch_of(engine), "remembered", lambda: stamp)
        between = client_of(engine)("/v1/projects")  # one that keeps no answer yet
    assert between.json()["meta"]["release"] == 2
    assert between.headers["etag"] != old.headers["etag"]
    settle(engine)
    assert sees_release(ask, engine, 2, old.headers["etag"]).headers["etag"] == between.headers["etag"]


def test_a_date_is_judged_only_without_a_tag(get):
    changed = get(SPEND).headers["last-modified"]
    assert changed.endswith(" GMT")
    before = format_datetime(parsedate_to_datetime(changed) - timedelta(seconds=1), usegmt=True)
    answer = get(SPEND, headers={"if-modified-since": changed})
    assert (answer.status_code, answer.content) == (304, b"")
    assert "content-type" not in answer.headers
    for headers in (
        {"if-modified-since": before},
        {"if-modified-since": "yesterday"},
        {"if-modified-since": changed, "if-none-match": '"other"'},
    ):
        assert get(SPEND, headers=headers).status_code == 200, headers
