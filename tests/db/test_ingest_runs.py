"""A run happens whole or not at all, is written down either way, and its numbers add up."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from api.cli.commands import app
from db import tables
from db.engine import make_engine, reading, writing
from db.errors import FileRefusedError, RunFailedError, TooMuchMoneyError
from db.ingest import pipeline
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.figures import summaries
from db.migrate import upgrade
from db.queries import runs
from db.queries.releases import latest_release
from db.run_lock import is_free
from db.settings import get_settings
from tests.conftest import client_of
from tests.data.commands import command
from tests.data.export_helpers import (
    PROJECT,
    address,
    adds_up,
    csv_text,
    everything,
    project,
    project_ids,
    rejected,
    rows,
    take,
)
from tests.data.iati import activity, document
from tests.data.writing import RECORD, new_key, until

ROOT = Path(__file__).parents[2]

DIES_IN_THE_MIDDLE = """
import sys, time
from pathlib import Path
from db.engine import make_engine
from db.ingest import pipeline
from db.ingest.adapters.records import RecordsAdapter

def hang(*_):
    print("in the middle", flush=True)
    time.sleep(600)

pipeline.make_release = hang
pipeline.ingest(make_engine(sys.argv[1]), RecordsAdapter(), [Path(sys.argv[2])])
"""


def many(count, **fields):
    return csv_text(*({**PROJECT, "project_id": f"X{number}", **fields} for number in range(1, count + 1)))


def statuses(engine):
    return [run["status"] for run in rows(engine, "ingest_run")]


def test_the_same_file_again_changes_no_row_and_makes_no_release(engine, write):
    path = write("a.csv", many(3))
    assert take(engine, path).release_id == 1
    before = everything(engine)
    again = take(engine, path)
    assert (again.read, again.unchanged, again.release_id) == (3, 3, None)
    assert everything(engine) == before


def test_the_source_that_came_last_overrules_another_of_its_date_also_where_it_repeats_itself(engine, write):
    said = {**PROJECT, "as_of": "2026-01-01"}
    first = write("a.csv", csv_text({**said, "commitment_usd": "10", "source": "worldbank-projects"}))
    second = write("b.csv", csv_text({**said, "commitment_usd": "25", "source": "worldbank-documents"}))

    def changed(path):
        report = take(engine, path)
        return report.changed, report.unchanged, project(engine, "X1")["commitment_cents"]

    take(engine, first)
    assert changed(second) == (1, 0, 2_500)
    assert changed(first) == (1, 0, 1_000)
    assert changed(first) == (0, 1, 1_000)
    assert changed(second) == (1, 0, 2_500)


def test_touched_data_get_a_new_release_with_another_hash(engine, write):
    take(engine, write("a.csv", many(3)))
    report = take(engine, write("a.csv", many(3).replace("5000000", "6000000", 1)))
    assert (report.changed, report.unchanged, report.release_id) == (1, 2, 2)
    first, second = rows(engine, "release")
    assert first["content_sha256"] != second["content_sha256"]
    assert second["run_id"] == report.run_id


def test_equal_data_have_equal_hashes_whatever_way_they_were_taken(engine, write):
    """One file, changed and changed back: the third release is the first again, under a new number."""
    for amount in ("5000000", "6000000", "5000000"):
        take(engine, write("a.csv", many(2, commitment_usd=amount)))
    first, second, third = (release["content_sha256"] for release in rows(engine, "release"))
    assert first == third != second


def test_a_killed_run_leaves_the_old_release_whole_and_the_next_one_completes(engine, write):
    take(engine, write("old.csv", many(2)))
    before = everything(engine)
    path = write("new.csv", many(600, status="Closed"))
    command = [sys.executable, "-c", DIES_IN_THE_MIDDLE, address(engine), str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "in the middle\n"
            assert everything(engine) == before  # readers see the old state while the run is under way
        finally:
            process.kill()
    assert everything(engine) == before
    assert statuses(engine) == ["done", "running"]
    report = take(engine, path)
    assert (report.added, report.changed, report.release_id) == (598, 2, 2)
    assert statuses(engine) == ["done", "interrupted", "done"]
    assert project(engine, "X600")["status"] == "Closed"


def told(engine, key):
    """How readers are told that the runs stand, each in its own way; all of them agree."""
    ask = client_of(engine)
    listed = ask("/v1/ingest/runs", headers=key).json()["data"]
    one_by_one = [ask(f"/v1/ingest/runs/{run['run_id']}", headers=key).json()["data"] for run in listed]
    assert one_by_one == [{name: value for name, value in run.items() if name != "position"} for run in listed]
    printed = command(engine, "ingest", "runs").stdout
    for run in listed:
        assert f" {run['status']} " in printed
        assert run["detail"] is None or f"run {run['run_id']}: {run['detail']}" in printed
        number = sum(other["status"] == run["status"] for other in listed)
        assert f'migration_finance_runs{{status="{run["status"]}"}} {number}.0' in ask("/metrics").text
    return [(run["status"], run["detail"]) for run in reversed(listed)]


def test_a_run_that_was_killed_is_told_as_interrupted_before_another_begins(engine, write):
    take(engine, write("old.csv", many(2)))
    path, key = write("new.csv", many(3)), new_key(engine)
    dies = [sys.executable, "-c", DIES_IN_THE_MIDDLE, address(engine), str(path)]
    with subprocess.Popen(dies, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "in the middle\n"
            assert told(engine, key) == [("done", None), ("running", None)]
        finally:
            process.kill()
    why = "the process ended before the run did; nothing of it was kept"
    until(lambda: is_free(engine), "the lock is let go")
    assert told(engine, key) == [("done", None), ("interrupted", why)]
    assert statuses(engine) == ["done", "running"]  # nobody who reads has written that
    take(engine, path)
    assert told(engine, key) == [("done", None), ("interrupted", why), ("done", None)]


def test_a_run_that_ends_while_somebody_looks_is_not_taken_for_dead(engine, write, monkeypatch):
    """The lock is free when it is looked at, for the run was closed since its status was read."""
    take(engine, write("a.csv", many(2)))
    mark = update(tables.ingest_run)
    with writing(engine) as connection:
        connection.execute(mark.values(status="running"))

    def ends_now(_engine):
        with writing(engine) as connection:
            connection.execute(mark.values(status="done"))
        return True

    monkeypatch.setattr(runs, "is_free", ends_now)
    with runs.reading_runs(engine) as connection:
        assert [run["status"] for run in runs.list_runs(connection)] == ["done"]


def _statuses(connection):
    return [run["status"] for run in runs.list_runs(connection, limit=5)]


def test_whether_a_run_died_is_looked_into_only_where_one_is_open(engine, write, monkeypatch):
    take(engine, write("a.csv", many(2)))
    looked = []
    monkeypatch.setattr(runs, "is_free", lambda _engine: not looked.append(1))
    assert (runs.read_runs(engine, _statuses), looked) == (["done"], [])
    with writing(engine) as connection:
        connection.execute(update(tables.ingest_run).values(status="running"))
    assert (runs.read_runs(engine, _statuses), looked) == (["interrupted"], [1])
    assert runs.read_runs(engine, lambda connection: runs.get_run(connection, 1))["detail"] == runs.DIED


def test_an_error_in_the_middle_undoes_the_run(engine, write, monkeypatch):
    take(engine, write("a.csv", many(2)))
    before = everything(engine)

    def fail(*_):
        raise RuntimeError("out of order")

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "make_release", fail)
        with pytest.raises(RunFailedError, match="RuntimeError: out of order") as told:
            take(engine, write("b.csv", many(3)))
    assert isinstance(told.value.__cause__, RuntimeError)
    run = rows(engine, "ingest_run")[-1]
    assert (run["status"], run["read"], run["ended_at"] is None) == ("interrupted", 0, False)
    assert str(told.value) == f"run {run['run_id']} failed: {run['detail']}"
    assert re.search(r"test_ingest_runs.py, line \d+\); nothing of it was kept$", run["detail"])
    assert everything(engine) == before
    assert take(engine, write("b.csv", many(3))).added == 1
    assert statuses(engine) == ["done", "interrupted", "done"]


def test_a_reader_sees_one_release_from_its_first_question_to_its_last(engine, write):
    take(engine, write("a.csv", many(2)))
    count = select(func.count()).select_from(tables.project)
    with reading(engine) as connection:
        assert latest_release(connection).release_id == 1
        take(engine, write("b.csv", many(3)))
        assert (latest_release(connection).release_id, connection.scalar(count)) == (1, 2)
    with reading(engine) as connection:
        assert (latest_release(connection).release_id, connection.scalar(count)) == (2, 3)


def test_a_reader_does_not_wait_for_the_writer(engine, write):
    take(engine, write("a.csv", many(2)))
    with writing(engine) as connection:
        connection.execute(tables.project.update().values(name="half done"))
        assert project(engine, "X1")["name"] == PROJECT["name"]


def test_a_missing_file_is_refused_and_its_run_written_down(engine, tmp_path):
    with pytest.raises(pipeline.FileRefusedError, match="is not a file"):
        take(engine, tmp_path / "none.csv")
    assert statuses(engine) == ["refused"]


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "project_id": st.sampled_from(["X1", "X2", "X3", "?", ""]),
            "commitment_usd": st.sampled_from(["5000000", "1", "-1", "x"]),
            "countries": st.sampled_from(["UGA", "KEN", "XXX"]),
            "source": st.sampled_from(["user-records", "nobody"]),
        }
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_every_record_read_is_counted_once(engine, write, lines):
    report = take(engine, write("a.csv", csv_text(*({**PROJECT, **line} for line in lines))))
    assert report.read == len(lines)
    assert adds_up(report)
    run = rows(engine, "ingest_run")[-1]
    assert run["read"] == run["added"] + run["changed"] + run["unchanged"] + run["rejected"] == len(lines)
    refused = {row["place"] for row in rows(engine, "rejected_record") if row["run_id"] == run["run_id"]}
    assert len(refused) == report.rejected


def cli(engine, *arguments):
    return command(engine, "ingest", *arguments)


def cli_of_its_own(engine, *arguments):
    """The same in a process, to which the system hands the words as bytes."""
    environment = {**os.environ, "DATABASE_URL": address(engine)}
    words = [sys.executable, "-m", "api", "ingest", *map(str, arguments)]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_succeeds_with_some_records_refused_and_lists_them_as_csv(engine, write):
    path = write("a.csv", csv_text(PROJECT, {**PROJECT, "project_id": "X2", "commitment_usd": "-5"}))
    done = cli(engine, "records", path)
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert "read 2, added 1, changed 0, unchanged 0, rejected 1" in done.stdout
    assert "1 record rejected, 0 values set aside: `python -m api ingest errors 1`" in done.stdout
    listed = cli(engine, "errors", 1)
    assert listed.returncode == 0
    (row,) = csv.DictReader(io.StringIO(listed.stdout))
    assert row == {
        "place": "line 3",
        "record_id": "X2",
        "field": "commitment_usd",
        "value": "'-5",  # as in files over HTTP: a spreadsheet might compute with it
        "reason": "'-5' is negative; a total or a component is zero or more",
        "kept": "no",
    }
    assert project_ids(engine) == ["X1"]


def test_names_of_files_are_listed_as_they_are_whatever_brackets_they_have(engine, write):
    take(engine, write("[red]a[-].csv", csv_text(PROJECT)))
    assert "[red]a[-].csv" in cli(engine, "runs").stdout


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("records", "a.txt"), "a.txt is of no known type"),
        (("worldbank-export", "a.txt"), "a.txt has no header"),
        (("records", "none.csv"), "is not a file"),
        (("errors", "7"), "no ingest run '7'"),
    ],
)
def test_the_command_fails_with_one_line_where_it_can_do_nothing(engine, write, arguments, message):
    verb, name = arguments
    folder = write("a.txt", "some words\n").parent
    failed = cli(engine, verb, folder / name if "." in name else name)
    assert failed.returncode == 1
    assert message in failed.stderr
    assert failed.stderr.strip().startswith("error: ")
    assert len(failed.stderr.strip().splitlines()) == 1


def test_the_command_tells_in_one_line_of_an_error_that_nobody_foresaw(new_database, write, monkeypatch):
    url = new_database("sqlite")
    upgrade(make_engine(url))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setattr(pipeline, "make_release", lambda *_: {}["what is not there"])
    get_settings.cache_clear()
    try:
        failed = CliRunner().invoke(app, ["ingest", "records", str(write("a.csv", many(2)))])
        listed = CliRunner().invoke(app, ["ingest", "runs"])
        errors = CliRunner().invoke(app, ["ingest", "errors", "1"])
    finally:
        get_settings.cache_clear()
    assert failed.exit_code == 1
    assert isinstance(failed.exception, SystemExit)
    (line,) = failed.output.strip().splitlines()
    assert line.startswith("error: run 1 failed: an error that was not foreseen, KeyError: 'what is not there' (")
    reason = line.removeprefix("error: run 1 failed: ")
    assert reason in listed.stdout
    assert errors.stderr == f"run 1: {reason}\n"
    assert errors.stdout == "place,record_id,field,value,reason,kept\n"


def test_a_file_may_have_a_name_that_is_no_utf_8(engine, write):
    good = write(os.fsdecode(b"good\xff.csv"), many(2))
    assert cli_of_its_own(engine, "records", good).returncode == 0
    bad = cli_of_its_own(engine, "records", write(os.fsdecode(b"bad\xff.txt"), "x"))
    assert (bad.returncode, len(bad.stderr.splitlines())) == (1, 1)
    assert "is of no known type '.txt'" in bad.stderr
    activities = write(os.fsdecode(b"synthetic\xff.xml"), document(activity() + activity()))
    assert cli_of_its_own(engine, "iati", activities).returncode == 0
    assert [run["input_name"] for run in rows(engine, "ingest_run")] == ["good?.csv", "bad?.txt", "synthetic?.xml"]
    assert rejected(engine)[0]["place"] == "synthetic?.xml, line 3"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("as_of", ["yesterday", "2024-02-30", "2099-01-01"])
def test_a_date_of_an_export_that_cannot_be_is_refused_before_the_run(engine, write, as_of):
    failed = cli(engine, "worldbank-export", write("a.csv", "id\n"), "--as-of", as_of)
    assert failed.returncode == 2
    assert "--as-of" in failed.stderr
    assert as_of in failed.stderr
    assert rows(engine, "ingest_run") == []


def test_an_adapter_that_fails_after_a_batch_undoes_what_it_gave(engine, write):
    class Breaks(RecordsAdapter):
        def read(self, path):
            yield from super().read(path)
            raise ValueError("broken adapter")

    with pytest.raises(RunFailedError, match="ValueError: broken adapter"):
        take(engine, write("a.csv", many(600)), Breaks())
    assert project_ids(engine) == []
    assert rows(engine, "release") == []


def test_a_way_in_whose_trust_nobody_stated_is_refused(engine, write):
    upgrade(engine)
    told = "'unheard' is no way in for projects: take them in by `python -m api ingest records`"
    with pytest.raises(FileRefusedError, match=f"{told}$"):
        pipeline.ingest(engine, RecordsAdapter("unheard"), [write("one.jsonl", json.dumps(RECORD))])


@pytest.mark.parametrize("most", [10**8, 5 * 10**9])
def test_more_money_than_adds_up_exactly_refuses_the_run(engine, write, monkeypatch, most):
    """Whether one run brings it, or the one before had most of it."""
    monkeypatch.setattr(summaries, "MOST_CENTS", most)
    before = {**PROJECT, "project_id": "X1", "commitment_usd": "30000000"}
    more = {**PROJECT, "project_id": "X2", "commitment_usd": "40000000"}
    if most == 5 * 10**9:
        take(engine, write("a.csv", csv_text(before)))
    with pytest.raises(TooMuchMoneyError, match=f"come to more than {most // 100:,} US dollars"):
        take(engine, write("b.csv", csv_text(more)))
    assert project_ids(engine) == (["X1"] if most == 5 * 10**9 else [])
    assert [run["status"] for run in rows(engine, "ingest_run")][-1] == "refused"
