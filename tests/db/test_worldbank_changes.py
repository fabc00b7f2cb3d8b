"""Only what changed is asked for, and everything where that cannot be relied on."""

import json

import pytest

from db.engine import make_engine
from db.ingest.sources import worldbank_changes
from db.ingest.sources.worldbank import Wanted
from db.migrate import upgrade
from tests.data.export_helpers import adds_up, everything, project, rows
from tests.data.fake_worldbank import once, running
from tests.data.worldbank_runs import run, run_changes

COUNT = 85  # four pages of the whole list
LATER = "2026-02-03 00:00:00.0"
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def api():
    with running(COUNT) as fake:
        for number, fields in enumerate(fake.projects.values(), start=1):
            fields["p2a_updated_date"] = f"2025-{1 + number % 12:02}-{1 + number % 28:02} 00:00:00.0"
        yield fake


@pytest.fixture
def fetch(engine, api, tmp_path):
    """Ask for changes; the pages are kept in a folder of the test."""

    def start():
        api.requests.clear()
        report = run_changes(engine, api.address, tmp_path / "spool")
        assert adds_up(report)
        return report

    return start


def orders(api):
    return [params["srt"] for params, _ in api.requests]


def change(api, project_id, when=LATER, **fields):
    api.projects[project_id].update(fields, p2a_updated_date=when)


def test_the_first_run_asks_for_all_and_the_next_for_what_changed(engine, fetch, api):
    first = fetch()
    assert (first.added, set(orders(api))) == (COUNT, {"id"})
    assert first.notes[0] == "asked for the whole list: no whole list of the last 30 days is in this database"
    change(api, "P900003", projectstatusdisplay="Closed")
    second = fetch()
    assert second.notes[0] == "asked for what changed on or after 2025-12-28"
    assert (second.changed, orders(api)) == (1, ["p2a_updated_date"])
    assert second.read == 30, "one page is enough to come to what is known"
    assert project(engine, "P900003")["status"] == "Closed"
    third = fetch()
    assert third.notes[0] == "asked for what changed on or after 2026-02-03"
    assert (third.changed, third.added, third.release_id) == (0, 0, None)


@only_sqlite
def test_many_changes_are_followed_over_pages_to_the_last(engine, fetch, api):
    fetch()
    for number in range(1, 71):
        change(api, f"P9{number:05}", f"2026-02-{1 + number % 28:02} 00:00:00.0", projectstatusdisplay="Closed")
    report = fetch()
    assert report.changed == 70
    assert len(api.requests) == 4
    assert sum(row["status"] == "Closed" for row in rows(engine, "project")) == 70


@only_sqlite
def test_a_change_on_the_day_of_the_newest_one_is_not_missed(engine, fetch, api):
    change(api, "P900001")
    fetch()
    change(api, "P900002", projectstatusdisplay="Closed")
    assert fetch().changed == 1
    assert project(engine, "P900002")["status"] == "Closed"


@only_sqlite
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda api: setattr(api, "can_sort", False), "does not keep to the order by p2a_updated_date"),
        (lambda api: [fields.pop("p2a_updated_date") for fields in api.projects.values()], "gives no p2a_updated_date"),
    ],
    ids=["no order", "no dates"],
)
def test_where_the_source_does_not_tell_changes_the_whole_list_is_asked_for(engine, fetch, api, spoil, reason):
    fetch()
    change(api, "P900003", projectstatusdisplay="Closed")
    spoil(api)
    report = fetch()
    assert report.notes[0] == f"asked for the whole list: the API {reason}"
    assert (report.read, report.changed) == (COUNT, 1)
    assert [run["status"] for run in rows(engine, "ingest_run")] == ["done", "done"]


@only_sqlite
def test_records_without_a_date_come_last_and_stop_nothing(fetch, api):
    fetch()
    del api.projects["P900004"]["p2a_updated_date"]
    change(api, "P900003", projectstatusdisplay="Closed")
    assert fetch().changed == 1


@only_sqlite
def test_a_part_of_the_list_is_no_whole_list(engine, api, fetch, tmp_path):
    for wanted in (Wanted(limit=7), Wanted(projects=("P900001",))):
        run(engine, api.address, tmp_path / "spool", wanted)
    assert "whole list" in fetch().notes[0]


