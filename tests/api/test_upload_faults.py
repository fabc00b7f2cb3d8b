"""Uploads that go wrong: cut off, too large, revoked, at the same time, killed in the middle."""

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import anyio
import pytest
from sqlalchemy.exc import OperationalError

from api.bulk.files import ReleaseFiles
from api.main import create_app
from api.observe.logs import Repeats
from api.routers import ingest as routes
from db import keys
from db.engine import make_engine, writing
from db.errors import NotFoundError
from db.ingest import pipeline, queue, worker
from db.ingest.worker import QueueWorker
from db.queries.runs import list_runs, reading_runs
from db.run_lock import is_free
from db.settings import ROOT, get_settings
from tests.api.test_bad_nights import no_more_pages
from tests.api.test_errors import problem
from tests.conftest import app_of, client_of, watch_of
from tests.data.export_helpers import project_ids, rows
from tests.data.writing import RECORD, bodies, data_of, new_key, sender, until

WORKS_AND_DIES = """
import sys, time
from pathlib import Path
from db.engine import make_engine
from db.ingest import pipeline
from db.ingest import queue

def hang(*_):
    print("in the middle", flush=True)
    time.sleep(600)

pipeline.make_release = hang
queue.work_off(make_engine(sys.argv[1]), Path(sys.argv[2]))
"""


def statuses(engine):
    return [run["status"] for run in rows(engine, "ingest_run")]


def nothing_kept(engine):
    return rows(engine, "ingest_run") == rows(engine, "submission") == project_ids(engine) == bodies() == []


@pytest.fixture(autouse=True)
def own_spool(tmp_path, monkeypatch):
    """Bodies of each test lie in a folder of their own."""
    monkeypatch.setenv("SPOOL_DIR", str(tmp_path))
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def test_a_dry_run_that_is_neither_asked_for_nor_not_is_told_with_what_is_allowed(engine):
    found = problem(sender(engine)([RECORD], "?dry_run=maybe"), 422)["errors"][0]
    assert found["message"] == "dry_run: must be true or false"
    assert (found["value"], found["allowed"]) == ("maybe", ["true", "false"])
    assert nothing_kept(engine)


@pytest.fixture
def idle(engine, monkeypatch):
    """Bodies are queued, and nobody works them off."""
    monkeypatch.setattr(QueueWorker, "start", lambda _self: None)
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0.0)
    return sender(engine)


@pytest.fixture
def one_megabyte(monkeypatch):
    monkeypatch.setenv("MAX_UPLOAD_MB", "1")
    get_settings.cache_clear()
    return 1_000_000


def in_pieces(pieces, sent):
    async def body():
        for piece in pieces:
            sent.append(len(piece))
            yield piece

    return body()


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_too_large_is_stopped_early(engine, one_megabyte, packed):
    """200 MB of blanks: packed a bomb, plain a stream without a length."""
    blanks = b" " * 1_000_000
    whole = gzip.compress(blanks * 200, 9) if packed else blanks * 200
    pieces = [whole[start : start + 10_000] for start in range(0, len(whole), 10_000)]
    sent: list[int] = []
    headers = {"Content_Encoding": "gzip"} if packed else {}
    body = problem(sender(engine)(in_pieces(pieces, sent), **headers), 413)
    assert "1,000,000 bytes" in body["detail"]
    assert [(item["parameter"], item["message"]) for item in body["errors"]] == [("body", body["detail"])]
    assert sum(sent) < len(whole) / 4
    assert nothing_kept(engine)


def test_what_says_that_it_is_too_large_is_not_read(engine, one_megabyte):
    problem(sender(engine)(b" " * (one_megabyte + 1)), 413)
    assert nothing_kept(engine)
    assert sender(engine, new_key(engine, name="again"))(json.dumps([RECORD]).ljust(one_megabyte)).status_code == 200


