"""A line for each request: as JSON or text, written in batches, bounded, and never a reason to fail."""

import errno
import json
import select
import threading
import tracemalloc

import pytest
from fastapi.responses import StreamingResponse

from api.http.paths import MAX_TARGET
from api.main import create_app
from api.observe import traffic as traffic_module
from api.observe.lines import RequestLines
from api.observe.routes import RouteNames
from api.observe.traffic import BROKEN, KEPT, MADE, Answered, Traffic
from db.keys import new_token
from tests.conftest import client_of, watch_of
from tests.data.watching import settle

SPEND = "/v1/spend?group_by=year"
NO_ROUTES = RouteNames([])


@pytest.fixture
def watched(loaded):
    """An application whose lines are collected in place of being written."""
    app, written = create_app(loaded, watch_of(loaded)), []
    settle(loaded)
    app.state.traffic.write.take = written.append
    ask = client_of(loaded, app)

    def lines():
        app.state.traffic.work_off()
        return [json.loads(line) for piece in written for line in piece.splitlines()]

    return ask, lines, app


def answered(number=0, **changed):
    about = {
        "ended": 2.0,
        "began": 1.5,
        "method": "GET",
        "path": "/v1/spend",
        "root_path": "",
        "raw_path": b"/v1/spend",
        "query": b"",
        "client": "127.0.0.1",
        "request_id": f"{number:032x}",
        "status": 200,
        "bytes": 10,
        "answer": MADE,
    }
    return Answered(**about | changed)


def test_each_request_has_one_line_that_says_what_became_of_it(watched):
    ask, lines, _ = watched
    asked = [
        ("GET", SPEND, {}, "/v1/spend", MADE),
        ("GET", SPEND, {}, "/v1/spend", KEPT),
        ("HEAD", SPEND, {}, "/v1/spend", KEPT),
        ("GET", "/v1/projects/P164130", {}, "/v1/projects/{project_id}", MADE),
        ("HEAD", "/v1/components/P167506-1", {}, "/v1/components/{component_id}", MADE),
        ("GET", "/v1/projects/P000000?x=%0A", {}, "/v1/projects/{project_id}", MADE),
        ("GET", "/v1/nowhere", {}, "none", MADE),
        ("POST", "/v1/classify", {"content": b"{}"}, "/v1/classify", MADE),
        ("GET", "/static/docs/swagger-ui.css", {}, "/static/docs/{path}", MADE),
    ]
    answers = [ask(path, method=method, **options) for method, path, options, _, _ in asked]
    answers.append(ask(SPEND, headers={"if-none-match": answers[0].headers["etag"]}))
    asked.append(("GET", SPEND, {}, "/v1/spend", KEPT))
    found = lines()
    assert [(line["method"], line["path"], line["route"], line["answer"]) for line in found] == [
        (method, path, route, answer) for method, path, _, route, answer in asked
    ]
    for line, answer in zip(found, answers, strict=True):
        assert line["request_id"] == answer.headers["x-request-id"]
        assert line["status"] == answer.status_code
        assert line["client"] == "127.0.0.1"
        assert line["level"] == "info"
        assert 0 <= line["ms"] < 60_000
    assert found[-1]["status"] == 304
    sent = [0 if line["method"] == "HEAD" else len(answer.content) for line, answer in zip(found, answers, strict=True)]
    packed = {"/static/docs/swagger-ui.css", SPEND, "/v1/projects/P164130"}
    assert [line["bytes"] for line in found if line["path"] not in packed] == [
        size for line, size in zip(found, sent, strict=True) if line["path"] not in packed
    ]
    assert all(0 < line["bytes"] < size for line, size in zip(found, sent, strict=True) if size > 2000)


def test_half_an_answer_and_an_error_say_so(watched):
    ask, lines, app = watched

    def half():
        def pieces():
            yield b"one half"
            raise RuntimeError("in the middle")

        return StreamingResponse(pieces())

    def fail():
        raise RuntimeError("at once")

    app.get("/half")(half)
    app.get("/fail")(fail)
    assert ask("/fail").status_code == 500
    ask("/half")
    failed, broken = lines()
    assert (failed["status"], failed["level"], failed["answer"]) == (500, "error", MADE)
    assert (broken["status"], broken["bytes"], broken["answer"]) == (200, 8, BROKEN)


def test_what_is_asked_for_cannot_write_lines_of_its_own():
    awkward = answered(raw_path=b"/x\n\x1b[31m\xff", client='proxy said "this"\n')
    for as_json in (True, False):
        written = []
        RequestLines(NO_ROUTES, as_json, written.append)([awkward], 0.0)
        (piece,) = written
        assert piece.count(b"\n") == 1
        assert b"\x1b" not in piece
    RequestLines(NO_ROUTES, True, written.append)([awkward], 0.0)
    assert json.loads(written[-1])["client"] == awkward.client


