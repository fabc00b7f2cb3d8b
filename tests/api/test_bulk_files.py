"""Bulk files: made once, the same bytes everywhere, served whole or in parts."""

import csv
import errno
import hashlib
import io
import json
import os
import threading
import time
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from unittest.mock import Mock

import pyarrow.parquet
import pytest

import api.bulk.files
from api.bulk.downloads import satisfiable
from api.bulk.files import ReleaseFiles, _sweep
from api.bulk.tables import TABLES
from api.main import create_app
from tests.api.test_errors import problem
from tests.conftest import client_of, watch_of
from tests.data.export_helpers import take, worth

NAMES = {f"{table}.{form}" for table in ("projects", "components", "spend") for form in ("csv", "jsonl", "parquet")}
SPEND = "/v1/spend?group_by=category,year,country"
URL = "/v1/releases/1/files/spend.csv"


def app_on(engine, folder):
    """The application with a folder of its own for files."""
    app = create_app(engine, watch_of(engine))
    app.state.files = ReleaseFiles(folder)
    return app


@pytest.fixture
def app(loaded, tmp_path):
    return app_on(loaded, tmp_path / "files")


@pytest.fixture
def ask(loaded, app):
    return client_of(loaded, app)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_release_lists_its_files_with_length_and_hash(ask):
    files = ask("/v1/releases/latest").json()["data"]["files"]
    assert {file["name"] for file in files} == NAMES
    for file in files:
        answer = ask(file["url"])
        assert file["url"] == f"http://testserver/v1/releases/1/files/{file['name']}"
        assert len(answer.content) == file["bytes"] == int(answer.headers["content-length"])
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert answer.headers["content-type"].split(";")[0] == file["media_type"]
        if file["format"] == "jsonl":
            assert answer.content.count(b"\n") == file["rows"]


def test_both_databases_and_every_instance_make_the_same_bytes(loaded_engines, tmp_path):
    kept = {}
    for kind, engine in loaded_engines.items():
        files = client_of(engine, app_on(engine, tmp_path / kind))("/v1/releases/1").json()["data"]["files"]
        kept[kind] = [(file["name"], file["rows"], file["sha256"]) for file in files]
        assert (
            client_of(engine, app_on(engine, tmp_path / kind / "again"))("/v1/releases/1").json()["data"]["files"]
            == files
        )
    assert kept["sqlite"] == kept["postgresql"]


def test_files_hold_what_the_lists_hold(ask):
    status = "status=Active,Closed,Pipeline,Dropped&format=jsonl"
    rows = [json.loads(line) for line in ask("/v1/releases/1/files/components.jsonl").content.splitlines()]
    counted, every = (
        {row["component_id"]: row for row in map(json.loads, ask(f"/v1/components?{query}").content.splitlines())}
        for query in (status, f"relevance=direct,partial,none&{status}")
    )
    assert [row["component_id"] for row in rows] == list(every)
    for row in rows:
        del row["left_out_usd"]
        assert row == counted.get(row["component_id"], row)
    assert ask("/v1/releases/1/files/spend.csv").content == ask(f"{SPEND}&format=csv").content
    stored = ask("/v1/releases/1").json()["data"]["projects"]
    assert ask("/v1/releases/1/files/projects.csv").content.count(b"\r\n") >= stored + 1


def test_all_formats_of_a_table_hold_the_same_amounts(ask):
    for table in ("projects", "components", "spend"):
        bodies = {form: ask(f"/v1/releases/1/files/{table}.{form}").content for form in ("csv", "jsonl", "parquet")}
        text = csv.DictReader(io.StringIO(bodies["csv"].decode(), newline=""))
        amounts = [Decimal(row["partial_usd"]) if row["partial_usd"] else None for row in text]
        lines = [json.loads(line, parse_float=Decimal)["partial_usd"] for line in bodies["jsonl"].splitlines()]
        parquet = pyarrow.parquet.read_table(io.BytesIO(bodies["parquet"]))
        assert amounts == lines == parquet.column("partial_usd").to_pylist()
        assert any(amounts)