def test_a_body_that_is_cut_off_leaves_nothing(engine):
    key = new_key(engine)["Authorization"]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/ingest/records",
        "query_string": b"",
        "headers": [(b"authorization", key.encode()), (b"content-type", b"application/json"), (b"host", b"testserver")],
        "scheme": "http",
        "server": ("testserver", 80),
    }
    messages = iter([{"type": "http.request", "body": b"[", "more_body": True}, {"type": "http.disconnect"}])
    answers = []

    async def receive():
        return next(messages)

    async def send(message):
        answers.append(message)

    anyio.run(app_of(engine), scope, receive, send)
    assert answers[0]["status"] == 400
    assert nothing_kept(engine)


def test_a_key_that_is_revoked_during_an_upload_does_not_get_it_in(engine):
    key = new_key(engine, name="short-lived")

    async def body():
        yield b"["
        with writing(engine) as connection:
            keys.revoke_key(connection, "short-lived")
        yield json.dumps(RECORD).encode() + b"]"

    answer = sender(engine, key)(body())
    assert "revoked while" in problem(answer, 401)["detail"]
    assert "invalid_token" in answer.headers["www-authenticate"]
    assert nothing_kept(engine)


def at_once(*calls):
    """Make calls at the same time and return what they return, in their order."""
    found = [None] * len(calls)

    def run(number):
        found[number] = calls[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return found


def test_two_uploads_at_once_both_get_in(engine):
    send = sender(engine)
    answers = at_once(*(lambda n=n: send([{**RECORD, "project_id": f"X{n}"}]) for n in range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert {answer.json()["data"]["release_id"] for answer in answers} == {1, 2, 3}
    assert project_ids(engine) == ["X0", "X1", "X2"]
    assert statuses(engine) == ["done"] * 3


def test_the_same_idempotency_key_twice_at_once_is_one_run(engine):
    send, together = sender(engine), threading.Barrier(2)

    async def body():
        yield b"["
        await anyio.to_thread.run_sync(together.wait)
        yield json.dumps(RECORD).encode() + b"]"

    first, second = at_once(*(lambda: send(body(), Idempotency_Key="one") for _ in range(2)))
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert statuses(engine) == ["done"]
    until(lambda: bodies() == [], "no body is kept")


def test_a_run_that_was_killed_is_taken_up_again(engine, idle):
    idle([{**RECORD, "project_id": "X0"}])
    spool = get_settings().spool_dir
    assert queue.work_off(engine, spool)
    before = data_of(engine)
    idle([RECORD])
    command = [sys.executable, "-c", WORKS_AND_DIES, engine.url.render_as_string(hide_password=False), str(spool)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "in the middle\n"
            assert data_of(engine) == before
            assert statuses(engine) == ["done", "running"]
        finally:
            process.kill()
    assert data_of(engine) == before
    assert len(bodies()) == 1
    until(lambda: is_free(engine), "the lock is let go")
    with reading_runs(engine) as connection:
        newest, *_ = list_runs(connection)
    assert newest["status"] == "queued"  # for it is begun again by itself
    assert "it is taken up again by itself" in newest["detail"]
    assert queue.is_waiting(engine, spool)
    assert queue.work_off(engine, spool)
    assert statuses(engine) == ["done", "done"]
    assert project_ids(engine) == ["X0", "X1"]
    assert rows(engine, "submission")[-1]["attempts"] == 2
    assert (bodies(), queue.is_waiting(engine, spool)) == ([], False)


def test_a_server_that_starts_takes_up_what_the_last_one_left(engine, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(QueueWorker, "start", lambda _self: None)
        patch.setattr(routes, "PATIENCE_SECONDS", 0.0)
        assert sender(engine)([RECORD]).status_code == 202
    own = make_engine(engine.url.render_as_string(hide_password=False))
    app = create_app(own, watch_of(engine))

    async def live() -> None:
        async with app.router.lifespan_context(app):
            await anyio.to_thread.run_sync(lambda: until(lambda: statuses(engine) == ["done"], "done"))

    anyio.run(live)
    assert project_ids(engine) == ["X1"]


def test_several_workers_do_no_run_twice(engine, idle, monkeypatch):
    for number in range(6):
        assert idle([{**RECORD, "project_id": f"X{number}"}]).status_code == 202
    worked = Counter()
    carry_out = queue.carry_out

    def counted(engine, run_id, *rest):
        worked[run_id] += 1
        return carry_out(engine, run_id, *rest)

    monkeypatch.setattr(queue, "carry_out", counted)
    spool, address = get_settings().spool_dir, engine.url.render_as_string(hide_password=False)
    engines = [make_engine(address) for _ in range(3)]

    def work(own):
        while queue.is_waiting(own, spool):
            queue.work_off(own, spool)

    at_once(*(lambda own=own: work(own) for own in engines))
    assert worked == Counter(range(1, 7))
    assert statuses(engine) == ["done"] * 6
    assert {row["attempts"] for row in rows(engine, "submission")} == {1}
    for own in engines:
        own.dispose()


def test_a_worker_leaves_bodies_that_lie_elsewhere_to_others(engine, idle, tmp_path):
    idle([RECORD])
    tmp_path = tmp_path / "elsewhere"
    assert not queue.is_waiting(engine, tmp_path)
    assert not queue.work_off(engine, tmp_path)
    assert statuses(engine) == ["queued"]
    with pytest.raises(NotFoundError):
        queue.resume(engine, tmp_path, 1)


def test_a_worker_goes_on_after_an_error_that_nobody_foresaw(engine, monkeypatch, caplog):
    monkeypatch.setattr(worker, "LOOK_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0.0)
    fails = iter([True])

    def is_waiting(*given):
        if next(fails, False):
            raise RuntimeError("synthetic")
        return queue.is_waiting(*given)

    monkeypatch.setattr(worker, "is_waiting", is_waiting)
    assert sender(engine)([RECORD]).status_code == 202
    until(lambda: statuses(engine) == ["done"], "done")
    assert "for an error that was not foreseen" in caplog.text


def test_what_fails_again_and_again_is_given_up_and_can_be_resumed(engine, idle, monkeypatch):
    idle([RECORD])
    spool = get_settings().spool_dir

    def fail(*_):
        raise RuntimeError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "make_release", fail)
        for _ in range(queue.MAX_ATTEMPTS):
            assert queue.work_off(engine, spool)
            assert statuses(engine) == ["interrupted"]
    assert not queue.work_off(engine, spool)
    assert (project_ids(engine), len(bodies())) == ([], 1)
    environment = {**os.environ, "DATABASE_URL": engine.url.render_as_string(hide_password=False)}
    command = [sys.executable, "-m", "api", "ingest", "resume", "1"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "read 1, added 1" in done.stdout) == (0, True), done.stderr
    assert (statuses(engine), project_ids(engine), bodies()) == (["done"], ["X1"], [])


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_finds_no_room_as_it_is_resumed_can_be_resumed_again(engine, idle):
    idle([{**RECORD, "project_id": f"X{n}", "name": "word " * 50} for n in range(600)])
    spool = get_settings().spool_dir
    with no_more_pages(engine), pytest.raises(OperationalError):
        queue.resume(engine, spool, 1)
    (run,) = rows(engine, "ingest_run")
    assert (run["status"], run["detail"]) == ("interrupted", "there is no room to write: nothing of it was kept")
    assert queue.resume(engine, spool, 1).added == 600


def test_nobody_waits_for_a_run_that_was_given_up(engine, monkeypatch):
    def fail(*_):
        raise RuntimeError("an error that nobody foresaw")

    monkeypatch.setattr(pipeline, "make_release", fail)
    send, began = sender(engine), time.monotonic()
    for _ in range(2):
        answer = send([RECORD], Idempotency_Key="one")
        assert (answer.status_code, answer.json()["data"]["status"]) == (202, "interrupted")
        assert "not foreseen, RuntimeError: an error that nobody foresaw (" in answer.json()["data"]["detail"]
    assert time.monotonic() - began < routes.PATIENCE_SECONDS / 2
    assert rows(engine, "submission")[0]["attempts"] == queue.MAX_ATTEMPTS


def test_bodies_that_nobody_waits_for_go_after_a_day(engine, idle):
    idle([RECORD])
    spool = get_settings().spool_dir
    left = spool / queue.FOLDER / "left"
    left.mkdir()
    queue.sweep(engine, spool)
    assert len(bodies()) == 2
    for folder in bodies():
        os.utime(folder, (0, 0))
    queue.sweep(engine, spool)
    assert not left.exists()
    assert len(bodies()) == 1  # its run is not over, however old it is
    assert queue.work_off(engine, spool)


def test_readers_and_the_queue_do_not_wait_for_a_run_at_work(engine, monkeypatch):
    """A run hangs in its transaction: its status can be read, and what was there before."""
    key, reached, go_on = new_key(engine), threading.Event(), threading.Event()
    send, ask, made = sender(engine, key), client_of(engine), pipeline.make_release
    send([{**RECORD, "project_id": "X0"}])

    def wait(*arguments):
        reached.set()
        assert go_on.wait(60)
        return made(*arguments)

    monkeypatch.setattr(pipeline, "make_release", wait)
    assert send([RECORD], Prefer="respond-async").status_code == 202
    assert reached.wait(60)
    assert ask("/v1/ingest/runs/2", headers=key).json()["data"]["status"] == "running"
    assert ask("/v1/projects/X1").status_code == 404
    if engine.dialect.name == "postgresql":  # SQLite has one writer, and a place in the queue is written
        assert send([BADLY], Prefer="respond-async").json()["data"]["status"] == "queued"
    go_on.set()
    until(lambda: set(statuses(engine)) == {"done"}, "done")
    assert ask("/v1/projects/X1").status_code == 200


BADLY = {**RECORD, "countries": ["XXX"]}


def test_the_folders_of_uploads_and_of_files_are_told_apart_in_the_log(bundled, monkeypatch, tmp_path, caplog):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("SPOOL_DIR", str(tmp_path / "a file" / "spool"))
    get_settings.cache_clear()
    app = create_app(bundled, watch_of(bundled))
    app.state.files = ReleaseFiles(tmp_path / "a file" / "files")
    problem(client_of(bundled, app)("/v1/releases/1/files/spend.csv"), 503)
    problem(sender(bundled)([RECORD]), 503)
    said = list(filter(Repeats().filter, caplog.records))
    assert [record.getMessage().partition(":")[0] for record in said] == [
        "the files of releases cannot be kept just now",
        "the folder for uploads cannot be written to",
    ]


def test_a_folder_that_cannot_be_written_to_is_told_apart_from_the_database(engine, monkeypatch, tmp_path, caplog):
    blocked = tmp_path / "a file, and no folder"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setenv("SPOOL_DIR", str(blocked / "spool"))
    get_settings.cache_clear()
    answer = sender(engine)([RECORD])
    found = problem(answer, 503)
    assert found["type"].endswith("/no-room")
    assert found["detail"] == "the folder for uploads cannot be written to"
    assert "a file, and no folder" in caplog.text
    assert nothing_kept(engine)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_where_no_run_can_begin_uploads_wait_and_the_cause_is_logged(engine, monkeypatch, caplog):
    monkeypatch.setattr(worker, "LOOK_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0.5)
    send, lock = sender(engine), Path(f"{engine.url.database}-run")
    lock.unlink(missing_ok=True)
    lock.mkdir()
    assert send([RECORD]).status_code == 202
    assert f"the queue cannot be worked off now: {lock} cannot be written" in caplog.text
    assert "Traceback" not in caplog.text
    lock.rmdir()
    until(lambda: set(statuses(engine)) == {"done"}, "done")