@pytest.mark.parametrize("sent", ["{}", "x{}y", "&a=b&token={}&c=d"])
@pytest.mark.parametrize(
    "path", ["/v1/spend?access_token={}", "/v1/spend?{}=1", "/v1/projects/{}", "/{}", "/v1/ingest/runs?key={}"]
)
def test_a_key_in_the_wrong_place_is_neither_written_down_nor_sent_back(watched, path, sent):
    ask, lines, _ = watched
    token = new_token()
    secret = token.rpartition("_")[2]
    for written in (token, token.replace("_", "%5F")):
        answer = ask(path.format(sent.format(written)))
        assert answer.status_code in {401, 403, 404, 422}
        assert secret[:8] not in answer.text
    texts = []
    RequestLines(NO_ROUTES, False, texts.append)([answered(query=b"key=" + token.encode())], 0.0)
    for line in [*(line["path"] for line in lines()), texts[0].decode()]:
        assert secret[:8] not in line
        assert token[4:12] in line


def test_long_addresses_are_not_remembered():
    lines = RequestLines(NO_ROUTES, True, lambda _: None)
    tracemalloc.start()
    try:
        for number in range(300):
            path = f"/{number}{'x' * 16_000}"
            lines([answered(path=path, raw_path=path.encode(), query=path.encode())], 0.0)
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left < 1_000_000


def test_a_line_as_text_is_made_for_people():
    written = []
    RequestLines(NO_ROUTES, False, written.append)([answered(query=b"group_by=year")], 1_790_000_000.0)
    assert written == [
        b"2026-09-21T14:13:22.000Z INFO    GET /v1/spend?group_by=year 200 10 bytes 500.00 ms made for 127.0.0.1 "
        b"[request 00000000000000000000000000000000]\n"
    ]


def test_lines_are_written_together_but_into_a_pipe_no_more_than_goes_in_whole():
    written = []
    lines = RequestLines(NO_ROUTES, True, written.append)
    lines.piece = select.PIPE_BUF
    lines([answered(number) for number in range(100)], 0.0)
    assert 1 < len(written) < 30
    assert all(len(piece) <= select.PIPE_BUF and piece.endswith(b"\n") for piece in written)
    ids = [json.loads(line)["request_id"] for piece in written for line in piece.splitlines()]
    assert ids == [f"{number:032x}" for number in range(100)]


def test_what_cannot_be_written_is_counted_and_harms_nobody():
    def full(_piece):
        raise OSError(errno.ENOSPC, "No space left on device")

    lines = RequestLines(NO_ROUTES, True, full)
    lines([answered(number) for number in range(7)], 0.0)
    assert lines.lost == 7


def scope_of(number):
    return {"began": 0.0, "method": "GET", "path": f"/{number}", "query_string": b"", "client": None}


def test_no_more_wait_than_there_is_room_for_and_the_others_are_counted_and_told(monkeypatch, caplog):
    monkeypatch.setattr(traffic_module, "ROOM", 3)
    counted, written = [], []
    traffic = Traffic(lambda some, _offset: counted.extend(some), lambda some, _offset: written.extend(some))
    for number in range(10):
        traffic.finished(scope_of(number), str(number), 200, 0, MADE)
    traffic.work_off()
    assert [one.path for one in written] == ["/0", "/1", "/2"]
    assert len(counted) == 10
    assert traffic.without_line == 7
    assert [record.getMessage() for record in caplog.records] == [
        "7 requests got no line, for more came than could be written"
    ]
    traffic.work_off()
    assert len(caplog.records) == 1


def test_nobody_waits_for_a_reader_that_hangs(monkeypatch):
    monkeypatch.setattr(traffic_module, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(traffic_module, "ROOM", 3)
    counted, reads, hangs = [], threading.Event(), threading.Event()

    def write(_some, _offset):
        hangs.set()
        assert reads.wait(60)

    traffic = Traffic(lambda some, _offset: counted.extend(some), write)
    traffic.start()
    traffic.finished(scope_of(0), "0", 200, 0, MADE)
    assert hangs.wait(60)
    for number in range(1, 10):
        traffic.finished(scope_of(number), str(number), 200, 0, MADE)
    traffic.work_off()
    assert len(counted) == 7, "all but those that still may get a line"
    traffic.close()
    reads.set()


def test_what_is_left_is_written_at_the_end():
    written = []
    traffic = Traffic(lambda some, _offset: None, lambda some, _offset: written.extend(some))
    traffic.start()
    for number in range(1000):
        traffic.finished(scope_of(number), str(number), 200, 0, MADE)
    traffic.close()
    assert [one.path for one in written] == [f"/{number}" for number in range(1000)]


@pytest.mark.parametrize("as_json", [True, False])
def test_of_an_address_that_is_too_long_only_the_beginning_is_written(as_json):
    long, longest = (b"q=" + b"x" * (MAX_TARGET - len(b"/v1/spend") - 2 + more) for more in (1, 0))
    written = []
    RequestLines(NO_ROUTES, as_json, written.append)([answered(query=long, status=414)], 0.0)
    assert len(written[0]) < 1000
    assert b"/v1/spend?q=xxx" in written[0]
    assert b"x..." in written[0]
    RequestLines(NO_ROUTES, as_json, written.append)([answered(query=longest)], 0.0)
    assert longest in written[1]