@only_sqlite
def test_a_list_that_lacks_projects_is_no_whole_list(fetch, api):
    lacking = {key: api.projects.pop(key) for key in ("P900001", "P900002")}
    api.overstated = len(lacking)
    first = fetch()
    assert first.added == COUNT - 2
    assert any("still missing: 2" in note for note in first.notes)
    api.projects.update(lacking)
    api.overstated = 0
    second = fetch()
    assert "whole list" in second.notes[0]
    assert second.added == 2
    assert fetch().notes[0] == "asked for what changed on or after 2025-12-28"


@only_sqlite
def test_what_another_database_took_in_is_not_known_here(engine, fetch, api, tmp_path, new_database):
    fetch()
    other = make_engine(new_database("sqlite"))
    upgrade(other)
    report = run_changes(other, api.address, tmp_path / "spool")
    assert report.added == COUNT
    assert len(everything(other)["project"]) == len(everything(engine)["project"]) == COUNT
    other.dispose()


@only_sqlite
def test_once_a_month_the_whole_list_is_asked_for(fetch, api, tmp_path, monkeypatch):
    fetch()
    (path,) = (tmp_path / "spool").glob("*/*/manifest.json")
    manifest = json.loads(path.read_bytes())
    path.write_text(json.dumps(manifest | {"started_at": "2020-01-01T00:00:00+00:00"}))
    assert "whole list" in fetch().notes[0]
    monkeypatch.setattr(worldbank_changes, "WHOLE_AFTER", worldbank_changes.WHOLE_AFTER * 0)
    assert "whole list" in fetch().notes[0]


@only_sqlite
def test_a_run_for_changes_that_fails_is_made_up_by_the_next(engine, fetch, api):
    fetch()
    change(api, "P900003", projectstatusdisplay="Closed")
    api.fault = once(1, "403")
    with pytest.raises(Exception, match="403"):
        fetch()
    api.fault = lambda number, params: None
    assert fetch().changed == 1
    assert project(engine, "P900003")["status"] == "Closed"


@only_sqlite
@pytest.mark.parametrize("day", ["2025-06-01 00:00:00.0", LATER, ""], ids=["of the whole list", "of a change", "none"])
def test_what_was_refused_is_asked_for_by_its_id_until_it_can_be_taken_in(engine, fetch, api, day):
    if day == LATER:
        fetch()
    change(api, "P900003", day, project_name="")
    assert fetch().rejected == 1
    change(api, "P900004", "2026-02-05 00:00:00.0", projectstatusdisplay="Closed")
    again = fetch()
    assert (again.changed, again.rejected) == (1, 1)
    change(api, "P900005", "2026-02-06 00:00:00.0", projectstatusdisplay="Closed")
    once_more = fetch()
    assert (once_more.changed, once_more.rejected) == (1, 1)
    assert (
        once_more.notes[0] == "asked for what changed on or after 2026-02-05, and for what was refused before: P900003"
    )
    asked = [params.get("id") for params, _ in api.requests]
    assert asked == [None] if day == LATER else [None, "P900003"], (
        "a page of changes, which may hold it, and the project"
    )
    api.projects["P900003"]["project_name"] = "Its name is back, and the day of its change is the same"
    assert fetch().rejected == 0
    assert project(engine, "P900003")["name"].startswith("Its name is back")
    assert fetch().notes[0] == "asked for what changed on or after 2026-02-06"


@only_sqlite
def test_what_comes_beside_a_project_that_was_refused_is_told_and_not_taken_in(fetch, api, monkeypatch):
    for project_id in ("P900003", "P900004"):
        change(api, project_id, "2025-06-01 00:00:00.0", project_name="")
    fetch()
    body = api.body
    monkeypatch.setattr(api, "body", lambda params: body({**params, "rows": "5"} if params.pop("id", None) else params))
    report = fetch()
    assert report.read == 30, "the page of changes"
    for project_id in ("P900003", "P900004"):
        assert f"asked for {project_id}, the source sent 5 other projects, not taken in" in report.notes
        assert f"the source knows no project {project_id}" in report.notes


