"""Backups: the same file for both databases, whole or refused, restored at once or not at all, as a new release."""

import json
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from datetime import timedelta

import pytest

from db import keys, tables
from db.backups import restoring, saving
from db.backups.archive import MANIFEST, read_manifest
from db.backups.restoring import NotEmptyError, restore
from db.backups.saving import save
from db.engine import make_engine, noting, writing
from db.errors import FileRefusedError, NothingLoadedError
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import open_run
from db.moments import now
from db.run_lock import run_lock
from db.settings import ROOT
from models.vocabulary import RunStatus, Scope
from tests.conftest import DATABASES, client_of, let_go
from tests.data.export_helpers import PROJECT, address, csv_text, project_ids, rows, take
from tests.data.watching import settle
from tests.data.writing import RECORD, new_key, sender

ONE = f"/v1/projects/{PROJECT['project_id']}"
RESTORES_AND_HANGS = """
import sys, time
from pathlib import Path
from db.backups import restoring
from db.engine import make_engine

def hang(*_):
    print("in the middle", flush=True)
    time.sleep(600)

setattr(restoring, sys.argv[3], hang)
restoring.restore(make_engine(sys.argv[1]), Path(sys.argv[2]), replace=True)
"""


def everything(engine, without_release=()):
    """Every row of every table; of releases and runs without those of some releases."""
    found = {name: rows(engine, name) for name in tables.metadata.tables}
    for name in ("release", "ingest_run"):
        found[name] = [row for row in found[name] if row["release_id"] not in without_release]
    return found


def project_of(write, amount, project_id="X1"):
    record = {**PROJECT, "commitment_usd": str(amount), "project_id": project_id}
    return write(f"{project_id}-{amount}.csv", csv_text(record))


@pytest.fixture
def filled(engine, write):
    """Two releases, a key, a run over HTTP and one that was refused something."""
    take(engine, project_of(write, 1_000_000))
    take(engine, project_of(write, 2_000_000, "X2"))
    key = new_key(engine, name="somebody")
    sender(engine, key)([RECORD, {**RECORD, "project_id": "X3", "countries": ["XXX"]}])
    return engine


@pytest.fixture
def empty(new_database, template):
    """Make an empty, migrated database of a kind."""
    made = []

    def make(kind):
        made.append(make_engine(new_database(kind, like=template(kind))))
        return made[-1]

    yield make
    for engine in made:
        let_go(engine)


@pytest.mark.parametrize("kind", DATABASES)
def test_a_backup_of_either_database_restores_into_either_row_by_row(loaded, kind, empty, tmp_path):
    path, target = tmp_path / "backup.zip", empty(kind)
    manifest = save(loaded, path)
    restored = restore(target, path)
    assert manifest.rows == sum(len(some) for some in everything(loaded).values()) > 10_000
    assert everything(target, {restored.release_id}) == everything(loaded)
    newest, before = rows(target, "release")[-1], rows(loaded, "release")[-1]
    assert newest["content_sha256"] == before["content_sha256"]
    assert newest["created_at"] > before["created_at"]
    old, new = client_of(loaded), client_of(target)
    for query in ("group_by=category,year,country", "q=migrants&group_by=source", "basis=project"):
        expected, found = old(f"/v1/spend?{query}").json(), new(f"/v1/spend?{query}").json()
        assert (found["data"], found["totals"]) == (expected["data"], expected["totals"])


def test_keys_uploads_and_refusals_come_back_and_numbers_go_on(filled, empty, tmp_path):
    path, target = tmp_path / "backup.zip", empty(filled.dialect.name)
    save(filled, path)
    restored = restore(target, path)
    assert everything(target, {restored.release_id}) == everything(filled)
    run = rows(target, "ingest_run")[-1]
    assert (run["adapter"], run["release_id"], run["status"]) == ("restore", restored.release_id, "done")
    answer = sender(target, new_key(target, name="another"))({**RECORD, "project_id": "X9"})
    assert answer.json()["data"]["run_id"] == run["run_id"] + 1
    assert [key["key_id"] for key in rows(target, "api_key")] == [1, 2]
    assert rows(target, "release")[-1]["release_id"] == restored.release_id + 1


def test_the_file_is_private_and_is_not_written_over(loaded, tmp_path):
    path = tmp_path / "backup.zip"
    save(loaded, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileRefusedError, match="is there already"):
        save(loaded, path)
    assert os.listdir(tmp_path) == ["backup.zip"]


def test_equal_data_make_equal_tables(loaded_engines, tmp_path):
    found = []
    for kind, engine in loaded_engines.items():
        save(engine, tmp_path / kind)
        parts = read_manifest(tmp_path / kind).tables
        found.append({part.name: part.sha256 for part in parts if part.name not in {"release", "ingest_run"}})
    moments = {"project_statement", "source", "category", "country"}
    assert {name for name in found[0] if found[0][name] != found[1][name]} <= moments


