"""What goes in over HTTP is what goes in on the command line, in every form, on every term."""

import gzip
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import update

from api.routers import ingest as routes
from db import tables
from db.engine import make_engine, writing
from db.migrate import upgrade
from db.moments import now
from db.queries.runs import LARGEST
from tests.api.test_errors import problem
from tests.conftest import client_of, let_go
from tests.data.export_helpers import PROJECT, csv_text, jsonl_text, project_ids, rows, take
from tests.data.writing import BAD, CSV, JSON, LINES, RECORD, bodies, data_of, new_key, sender, until
from tests.db.test_ingest_runs import LINES as ANY_LINES

COUNTS = ("read", "added", "changed", "unchanged", "rejected", "withdrawn", "release_id", "status", "detail")
PACKED = gzip.compress(b"[]", mtime=0)
MOMENTS = {"created_at", "checked_at", "retrieved_at"}
SAME = [{**PROJECT, "project_id": f"X{number}"} for number in range(3)] + [{**PROJECT, "countries": "XXX"}]


def settled(engine):
    """All that is stored and refused, but for when."""
    tables_now = data_of(engine) | {"rejected_record": rows(engine, "rejected_record")}
    return {
        name: [{key: value for key, value in row.items() if key not in MOMENTS} for row in found]
        for name, found in tables_now.items()
    }


@pytest.fixture
def twin(engine, new_database):
    """A second empty database of the same kind."""
    found = make_engine(new_database(engine.dialect.name))
    upgrade(found)
    yield found
    let_go(found)


def compare(engine, twin, path, media_type, content):
    """Send a file to one database and take it in on the command line on the other."""
    sent = sender(engine, new_key(engine, name=f"key {len(rows(engine, 'api_key'))}"))(content, "", media_type)
    take(twin, path)
    (here, there) = (rows(one, "ingest_run")[-1] for one in (engine, twin))
    assert {name: here[name] for name in COUNTS} == {name: there[name] for name in COUNTS}
    assert here["input_sha256"] == there["input_sha256"]
    assert settled(engine) == settled(twin)
    return sent


@pytest.mark.parametrize(
    ("name", "media_type", "content"),
    [
        ("records.csv", CSV, csv_text(*SAME)),
        ("records.csv", "text/csv; charset=UTF-8", "\ufeff" + csv_text(*SAME)),
        ("records.jsonl", LINES, jsonl_text(*SAME)),
        ("records.jsonl", "application/jsonl", jsonl_text(*SAME) + "{"),
        ("records.json", JSON, json.dumps([{"type": "project", **line} for line in SAME])),
        ("records.json", JSON, json.dumps({"type": "project", **PROJECT})),
    ],
)
def test_over_http_it_is_the_same_as_on_the_command_line(engine, twin, write, name, media_type, content):
    answer = compare(engine, twin, write(name, content), media_type, content.encode())
    assert answer.status_code == 200
    assert answer.json()["data"]["release_id"] == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=ANY_LINES)
def test_any_file_of_projects_goes_in_alike(engine, twin, write, lines):
    text = csv_text(*({**PROJECT, **line} for line in lines))
    compare(engine, twin, write("records.csv", text), CSV, text.encode())


def test_packed_bodies_are_unpacked_also_in_several_pieces_with_padding(engine):
    first, second = jsonl_text(PROJECT), jsonl_text({**PROJECT, "project_id": "X2"})
    packed = gzip.compress(first.encode()) + bytes(3) + gzip.compress(second.encode()) + bytes(16)
    answer = sender(engine)(packed, "", LINES, Content_Encoding="gzip")
    assert answer.json()["data"]["bytes"] == len(first) + len(second)
    assert project_ids(engine) == ["X1", "X2"]
    until(lambda: bodies() == [], "no body is kept")


def test_a_report_names_what_is_wrong_by_pointer_or_line(engine):
    send = sender(engine)
    by_pointer = send([RECORD, BAD]).json()
    assert (by_pointer["data"]["added"], by_pointer["data"]["rejected"]) == (1, 1)
    (error,) = by_pointer["errors"]
    assert (error["pointer"], error["line"], error["value"]) == ("/1/countries", None, "XXX")
    assert "no place 'XXX'" in error["reason"]
    assert send(BAD).json()["errors"][0]["pointer"] == "/countries"
    table = csv_text({**PROJECT, "countries": "XXX"})
    (error,) = send(table, "", CSV).json()["errors"]
    assert (error["pointer"], error["line"], error["field"]) == (None, 2, "countries")


def test_a_dry_run_says_what_would_happen_and_stores_nothing_but_that(engine):
    send = sender(engine)
    send([RECORD])
    before = data_of(engine)
    again = [{**RECORD, "name": "Another name"}, {**RECORD, "project_id": "X3"}, BAD]
    dry = send(again, "?dry_run=true").json()
    assert data_of(engine) == before
    assert rows(engine, "release")[0]["checked_at"] is not None
    assert (dry["data"]["dry_run"], dry["data"]["release_id"], dry["data"]["status"]) == (True, None, "done")
    real = send(again).json()
    counts = ("read", "added", "changed", "unchanged", "rejected")
    assert [dry["data"][name] for name in counts] == [real["data"][name] for name in counts] == [3, 1, 1, 0, 1]
    assert dry["errors"] == real["errors"]
    assert real["data"]["release_id"] == 2