@only_sqlite
def test_a_project_beside_a_list_is_not_asked_for_by_what_came_of_another(fetch, api):
    for project_id in ("P900003", "P900004"):
        change(api, project_id, "2025-06-01 00:00:00.0", project_name="")
    for _ in range(3):
        fetch()
    single = [headers for params, headers in api.requests if "id" in params]
    assert len(single) == 2
    assert not any(name.lower().startswith("if-") for headers in single for name in headers)


@only_sqlite
def test_what_was_refused_and_is_on_a_page_of_changes_is_asked_for_once(engine, fetch, api):
    change(api, "P900003", project_name="")
    fetch()
    change(api, "P900003", "2026-02-04 00:00:00.0", project_name="Its name is back")
    assert fetch().rejected == 0
    assert len(api.requests) == 1
    assert project(engine, "P900003")["name"] == "Its name is back"


@only_sqlite
def test_a_refused_project_that_the_source_has_no_more_is_told_and_no_longer_asked_for(fetch, api):
    change(api, "P900003", "2025-06-01 00:00:00.0", project_name="")
    fetch()
    del api.projects["P900003"]
    assert "the source knows no project P900003" in fetch().notes
    assert fetch().notes[0] == "asked for what changed on or after 2025-12-28"


@only_sqlite
@pytest.mark.parametrize("spoil", ["many", "no id"])
def test_where_ids_do_not_do_the_list_is_asked_for_on_to_what_was_refused(engine, fetch, api, monkeypatch, spoil):
    change(api, "P900003", "2025-06-01 00:00:00.0", project_name="")
    if spoil == "many":
        monkeypatch.setattr(worldbank_changes, "MOST_AGAIN", 0)
    else:
        api.projects["P900003"]["id"] = "none"
    fetch()
    assert fetch().notes[0] == "asked for what changed on or after 2025-06-01"
    api.projects["P900003"].update(id="P900003", project_name="Its name is back")
    assert fetch().rejected == 0
    assert project(engine, "P900003")["name"] == "Its name is back"


@only_sqlite
def test_a_list_of_which_all_was_refused_moves_no_mark(engine, fetch, api):
    names = {key: fields.pop("project_name") for key, fields in api.projects.items()}
    for _ in range(2):
        report = fetch()
        assert (report.read, report.rejected) == (COUNT, COUNT)
        assert report.notes[0].startswith("asked for the whole list")
    for key, name in names.items():
        api.projects[key]["project_name"] = name
    assert fetch().added == len(rows(engine, "project")) == COUNT


@only_sqlite
def test_a_list_whose_refused_records_cannot_be_found_any_more_proves_nothing(fetch, api, tmp_path):
    change(api, "P900003", project_name="")
    fetch()
    for page in (tmp_path / "spool").glob("*/*/page-*.json"):
        page.unlink()
    assert fetch().notes[0].startswith("asked for the whole list")


@only_sqlite
@pytest.mark.parametrize("day", ["2026-13-45T00:00:00Z", "2062-01-01T00:00:00Z"], ids=["no day", "yet to come"])
def test_a_day_that_cannot_be_hides_no_change(engine, fetch, api, day):
    change(api, "P900001", day)
    fetch()
    change(api, "P900003", projectstatusdisplay="Closed")
    second = fetch()
    assert second.notes[0] == "asked for what changed on or after 2025-12-28"
    assert (second.changed, project(engine, "P900003")["status"]) == (1, "Closed")
    assert fetch().notes[0] == "asked for what changed on or after 2026-02-03"


@only_sqlite
@pytest.mark.parametrize("day", ["2026-13-45", "2062-01-01"], ids=["no day", "yet to come"])
def test_a_day_that_cannot_be_in_a_kept_list_is_passed_over(fetch, tmp_path, day):
    fetch()
    (path,) = (tmp_path / "spool").glob("*/*/manifest.json")
    manifest = json.loads(path.read_bytes())
    manifest["newest_change"] = manifest["pages"][0]["newest_change"] = day
    path.write_text(json.dumps(manifest))
    assert fetch().notes[0] == "asked for what changed on or after 2025-12-28"