def test_a_file_says_what_it_is(ask):
    schema = pyarrow.parquet.read_schema(io.BytesIO(ask("/v1/releases/1/files/spend.parquet").content))
    assert schema.metadata[b"release"] == b"1"
    assert schema.metadata[b"query"] == SPEND.encode()
    assert schema.field("amount_usd").metadata[b"unit"] == b"USD"


def test_headers_let_caches_keep_a_file_for_ever_and_anyone_check_it(ask):
    answer = ask(URL, headers={"accept-encoding": "gzip, zstd, br"})
    digest = hashlib.sha256(answer.content)
    assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    algorithm, _, value = answer.headers["repr-digest"].partition("=")
    assert (algorithm, b64decode(value.strip(":"))) == ("sha-256", digest.digest())
    assert answer.headers["content-disposition"] == 'attachment; filename="spend.csv"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert "content-encoding" not in answer.headers


def test_head_tells_the_length_without_opening_the_file(ask, monkeypatch):
    full = ask(URL)

    async def not_at_all(*_):
        raise AssertionError("the file was opened")

    monkeypatch.setattr("anyio.open_file", not_at_all)
    head = ask(URL, method="HEAD", headers={"range": "bytes=0-9"})
    assert (head.status_code, head.content) == (200, b"")
    different = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in different} == {
        k: v for k, v in full.headers.items() if k not in different
    }


@pytest.mark.parametrize("star", [False, True])
@pytest.mark.parametrize("more", [{}, {"range": "bytes=0-9"}])
def test_a_file_that_is_held_is_not_sent_again(star, more, ask):
    tag = ask(URL).headers["etag"]
    answer = ask(URL, headers={"if-none-match": "*" if star else f'"x", W/{tag}', **more})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == tag
    assert "immutable" in answer.headers["cache-control"]
    assert ask(URL, headers={"if-none-match": '"x"', **more}).status_code == (206 if more else 200)


def test_a_date_does_where_there_is_no_tag(ask):
    changed = ask(URL).headers["last-modified"]
    assert changed == ask("/v1/releases").headers["last-modified"]
    assert ask(URL, headers={"if-modified-since": changed}).status_code == 304
    assert ask(URL, headers={"if-modified-since": changed, "if-none-match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-50", slice(-50, None)),
        ("BYTES = 5-5", slice(5, 6)),
        ("bytes=10-99999999", slice(10, None)),
        ("bytes=-99999999", slice(0, None)),
        ("bytes=0-3,99999999-", slice(0, 4)),
    ],
)
def test_parts_are_the_bytes_of_the_file(wanted, part, ask):
    whole = ask(URL)
    answer = ask(URL, headers={"range": wanted, "accept-encoding": "gzip"})
    assert answer.status_code == 206
    assert answer.content == whole.content[part]
    first, last, _ = part.indices(len(whole.content))
    assert answer.headers["content-range"] == f"bytes {first}-{last - 1}/{len(whole.content)}"
    assert int(answer.headers["content-length"]) == len(answer.content)
    for name in ("etag", "repr-digest", "cache-control"):
        assert answer.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    "wanted", ["bytes=5-2", "lines=0-1", "bytes=", "bytes=a-b", "bytes=-", f"bytes=0-{'9' * 5000}"]
)
def test_a_range_that_is_none_is_ignored(wanted, ask):
    answer = ask(URL, headers={"range": wanted})
    assert (answer.status_code, answer.content) == (200, ask(URL).content)


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0", "bytes=99999990-99999999,-0"])
def test_a_range_beyond_the_file_is_a_problem_with_its_length(wanted, ask):
    answer = ask(URL, headers={"range": wanted})
    (item,) = problem(answer, 416)["errors"]
    size = len(ask(URL).content)
    assert (item["parameter"], item["value"], item["allowed"]) == ("Range", wanted, [f"bytes=0-{size - 1}"])
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["cache-control"] == "no-store"


