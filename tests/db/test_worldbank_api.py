"""The live source: what is asked of it, and what happens when it misbehaves."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from db.errors import SourceAnswerError, SourceUnavailableError, SpoolError
from db.ingest.sources.spool import MANIFEST, open_spool
from db.ingest.sources.worldbank import Wanted
from tests.data.commands import command
from tests.data.export_helpers import PROJECT, adds_up, csv_text, everything, project, project_ids, rows, take
from tests.data.fake_worldbank import LEADER, PASSING, ever_from, offsets, once
from tests.data.worldbank_runs import ROWS, run

ROOT = Path(__file__).parents[2]
COUNT = 85  # four pages
TODAY = datetime.now(UTC).date().isoformat()
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def fetch(engine, api, tmp_path):
    """Run the source against the server; its pages are kept in a folder of the test."""

    def start(wanted=None, **options):
        report = run(engine, api.address, tmp_path / "spool", wanted, **options)
        assert adds_up(report)
        return report

    return start


def manifest(folder):
    (path,) = (path for path in folder.glob(f"spool/*/*/{MANIFEST}") if "previous" not in str(path))
    return json.loads(path.read_bytes())


def test_all_projects_are_taken_in_as_one_run_with_their_provenance(engine, fetch, api, tmp_path):
    report = fetch()
    assert (report.read, report.added, report.set_aside, report.release_id) == (COUNT, COUNT, 0, 1)
    (done,) = rows(engine, "ingest_run")
    assert (done["adapter"], done["status"], done["read"]) == ("worldbank-api", "done", COUNT)
    statement = rows(engine, "project_statement")[0]
    assert (statement["origin"], statement["as_of"], statement["run_id"]) == ("worldbank-api", TODAY, 1)
    kept_at = datetime.fromisoformat(manifest(tmp_path)["pages"][0]["retrieved_at"])
    assert statement["retrieved_at"].replace(tzinfo=UTC) == kept_at
    stored = project(engine, "P900007")
    assert stored["source_url"].endswith("/project-detail/P900007")
    assert (stored["commitment_cents"], stored["ida_cents"], stored["ibrd_cents"]) == (8_000_000_00, 8_000_000_00, 0)
    assert (stored["place"], str(stored["approval_date"]), stored["source_id"]) == (
        "Nepal",
        "2021-08-11",
        "worldbank-projects",
    )
    params, headers = api.requests[0]
    assert params == {"format": "json", "fl": "*", "rows": str(ROWS), "srt": "id", "order": "asc", "os": "0"}
    assert headers["User-Agent"].startswith("migration-finance-api/")
    assert manifest(tmp_path)["state"] == "taken_in"
    assert "the newest change that the source tells of: 2026-01-31" in report.notes


def test_the_same_again_costs_no_write_and_the_source_no_body(engine, fetch, api):
    fetch()
    before = everything(engine)
    api.requests.clear()
    report = fetch()
    assert (report.read, report.unchanged, report.release_id) == (COUNT, COUNT, None)
    assert everything(engine) == before
    assert "If-None-Match" in api.requests[-1][1]
    assert report.notes[0] == "pages: 4 asked for, 4 unchanged since the last run"


@only_sqlite
def test_what_changed_is_one_change(engine, fetch, api):
    fetch()
    api.projects["P900003"]["projectstatusdisplay"] = "Closed"
    report = fetch()
    assert (report.changed, report.unchanged, report.release_id) == (1, COUNT - 1, 2)
    assert project(engine, "P900003")["status"] == "Closed"


@only_sqlite
def test_a_repetition_is_stored_only_where_another_source_has_spoken_since(engine, fetch, api, write, monkeypatch):
    """Asked daily, the source confirms itself for nothing; but it overrules what others said in between."""
    api.projects = dict(list(api.projects.items())[:2])
    days = iter(("2026-01-01", "2026-01-11", "2026-01-12"))
    monkeypatch.setattr("db.ingest.sources.web.now", lambda: datetime.fromisoformat(next(days)).replace(tzinfo=UTC))
    fetch()
    record = {**PROJECT, "project_id": "P900001", "status": "Closed", "as_of": "2026-01-05"}
    take(engine, write("records.csv", csv_text(record)))
    assert project(engine, "P900001")["status"] == "Closed"
    report = fetch()
    assert (report.changed, report.unchanged) == (1, 1)
    assert project(engine, "P900001")["status"] == "Active"
    assert fetch().unchanged == 2
    said = [(row["project_id"], row["as_of"]) for row in rows(engine, "project_statement") if "api" in row["origin"]]
    assert said == [("P900001", "2026-01-01"), ("P900001", "2026-01-11"), ("P900002", "2026-01-01")]


@only_sqlite
@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_asked_through(engine, fetch, api, fault):
    naps = []
    api.fault = once(2, fault)
    report = fetch(sleep=naps.append)
    assert (report.added, len(project_ids(engine))) == (COUNT, COUNT)
    waited = [nap for nap in naps if nap > 0.5]
    assert len(waited) == 1
    assert (waited == [2.0]) is (fault == "429")  # as the server asks, else about a second


LASTING = {
    **dict.fromkeys(("slow", "truncated", "reset", "429", "500", "503"), SourceUnavailableError),
    **dict.fromkeys(
        ("cut-json", "html", "error-inside", "empty", "null-projects", "no-total", "deep"), SourceAnswerError
    ),
    **dict.fromkeys(("not-utf8", "key-twice", "field-twice", "id-twice", "nan"), SourceAnswerError),
    **dict.fromkeys(("403", "404", "large"), SourceAnswerError),
}
WORDS = {
    "slow": "does not answer in time; asked 4 times",
    "reset": "cannot be read",
    "429": "answers 429; asked 4 times",
    "html": "with a page for browsers or XML; expected JSON with a total and projects by their ids",
    "error-inside": "an error: 'backend timed out'",
    "empty": "an empty body",
    "null-projects": "a total of 85, but null for projects",
    "cut-json": "JSON that is broken or cut off",
    "deep": "JSON that is broken or cut off",
    "not-utf8": "bytes that are not UTF-8, from byte ",
    "key-twice": "JSON that repeats a key of an object",
    "field-twice": "JSON that repeats a key of an object",
    "id-twice": "JSON that repeats an id",
    "nan": "JSON with NaN, which is no value of it",
    "403": "answered 403 with a refusal",
    "large": "more than 1,000,000 bytes; expected less",
}


@only_sqlite
@pytest.mark.parametrize(("fault", "error"), LASTING.items(), ids=LASTING)
def test_a_fault_that_lasts_ends_the_run_with_clear_words_and_nothing_written(engine, fetch, api, fault, error):
    before = everything(engine)
    api.fault = ever_from(3, fault)
    with pytest.raises(error) as caught:
        fetch()
    assert api.address in str(caught.value)
    assert WORDS.get(fault, "") in str(caught.value)
    assert LEADER not in str(caught.value)
    assert everything(engine) == before
    (refused,) = rows(engine, "ingest_run")
    assert (refused["status"], refused["detail"], refused["read"]) == ("refused", str(caught.value), 0)
    assert refused["started_at"] <= refused["ended_at"]
    api.fault = ever_from(999, fault)
    api.requests.clear()
    report = fetch()
    assert (report.added, offsets(api)) == (COUNT, [40, 60])  # the two pages that had come are not asked for again
    assert report.notes[0] == "pages: 2 asked for, 2 kept from a run that did not end"


@only_sqlite
def test_a_source_that_asks_for_a_long_rest_is_left_alone_at_once(fetch, api):
    api.fault = lambda number, params: "500" if number == 1 else "429"
    api.retry_after = "3600"
    with pytest.raises(SourceUnavailableError, match="asks to be left alone for 3600 s; asked twice"):
        fetch()
    assert len(api.requests) == 2


def delete(api, *ids):
    for project_id in ids:
        api.projects.pop(project_id, None)


@only_sqlite
def test_records_that_vanish_under_way_make_it_ask_again_from_a_little_earlier(engine, fetch, api):
    gone = [f"P9{number:05}" for number in range(1, 26)]
    api.before = lambda number: delete(api, *gone) if number == 2 else None
    report = fetch()
    assert set(api.projects) <= set(project_ids(engine))
    assert report.read == COUNT  # those that vanished were seen before
    assert "the list changed under way: 85 records became 60" in report.notes
    assert any("more were found by asking again from a little earlier" in note for note in report.notes)


@only_sqlite
@pytest.mark.parametrize("gone", [range(2, 61), range(26, 85), range(1, 86)], ids=["early", "late", "all"])
def test_a_list_that_shrinks_to_less_than_where_the_walk_is_loses_nothing(engine, fetch, api, gone):
    """What is left moves into pages that were asked for already, and the page asked for lies beyond the end."""
    api.before = lambda number: delete(api, *(f"P9{n:05}" for n in gone)) if number == 4 else None
    fetch()
    assert set(api.projects) <= set(project_ids(engine))
    (done,) = rows(engine, "ingest_run")
    remarks = [row["reason"] for row in rows(engine, "rejected_record") if row["field"] == "remark"]
    assert (done["status"], remarks[0]) == (
        "done",
        f"the list changed under way: 85 records became {len(api.projects)}",
    )


@only_sqlite
def test_records_without_ids_are_refused_one_by_one(engine, fetch, api):
    api.as_list = True
    for number in (3, 43):  # the same row of two pages
        del api.projects[f"P9{number:05}"]["id"]
    assert (fetch().rejected, len(project_ids(engine))) == (2, COUNT - 2)


@only_sqlite
def test_records_that_come_in_under_way_push_others_over_the_border_and_are_counted_once(engine, fetch, api):
    def insert(number):
        if number == 2:
            for extra in range(1, 6):
                api.projects[f"P8{extra:05}"] = {**api.projects["P900001"], "id": f"P8{extra:05}"}

    api.before = insert
    report = fetch()
    assert set(project_ids(engine)) == set(api.projects)
    assert report.read == COUNT + 5
    assert any("of which no page held 5; asked once more for all: found" in note for note in report.notes)


@only_sqlite
@pytest.mark.parametrize(
    "setting",
    [{"whole_pages": True}, {"most_rows": 7}, {"as_list": True}],
    ids=["begins-at-multiples", "gives-fewer-rows-than-asked", "projects-as-a-list"],
)
def test_other_manners_of_paging_lose_nothing(engine, fetch, api, setting):
    vars(api).update(setting)
    report = fetch()
    assert (report.read, len(project_ids(engine))) == (COUNT, COUNT)


@only_sqlite
def test_a_total_that_no_page_fills_is_told(fetch, api):
    api.overstated = 3
    report = fetch()
    assert report.added == COUNT
    assert any("still missing: 3" in note for note in report.notes)


@only_sqlite
def test_only_some_are_asked_for(engine, fetch, api):
    assert fetch(Wanted(limit=7)).read == 7
    assert api.requests[-1][0]["rows"] == "7"
    fetch(Wanted(since=date(2022, 1, 1)))
    assert api.requests[-1][0]["strdate"] == "2022-01-01"
    report = fetch(Wanted(projects=("P900050", "P999999")))
    assert report.read == 1
    assert "the source knows no project P999999" in report.notes
    assert "P900050" in project_ids(engine)


@only_sqlite
def test_what_comes_beside_a_single_project_is_not_taken_in(engine, fetch, api, monkeypatch):
    body = api.body
    monkeypatch.setattr(api, "body", lambda params: body({**params, "rows": "5"} if params.pop("id", None) else params))
    report = fetch(Wanted(projects=("P900001",)))
    assert (report.read, project_ids(engine)) == (1, ["P900001"])
    assert "asked for P900001, the source sent 4 other projects, not taken in" in report.notes


@only_sqlite
def test_pages_are_gone_on_with_only_while_they_fit(engine, fetch, api, tmp_path):
    def stop_after_two_pages():
        api.requests.clear()
        api.fault = ever_from(3, "403")
        with pytest.raises(SourceAnswerError):
            fetch(fresh=True)
        api.fault = ever_from(999, "403")
        api.requests.clear()
        return next(path for path in tmp_path.glob(f"spool/*/*/{MANIFEST}") if "previous" not in str(path))

    path = stop_after_two_pages()
    path.with_name("page-00002.json").write_text("{}")
    assert fetch().read == COUNT
    assert offsets(api)[0] == 0  # a page that is not what was kept
    path = stop_after_two_pages()
    content = json.loads(path.read_bytes())
    content["started_at"] = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    path.write_text(json.dumps(content))
    assert fetch().read == COUNT
    assert offsets(api)[0] == 0  # older than a day
    stop_after_two_pages()
    assert fetch(fresh=True).read == COUNT
    assert offsets(api)[0] == 0


@only_sqlite
def test_two_runs_of_the_same_do_not_share_a_folder(engine, fetch, api, tmp_path):
    query = {"format": "json", "fl": "*", "rows": ROWS, "srt": "id", "order": "asc"}
    with open_spool(tmp_path / "spool", "worldbank-projects", api.address, query), pytest.raises(SpoolError):
        fetch()
    assert [row["detail"] for row in rows(engine, "ingest_run")] == [
        "another run is asking the same of this source: wait for its end"
    ]


@only_sqlite
def test_a_folder_that_cannot_be_written_is_told(fetch, tmp_path):
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(SpoolError, match="cannot be used to keep answers"):
        fetch()


def test_names_of_staff_are_stored_nowhere(engine, fetch, api, tmp_path):
    api.projects["P900001"]["closingdate"] = "soon"
    api.projects["P900002"]["countryshortname"] = "Nowhere"
    report = fetch()
    assert (report.set_aside, report.rejected) == (1, 1)
    stored = everything(engine) | {name: rows(engine, name) for name in ("ingest_run", "rejected_record")}
    assert LEADER in str(api.projects)
    assert LEADER not in repr(stored)
    pages = [path.read_text(encoding="utf-8") for path in tmp_path.glob("spool/**/*.json")]
    assert len(pages) == 5
    assert LEADER not in "".join(pages)


def cli(engine, api, tmp_path, *arguments):
    settings = {"WORLDBANK_API_URL": api.address, "SPOOL_DIR": str(tmp_path / "spool")}
    return command(engine, "ingest", "worldbank", *arguments, **settings)


@only_sqlite
def test_the_command_tells_what_it_did_or_fails_with_one_line(engine, api, tmp_path):
    done = cli(engine, api, tmp_path, "--since", "2014-01-01", "--limit", "5")
    assert (done.returncode, done.stderr) == (0, "")
    assert "read 5, added 5" in done.stdout
    assert "pages: 1 asked for" in done.stdout
    api.fault = ever_from(1, "403")
    failed = cli(engine, api, tmp_path)
    assert failed.returncode == 1
    assert len(failed.stderr.strip().splitlines()) == 1
    assert failed.stderr.startswith(f"error: {api.address}")
    assert len(project_ids(engine)) == 5
