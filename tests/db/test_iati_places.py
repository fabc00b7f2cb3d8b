"""Files and folders of activities that cannot be read: each is told with its reason, and keeps no other out."""

import os
from pathlib import Path

import pytest

from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import FileRefusedError, ingest
from db.ingest.sources.iati import ingest_iati
from tests.data.commands import command
from tests.data.export_helpers import rows
from tests.data.iati import activity, dollars, write

UNREADABLE = "/proc/self/mem"
"""A file that anybody may open, root too, and nobody can read at its beginning."""


@pytest.fixture
def good(tmp_path):
    return str(write(tmp_path, activity(dollars(5))))


def link(tmp_path, name):
    path = tmp_path / name
    path.symlink_to(UNREADABLE)
    return path


def runs(engine):
    return [(run["status"], run["detail"]) for run in rows(engine, "ingest_run")]


def test_a_file_that_cannot_be_read_is_refused_and_keeps_no_other_out(engine, tmp_path, good):
    unread, taken = ingest_iati(engine, [str(link(tmp_path, "unread.xml")), good], tmp_path / "spool")
    assert unread.error == "unread.xml cannot be read: Input/output error"
    assert taken.report.added == 1
    assert runs(engine) == [("refused", unread.error), ("done", None)]


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl"])
def test_so_is_a_file_of_records(engine, tmp_path, name):
    done = command(engine, "ingest", "records", link(tmp_path, name))
    assert (done.returncode, done.stderr) == (1, f"error: {name} cannot be read: Input/output error\n")
    assert runs(engine) == [("refused", f"{name} cannot be read: Input/output error")]


def test_a_file_that_breaks_off_while_it_is_read_keeps_nothing(engine, tmp_path, monkeypatch):
    read = RecordsAdapter.read

    def breaks(self, path):
        yield from read(self, path)
        raise OSError(5, "Input/output error")

    path = tmp_path / "a.json"
    path.write_text('[{"project_id": "X1", "name": "A", "countries": "UGA", "source": "user-records"}]')
    monkeypatch.setattr(RecordsAdapter, "read", breaks)
    with pytest.raises(FileRefusedError, match=r"a\.json cannot be read: Input/output error"):
        ingest(engine, RecordsAdapter(), [path])
    assert [run["status"] for run in rows(engine, "ingest_run")] == ["refused"]
    assert rows(engine, "project") == []


def test_a_folder_without_a_file_keeps_no_other_place_out(engine, tmp_path, good):
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing, taken = ingest_iati(engine, [str(empty), good], tmp_path / "spool")
    assert (nothing.name, nothing.error) == (str(empty), f"{empty} holds no file that ends in .xml or .xml.gz")
    assert taken.report.added == 1
    assert runs(engine) == [("refused", nothing.error), ("done", None)]


def test_a_folder_that_cannot_be_read_is_told_as_that_also_within_another(engine, tmp_path, good, monkeypatch):
    locked = tmp_path / "locked"
    locked.mkdir()
    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, _refusing(getattr(os, name), locked))
    for place in (locked, tmp_path):
        told, *others = ingest_iati(engine, [str(place), good], tmp_path / "spool")
        assert (told.name, told.error) == (str(locked), f"{locked} cannot be read: Permission denied")
        assert [Path(other.name).name for other in others] == ["synthetic.xml"] * (1 if place == locked else 2)
        assert all(other.report for other in others)


def _refusing(ask, locked):
    def asked(path):
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return ask(path)

    return asked