def test_several_parts_at_once(ask):
    whole = ask(URL).content
    answer = ask(URL, headers={"range": "bytes=0-9, 20-29"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    for part in (slice(0, 10), slice(20, 30)):
        assert b"\r\n\r\n" + whole[part] + b"\r\n" in answer.content


def test_more_ranges_than_are_useful_get_the_whole_file():
    assert satisfiable(f"bytes={','.join(f'{n}-{n}' for n in range(0, 200, 2))}", 1000) is not None
    assert satisfiable(f"bytes={','.join(f'{n}-{n}' for n in range(0, 202, 2))}", 1000) is None
    assert satisfiable("bytes=0-", 0) == []


def test_if_range_gives_a_part_only_of_the_very_file(ask):
    tag = ask(URL).headers["etag"]
    for condition, status in ((tag, 206), (ask(URL).headers["last-modified"], 206), ('"x"', 200), (f"W/{tag}", 200)):
        answer = ask(URL, headers={"range": "bytes=0-9", "if-range": condition})
        assert answer.status_code == status, condition
    beyond = {"range": "bytes=99999999-", "if-range": '"x"'}
    assert ask(URL, headers=beyond).status_code == 200


def test_latest_leads_to_the_number_and_is_never_kept(ask):
    answer = ask("/v1/releases/latest/files/spend.csv")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"http://testserver{URL}"
    assert answer.headers["cache-control"] == "no-cache"


def test_pages_of_other_origins_see_what_reading_in_parts_needs(ask):
    answer = ask(URL, headers={"range": "bytes=0-9", "origin": "https://example.org"})
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Content-Range", "Accept-Ranges", "Repr-Digest", "ETag"} <= set(exposed)


def test_files_are_made_only_when_they_are_asked_for(ask, tmp_path):
    assert ask("/v1/releases/latest?fields=release_id,projects").json()["data"] == {"release_id": 1, "projects": 184}
    assert ask("/v1/releases").status_code == 200
    assert not (tmp_path / "files").exists()
    assert ask("/v1/releases/latest?fields=files").json()["data"]["files"]


def test_wrong_names_and_parameters_are_named(ask):
    wrong = problem(ask("/v1/releases/1/files/spends.csv"), 422)["errors"][0]
    assert (wrong["parameter"], wrong["suggestion"]) == ("name", "spend.csv")
    assert set(wrong["allowed"]) == NAMES
    assert problem(ask(f"{URL}?format=csv"), 422)["errors"][0]["parameter"] == "format"
    problem(ask("/v1/releases/7/files/spend.csv"), 404)


def test_files_of_an_older_release_are_served_while_they_are_kept(engine, write, tmp_path):
    folder = tmp_path / "files"
    ask = client_of(engine, app_on(engine, folder))
    take(engine, worth(write, 5_000_000))
    first = ask("/v1/releases/1/files/components.csv")
    take(engine, worth(write, 6_000_000))
    assert ask("/v1/releases/1/files/components.csv").content == first.content
    assert ask("/v1/releases/2/files/components.csv").content != first.content
    assert len(ask("/v1/releases/1").json()["data"]["files"]) == len(NAMES)
    assert ask("/v1/releases/1/datapackage.json").json()["version"] == "1.0.0"
    take(engine, worth(write, 7_000_000))
    assert ask("/v1/releases/2/files/components.csv").status_code == 200
    next(folder.glob("2-*/components.csv")).unlink()
    problem(ask("/v1/releases/2/files/components.csv"), 410)
    for path in folder.glob("2-*/*"):
        path.unlink()
    problem(ask("/v1/releases/2/files/components.csv"), 410)
    assert problem(ask("/v1/releases/2/datapackage.json"), 410)["errors"][0]["suggestion"] == "latest"
    assert ask("/v1/releases/2").json()["data"]["files"] is None


def test_a_release_that_nobody_asked_for_in_time_is_gone(engine, write, tmp_path):
    take(engine, worth(write, 5_000_000))
    take(engine, worth(write, 6_000_000))
    ask = client_of(engine, app_on(engine, tmp_path / "files"))
    problem(ask("/v1/releases/1/files/spend.csv"), 410)
    assert not (tmp_path / "files").exists()
    assert ask("/v1/releases/1").json()["data"]["files"] is None
    assert ask("/v1/releases/2").json()["data"]["files"]


def is_told_as_unwritable(answer, caplog, cause):
    found = problem(answer, 503)
    assert (found["type"].rpartition("/")[2], answer.headers["retry-after"]) == ("no-room", "60")
    assert found["detail"] == "the files of releases cannot be kept just now"
    assert f"the files of releases cannot be kept just now: {cause}" in caplog.text
    assert "Traceback" not in caplog.text


FILES_ASKED_FOR = [URL, "/v1/releases/latest", "/v1/releases/1/datapackage.json", "/datapackage.json"]


@pytest.mark.parametrize("asked", FILES_ASKED_FOR)
@pytest.mark.parametrize("folder", ["a file", "a file/files", "/proc/files"])
def test_a_folder_that_cannot_be_made_is_told_in_words_and_the_rest_goes_on(loaded, tmp_path, caplog, folder, asked):
    (tmp_path / "a file").touch()
    ask = client_of(loaded, app_on(loaded, tmp_path / folder))
    is_told_as_unwritable(ask(asked), caplog, f"{tmp_path / folder} cannot be used: ")
    assert ask("/v1/releases/latest?fields=release_id").json()["data"] == {"release_id": 1}
    assert ask("/v1/spend?format=csv").status_code == 200


def test_a_disk_that_is_full_leaves_nothing_of_the_files_and_they_are_made_when_there_is_room(
    loaded, app, ask, tmp_path, caplog, monkeypatch
):
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        is_told_as_unwritable(ask(URL), caplog, f"{tmp_path / 'files'} cannot be used: [Errno 28] No space left")
    assert names_in(tmp_path / "files") == []
    assert ask(URL).status_code == 200


def test_many_at_once_in_one_process_make_the_files_once(loaded, app, ask, monkeypatch, tmp_path):
    assert ask("/v1/nowhere").status_code == 404  # FastAPI prepares its routes here, and not in two threads at once
    made = []
    make = ReleaseFiles._make
    monkeypatch.setattr(ReleaseFiles, "_make", lambda self, snapshot: (made.append(1), make(self, snapshot)))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [URL] * 8))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(made) == 1
    assert len(names_in(tmp_path / "files")) == 1