def test_nothing_to_save_is_said(engine, tmp_path):
    with pytest.raises(NothingLoadedError):
        save(engine, tmp_path / "backup.zip")
    assert os.listdir(tmp_path) == []


def test_a_run_in_the_middle_of_a_backup_is_not_in_it_and_does_not_wait(filled, write, empty, tmp_path):
    path, before, ran = tmp_path / "backup.zip", everything(filled), []

    def meanwhile(_count):
        if not ran:
            ran.append(take(filled, project_of(write, 7_000_000)).release_id)

    manifest = save(filled, path, meanwhile)
    assert (manifest.release, ran) == (3, [4])
    target = empty(filled.dialect.name)
    restored = restore(target, path)
    assert everything(target, {restored.release_id}) == before


def test_data_are_only_replaced_where_that_is_asked_for(filled, write, tmp_path):
    path = tmp_path / "backup.zip"
    save(filled, path)
    take(filled, project_of(write, 9_000_000))
    now_there = everything(filled)
    with pytest.raises(NotEmptyError, match="--replace"):
        restore(filled, path)
    assert everything(filled) == now_there
    restored = restore(filled, path, replace=True)
    assert (restored.release_id, restored.history_known) == (5, True)
    assert [row["release_id"] for row in rows(filled, "release")] == [1, 2, 3, 5]


def test_who_holds_a_tag_of_the_lost_release_gets_the_restored_bytes(filled, write, tmp_path):
    path, ask = tmp_path / "backup.zip", client_of(filled)
    settle(filled)
    before = ask(ONE)
    save(filled, path)
    take(filled, project_of(write, 9_000_000))
    settle(filled)
    lost = ask(ONE)
    assert lost.json()["data"]["commitment_usd"] == 9_000_000
    subprocess.run(
        [sys.executable, "-m", "api", "restore", "--replace", str(path)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address(filled)},
        check=True,
        capture_output=True,
    )
    settle(filled)
    for tag in (lost.headers["etag"], before.headers["etag"]):
        after = ask(ONE, headers={"if-none-match": tag, "if-modified-since": lost.headers["last-modified"]})
        assert (after.status_code, after.json()["meta"]["release"]) == (200, 5)
        assert after.json()["data"]["commitment_usd"] == before.json()["data"]["commitment_usd"]
    assert ask("/v1/projects", headers={"if-modified-since": lost.headers["last-modified"]}).status_code == 200


def test_numbers_that_a_lost_database_may_have_given_out_are_passed_over(filled, empty, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "now", lambda: now() - timedelta(hours=1))
    path, target = tmp_path / "backup.zip", empty(filled.dialect.name)
    save(filled, path)
    restored = restore(target, path)
    assert restored.release_id > 3 + 3600, "a release a second may have come since"
    assert not restored.history_known
    assert rows(target, "ingest_run")[-1]["run_id"] > 3 + 3600


def test_a_key_that_was_revoked_since_stays_revoked(filled, tmp_path):
    path = tmp_path / "backup.zip"
    key = new_key(filled, Scope.INGEST, name="lost laptop")
    save(filled, path)
    with writing(filled) as connection:
        keys.revoke_key(connection, "lost laptop")
    restore(filled, path, replace=True)
    assert sender(filled, key)(RECORD).status_code == 401
    assert [row["name"] for row in rows(filled, "api_key") if row["revoked_at"] is None] == ["somebody"]


@pytest.mark.parametrize("step", ["_empty", "_revoke_again", "_set_counters", "announce_release"])
def test_a_restore_that_is_killed_leaves_the_old_data(filled, write, tmp_path, step):
    path = tmp_path / "backup.zip"
    save(filled, path)
    take(filled, project_of(write, 9_000_000))
    before = everything(filled)
    command = [sys.executable, "-c", RESTORES_AND_HANGS, address(filled), str(path), step]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "in the middle\n"
        assert client_of(filled)(ONE).json()["data"]["commitment_usd"] == 9_000_000, "readers never wait"
        process.send_signal(signal.SIGKILL)
    assert everything(filled) == before
    assert restore(filled, path, replace=True).release_id == 5