def test_a_dry_run_confirms_nothing(engine):
    send = sender(engine)
    send([RECORD])
    long_ago = now() - timedelta(days=50)
    with writing(engine) as connection:
        connection.execute(update(tables.release).values(checked_at=long_ago))
    send([RECORD], "?dry_run=true")
    ask = client_of(engine)
    assert ask("/readyz").json()["status"] == "stale"
    send([RECORD])
    assert ask("/readyz").json()["status"] == "ok"


def test_all_or_nothing(engine):
    send = sender(engine)
    answer = send([RECORD, BAD], "?on_error=reject_all")
    body = problem(answer, 422)
    assert body["type"].endswith("/records-refused")
    assert [(item["parameter"], item["value"]) for item in body["errors"]] == [("/1/countries", "XXX")]
    assert body["instance"] == answer.headers["location"]
    assert project_ids(engine) == []
    assert rows(engine, "release") == []
    (run,) = rows(engine, "ingest_run")
    assert (run["status"], run["read"], run["added"], run["rejected"]) == ("refused", 2, 0, 1)
    assert len(rows(engine, "rejected_record")) == 1
    assert send([RECORD], "?on_error=reject_all").json()["data"]["added"] == 1


@pytest.mark.parametrize(
    ("content", "media_type", "words"),
    [
        (b"", CSV, "empty"),
        (b"nam,projct_id\n", CSV, "lacks the columns"),
        (b"\xff\xfe", CSV, "UTF-8"),
        (gzip.compress(b"project_id,name\n", mtime=0), CSV, "Content-Encoding: gzip"),
        (b"[1", JSON, "not JSON"),
        (b"3", JSON, "one JSON value"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_with_its_run(engine, content, media_type, words):
    body = problem(sender(engine)(content, "", media_type), 422)
    assert words in body["detail"]
    assert body["detail"].startswith("the body")
    assert [(item["parameter"], item["message"]) for item in body["errors"]] == [("body", body["detail"])]
    (run,) = rows(engine, "ingest_run")
    assert run["status"] == "refused"
    assert body["detail"] == run["detail"].replace(run["input_name"], "the body")
    until(lambda: bodies() == [], "no body is kept")


@pytest.mark.parametrize(
    ("headers", "parameter"),
    [
        ({"media_type": "application/xml"}, "Content-Type"),
        ({"media_type": ""}, "Content-Type"),
        ({"media_type": "text/csv; charset=latin-1"}, "Content-Type"),
        ({"Content_Encoding": "br"}, "Content-Encoding"),
        ({"Content_Encoding": "gzip, gzip"}, "Content-Encoding"),
    ],
)
def test_a_kind_that_is_not_taken_is_a_415_that_lists_those_that_are(engine, headers, parameter):
    answer = sender(engine)([RECORD], **headers)
    (item,) = problem(answer, 415)["errors"]
    assert item["parameter"] == parameter
    assert item["allowed"]
    assert answer.headers["accept-post"].startswith("application/json")
    assert rows(engine, "ingest_run") == []


@pytest.mark.parametrize("content", [b"[]", PACKED[:-3], PACKED + b"more"], ids=["none", "cut", "longer"])
def test_a_broken_gzip_is_refused(engine, content):
    body = problem(sender(engine)(content, Content_Encoding="gzip"), 400)
    assert "gzip" in body["detail"]
    assert [(item["parameter"], item["message"]) for item in body["errors"]] == [("body", body["detail"])]
    assert (rows(engine, "ingest_run"), bodies()) == ([], [])


def test_the_same_request_with_the_same_key_is_done_once(engine):
    send = sender(engine)
    first = send([RECORD], Idempotency_Key="one")
    again = send([RECORD], Idempotency_Key="one")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(rows(engine, "ingest_run")) == 1
    until(lambda: bodies() == [], "no body is kept")
    assert send([RECORD], Idempotency_Key="two").json()["data"]["unchanged"] == 1
    assert sender(engine, new_key(engine, name="other"))([RECORD], Idempotency_Key="one").json()["data"]["run_id"] == 3


@pytest.mark.parametrize(
    ("content", "query", "media_type"),
    [([RECORD, BAD], "", JSON), ([RECORD], "?dry_run=true", JSON), ([RECORD], "?on_error=reject_all", JSON)],
)
def test_the_same_key_with_another_request_is_refused(engine, content, query, media_type):
    send = sender(engine)
    send([RECORD], Idempotency_Key="one")
    body = problem(send(content, query, media_type, Idempotency_Key="one"), 422)
    assert body["type"].endswith("/idempotency-key-reused")
    assert [(item["parameter"], item["value"]) for item in body["errors"]] == [("Idempotency-Key", "one")]
    assert len(rows(engine, "ingest_run")) == 1
    until(lambda: bodies() == [], "no body is kept")


@pytest.mark.parametrize("key", ["x" * 300, "two words", "é"])
def test_an_idempotency_key_of_another_form_is_refused_in_words(engine, key):
    (item,) = problem(sender(engine)([RECORD], Idempotency_Key=key.encode()), 422)["errors"]
    assert item["message"] == "Idempotency-Key: must be 1 to 255 visible ASCII characters without blanks"


def test_an_idempotency_key_is_forgotten_after_a_day(engine):
    send = sender(engine)
    send([RECORD], Idempotency_Key="one")
    with writing(engine) as connection:
        connection.execute(update(tables.submission).values(queued_at=now() - timedelta(hours=25)))
    assert send([BAD], Idempotency_Key="one").json()["data"]["run_id"] == 2


@pytest.mark.parametrize("large", [True, False])
def test_more_than_a_little_becomes_a_run_to_ask_for(engine, monkeypatch, large):
    monkeypatch.setattr(routes, "SMALL", 10 if large else 1_000_000)
    key = new_key(engine)
    answer = sender(engine, key)([RECORD], **({} if large else {"Prefer": "respond-async"}))
    assert answer.status_code == 202
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers.get("preference-applied") == (None if large else "respond-async")
    assert answer.headers["location"] == answer.json()["links"]["self"]
    ask = client_of(engine)
    until(lambda: ask(answer.headers["location"], headers=key).json()["data"]["status"] == "done", "done")
    assert project_ids(engine) == ["X1"]


def test_runs_and_errors_come_in_pages_and_in_every_format(engine):
    key = new_key(engine)
    send, ask = sender(engine, key), client_of(engine)
    send([{**BAD, "project_id": f"X{number}"} for number in range(5)])
    for _ in range(2):
        send([RECORD])
    page = ask("/v1/ingest/runs?limit=2", headers=key).json()
    send([{**RECORD, "project_id": "X9"}])  # a release in between is no reason to start again
    following = ask(page["links"]["next"], headers=key).json()
    assert [run["run_id"] for run in page["data"] + following["data"]] == [3, 2, 1]
    assert page["totals"]["rows"] == 3
    found, address = [], "/v1/ingest/runs/1/errors?limit=2"
    while address:
        page = ask(address, headers=key).json()
        found += page["data"]
        address = page["links"]["next"]
    assert [error["pointer"] for error in found] == [f"/{number}/countries" for number in range(5)]
    assert found == ask("/v1/ingest/runs/1", headers=key).json()["errors"]
    lines = ask("/v1/ingest/runs/1/errors?format=jsonl", headers=key).text.splitlines()
    assert [json.loads(line) for line in lines] == found
    table = ask("/v1/ingest/runs/1/errors?format=csv&fields=pointer,value", headers=key).text
    assert table.split("\r\n")[:2] == ["pointer,value", "/0/countries,XXX"]
    for form in ("parquet", "xlsx"):
        assert ask(f"/v1/ingest/runs/1/errors?format={form}", headers=key).status_code == 200
        assert ask(f"/v1/ingest/runs?format={form}", headers=key).status_code == 200


@pytest.mark.parametrize("run", ["0", "-1", "x", str(LARGEST + 1), "1.5"])
def test_what_is_no_number_of_a_run_is_a_422(engine, run):
    problem(client_of(engine)(f"/v1/ingest/runs/{run}", headers=new_key(engine)), 422)


@pytest.mark.parametrize(
    "path", ["/v1/ingest/runs/7", "/v1/ingest/runs/7/errors", "/v1/ingest/runs/7/errors?format=csv"]
)
def test_a_run_that_is_not_there_is_a_404(engine, path):
    assert problem(client_of(engine)(path, headers=new_key(engine)), 404)["errors"][0]["parameter"] == "run_id"


@pytest.mark.parametrize("path", ["/v1/ingest/runs/1?x=1", "/v1/ingest/runs?x=1", "/v1/ingest/runs/1/errors?limt=1"])
def test_nothing_that_is_asked_of_runs_is_ignored(engine, path):
    sender(engine)([RECORD])
    problem(client_of(engine)(path, headers=new_key(engine, name="reader")), 422)


def test_nothing_of_it_is_kept_by_caches_and_no_other_origin_may_use_it(engine):
    key = new_key(engine)
    posted = sender(engine, key)([RECORD], Origin="https://example.org")
    ask = client_of(engine)
    tag = ask("/v1/projects").headers["etag"]
    answers = [posted]
    for path in ("/v1/ingest/runs", "/v1/ingest/runs/1", "/v1/ingest/runs/1/errors"):
        answers.append(ask(path, headers=key | {"Origin": "https://example.org", "If-None-Match": f"{tag}, *"}))
        answers.append(ask(path, "HEAD", headers=key))
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    for path in ("/v1/ingest/records", "/v1/reviews", "/v1/reviews/P1", "/v1/ingest/runs"):
        answer = ask(path, "OPTIONS", headers=asked | {"Access-Control-Request-Headers": "authorization"})
        assert answer.status_code == 204
        assert "OPTIONS" in answer.headers["allow"]
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert ask("/v1/reviews/queue", headers=asked).headers["access-control-allow-origin"] == "*"