@pytest.mark.parametrize("stale", [False, True])
def test_several_processes_can_make_the_files_at_once(stale, loaded, tmp_path, monkeypatch):
    """Two holders of one folder, as two processes have: both write, one's folder stays, both serve it. So too where files with
    other columns lie there."""
    clients = [client_of(loaded, app_on(loaded, tmp_path / "files")) for _ in range(2)]
    if stale:
        with monkeypatch.context() as before:
            with_fewer_columns(before)
            assert clients[0](URL).status_code == 200
    for one in clients:
        # FastAPI prepares its routes for the first request that looks through all of them, and not in two threads at once.
        assert one("/v1/nowhere").status_code == 404
    together = threading.Barrier(2, timeout=20)
    rename = api.bulk.files._rename
    monkeypatch.setattr(api.bulk.files, "_rename", lambda *paths: (together.wait(), rename(*paths)))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one(URL), clients))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert len(names_in(tmp_path / "files")) == 1 + stale


def test_files_that_could_not_be_made_leave_nothing_behind(loaded, ask, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr("api.answers.files.jsonl_chunks", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
        problem(ask(URL), 503)
        assert names_in(tmp_path / "files") == []
    assert ask(URL).status_code == 200


@pytest.mark.parametrize("part", ["spend.csv", "index.json"])
def test_files_of_which_somebody_took_a_part_away_are_made_again(ask, part, tmp_path):
    before = ask(URL).content
    (folder,) = (tmp_path / "files").iterdir()
    (folder / part).unlink()
    again = ask(URL)
    assert (again.status_code, again.content) == (200, before)
    assert names_in(tmp_path / "files") == [folder.name]
    assert {*names_in(folder)} == {*NAMES, "index.json"}


def described(ask, release):
    (file,) = (
        one
        for one in ask(f"/v1/releases/{release}/datapackage.json").json()["resources"]
        if one["name"] == "projects.csv"
    )
    return [field["name"] for field in file["schema"]["fields"]]


def header(ask, release):
    return ask(f"/v1/releases/{release}/files/projects.csv").text.splitlines()[0].split(",")


def with_fewer_columns(monkeypatch):
    """Take a column from the projects, as a version of the program has them that does not know it yet."""
    table = TABLES["projects"]
    monkeypatch.setitem(TABLES, "projects", replace(table, columns=table.columns[:-1]))


@pytest.fixture
def of_an_older_version(engine, write, tmp_path, monkeypatch):
    """What asks for the files of two releases, which a version made that has a column less, and the columns it has."""
    ask = client_of(engine, app_on(engine, tmp_path / "files"))
    take(engine, worth(write, 5_000_000))
    with monkeypatch.context() as before:
        with_fewer_columns(before)
        old = header(ask, 1)
        take(engine, worth(write, 6_000_000))
        assert header(ask, 2) == old
    return ask, old


def test_a_package_describes_the_columns_that_the_files_have(of_an_older_version, tmp_path):
    ask, old = of_an_older_version
    assert len(header(ask, 2)) == len(old) + 1  # the newest is made anew
    assert described(ask, 2) == header(ask, 2)
    assert described(ask, 1) == header(ask, 1) == old
    assert len(names_in(tmp_path / "files")) == 3, "what the older version made stays beside it"


def test_versions_with_other_columns_that_share_a_folder_leave_each_others_files_alone(ask, tmp_path, monkeypatch):
    folder, seen = tmp_path / "files", []
    for _ in range(2):
        with monkeypatch.context() as before:
            with_fewer_columns(before)
            old = header(ask, 1)
        assert len(header(ask, 1)) == len(old) + 1
        seen.append({path: path.stat().st_ino for path in folder.glob("*/*")})
    assert seen[0] == seen[1], "nothing is made anew by turns"
    assert len(seen[0]) == 2 * (len(NAMES) + 1)


def test_files_that_versions_called_otherwise_are_left_to_them(ask, tmp_path, monkeypatch):
    with monkeypatch.context() as before:
        with_fewer_columns(before)
        header(ask, 1)
    (other,) = (tmp_path / "files").iterdir()
    other = other.rename(other.with_name("-".join(other.name.split("-")[:2])))  # as versions called it before
    header(ask, 1)
    assert other.name in names_in(tmp_path / "files")


def without_columns(index):
    """Make it an index as versions wrote it that did not name columns."""
    assert index.pop("columns").keys() == TABLES.keys()


def with_an_unknown_kind(index):
    """Make it an index of a version that knows more kinds of columns."""
    index["columns"]["projects"][0]["kind"] = "place"


@pytest.mark.parametrize("change", [without_columns, with_an_unknown_kind])
def test_columns_that_cannot_be_read_are_not_taken_for_those_of_today(of_an_older_version, tmp_path, change):
    ask, old = of_an_older_version
    for path in (tmp_path / "files").glob("*/index.json"):
        index = json.loads(path.read_text(encoding="utf-8"))
        change(index)
        path.write_text(json.dumps(index), encoding="utf-8")
    assert header(ask, 1) == old  # the data have moved on: it stays as it is
    assert described(ask, 2) == header(ask, 2)  # the newest is made anew
    assert len(header(ask, 2)) == len(old) + 1
    assert len(names_in(tmp_path / "files")) == 3, "what the older version made stays beside it"


def test_other_words_for_a_column_make_no_file_anew(ask, monkeypatch):
    before = ask("/v1/releases/1/files/projects.parquet")
    table = TABLES["projects"]
    renamed = [replace(column, description="in other words") for column in table.columns]
    monkeypatch.setitem(TABLES, "projects", replace(table, columns=renamed))
    assert ask("/v1/releases/1/files/projects.parquet").headers["etag"] == before.headers["etag"]


def test_what_a_killed_process_left_long_ago_is_removed_with_the_next_files(ask, tmp_path):
    old, young = (tmp_path / "files" / f".making-{name}" for name in ("old", "young"))
    for left in (old, young):
        left.mkdir(parents=True)
        (left / "half.csv").write_text("half", encoding="utf-8")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    assert ask(URL).status_code == 200
    assert not old.exists()
    assert (young / "half.csv").exists()


def test_what_another_instance_sweeps_at_the_same_time_is_no_error(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / f".making-{name}").mkdir()
    found = list(tmp_path.iterdir())
    monkeypatch.setattr(Path, "glob", lambda *_: iter(found))
    found[0].rmdir()
    os.utime(found[1], (0, 0))
    _sweep(tmp_path)
    assert not found[1].exists()