def test_a_restore_waits_for_the_run_that_is_at_work(filled, tmp_path):
    path, done = tmp_path / "backup.zip", threading.Event()
    save(filled, path)
    thread = threading.Thread(target=lambda: (restore(filled, path, replace=True), done.set()))
    with run_lock(filled):
        thread.start()
        assert not done.wait(1.0)
    assert done.wait(60)
    thread.join()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_restore_waits_for_an_upload_that_is_being_noted(filled, tmp_path):
    path, done, failed = tmp_path / "backup.zip", threading.Event(), []
    save(filled, path)

    def run():
        try:
            restore(filled, path, replace=True)
        except Exception as error:
            failed.append(error)
        done.set()

    thread = threading.Thread(target=run)
    with noting(filled) as connection:
        open_run(connection, RecordsAdapter(), [tmp_path / "upload.jsonl"], RunStatus.QUEUED)
        thread.start()
        assert not done.wait(1.0)
    thread.join(60)
    assert failed == []


def damaged(path, number):
    """A copy of a file with one byte changed, somewhere else for each number."""
    data = bytearray(path.read_bytes())
    data[random.Random(number).randrange(len(data))] ^= 0x55
    copy = path.with_name(f"damaged-{number}.zip")
    copy.write_bytes(data)
    return copy


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_damaged_file_is_refused_and_never_half_taken_in(filled, empty, tmp_path):
    path = tmp_path / "backup.zip"
    save(filled, path)
    target, refused = empty("sqlite"), 0
    for number in range(120):
        copy = damaged(path, number)
        try:
            restored = restore(target, copy, replace=True)
        except FileRefusedError as error:
            assert str(copy) in str(error)  # noqa: PT017  # which of them are refused is the point
            refused += 1
        else:  # a byte that says nothing, such as the time of a member
            assert everything(target, {restored.release_id}) == everything(filled)
    assert refused > 80
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        cut = tmp_path / "cut.zip"
        cut.write_bytes(whole[:length])
        with pytest.raises(FileRefusedError, match="no backup, or a damaged one"):
            restore(target, cut, replace=True)


def changed_manifest(path, **changes):
    copy = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, json.dumps(json.loads(data) | changes) if name == MANIFEST else data)
    return copy


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"revision": "0005"}, "of revision 0005.*then run `python -m api migrate`"),
        ({"format": "migration-finance-backup/9"}, "of the form 'migration-finance-backup/9'"),
        ({"tables": []}, "its tables are not those of revision"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_what_to_do(loaded, empty, tmp_path, changes, words):
    path, target = tmp_path / "backup.zip", empty(loaded.dialect.name)
    save(loaded, path)
    with pytest.raises(FileRefusedError, match=words):
        restore(target, changed_manifest(path, **changes))
    assert project_ids(target) == []


def test_what_is_no_backup_is_refused(engine, tmp_path):
    other, missing = tmp_path / "other.csv", tmp_path / "missing"
    other.write_text("project_id\n")
    with pytest.raises(FileRefusedError, match="no backup"):
        restore(engine, other)
    with pytest.raises(FileRefusedError, match="No such file"):
        restore(engine, missing)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileRefusedError, match="pipe is not a file"):
        restore(engine, tmp_path / "pipe")
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("something", "else")
    with pytest.raises(FileRefusedError, match="no backup"):
        restore(engine, other)


def test_a_row_that_was_changed_together_with_its_checksum_is_still_found(loaded, empty, tmp_path):
    path = tmp_path / "backup.zip"
    save(loaded, path)
    copy = path.with_name("forged.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data.replace(b"2014", b"2015") if name == "tables/project.jsonl" else data)
    with pytest.raises(FileRefusedError, match="table project is not as its manifest says"):
        restore(empty(loaded.dialect.name), copy)


def test_a_backup_that_finds_no_room_leaves_no_file(loaded, tmp_path):
    path = tmp_path / "backup.zip"
    done = subprocess.run(
        [sys.executable, "-m", "api", "backup", str(path)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address(loaded)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot be written: File too large" in done.stderr
    assert os.listdir(tmp_path) == []


def test_an_upload_that_waited_is_taken_up_again_while_its_body_is_there(filled, empty, tmp_path):
    path, target = tmp_path / "backup.zip", empty(filled.dialect.name)
    with writing(filled) as connection:
        connection.execute(tables.ingest_run.update().where(tables.ingest_run.c.run_id == 3).values(status="queued"))
    save(filled, path)
    restore(target, path)
    run = next(row for row in rows(target, "ingest_run") if row["run_id"] == 3)
    assert (run["status"], "SPOOL_DIR" in run["detail"]) == ("interrupted", True)


def test_the_release_is_announced_only_when_it_is_there(filled, tmp_path, monkeypatch):
    path = tmp_path / "backup.zip"
    save(filled, path)

    def fail(*_):
        raise RuntimeError("at the last step")

    before = everything(filled)
    monkeypatch.setattr(restoring, "announce_release", fail)
    with pytest.raises(RuntimeError):
        restore(filled, path, replace=True)
    assert everything(filled) == before
