"""Reports from a source that misbehaves: nothing half written, nothing lost, the next run completes, the run says why."""

import shutil

import pytest
from typer.testing import CliRunner

from api.cli.commands import app
from db.errors import SourceAnswerError, SourceUnavailableError
from db.settings import get_settings
from tests.data.export_helpers import everything, rejected
from tests.data.fake_documents import (
    FITS,
    MISFITS,
    OTHER,
    PROJECT_ID,
    REPORT,
    components,
    last_run,
    no_fault,
    of_list,
    of_text,
    only_once,
    put,
    reasons,
    status_report,
    texts_asked,
)
from tests.data.fake_worldbank import PASSING

TEXT_FAULTS = ("slow", "truncated", "reset", "html", "error-inside", "empty", "429", "500", "503")
only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@only_sqlite
@pytest.mark.parametrize("fault", TEXT_FAULTS)
def test_a_fault_of_a_text_that_passes_is_asked_through(engine, fetch, api, fault):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    put(api, "D2", PROJECT_ID, REPORT, "2023-01-31")
    api.fault = only_once(of_text(fault))
    assert (fetch().added, {row["as_of"] for row in components(engine)}) == (3, {"2023-01-31"})
    assert texts_asked(api) == ["D2", "D2"]
    assert [reason for _, _, reason in reasons(engine)] == ["not read: the newer report of 2023-01-31 is trusted"]


@only_sqlite
@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_of_a_list_that_passes_is_asked_through(engine, fetch, api, fault):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    api.fault = only_once(of_list(fault))
    assert (fetch().added, rejected(engine)) == (3, [])


LIST_FAULTS = {
    "slow": "does not answer in time; asked 4 times",
    "truncated": "cannot be read",
    "reset": "cannot be read",
    "cut-json": "JSON that is broken or cut off",
    "html": "a page for browsers or XML; expected JSON with a total and documents by their ids",
    "error-inside": "an error: 'backend timed out'",
    "empty": "an empty body",
    "null-projects": "a total of 1, but null for documents",
    "not-utf8": "bytes that are not UTF-8, from byte ",
    "key-twice": "JSON that repeats a key of an object",
    "id-twice": "JSON that repeats an id",
    "nan": "JSON with NaN, which is no value of it",
    "429": "answers 429; asked 4 times",
    "403": "answered 403 with a refusal",
    "large": "more than 1,000,000 bytes; expected less",
}


@only_sqlite
@pytest.mark.parametrize("fault", LIST_FAULTS)
def test_a_fault_of_a_list_that_lasts_leaves_a_run_that_says_so_and_the_next_completes(engine, fetch, api, fault):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    put(api, "D2", OTHER, status_report(OTHER, FITS), "2022-01-31")
    before = everything(engine)
    api.fault = of_list(fault, OTHER)
    with pytest.raises((SourceAnswerError, SourceUnavailableError)) as caught:
        fetch()
    assert everything(engine) == before
    assert last_run(engine) == ("refused", str(caught.value))
    assert api.documents_address in str(caught.value)
    assert LIST_FAULTS[fault] in str(caught.value)
    api.fault = no_fault
    report = fetch()
    assert (report.added, texts_asked(api)) == (6, ["D2"])  # what had come is not asked for again
    assert report.notes[0] == "projects: 2, 1 of them kept from a run that did not end; a list was chosen for 2"
    assert last_run(engine) == ("done", None)


@only_sqlite
@pytest.mark.parametrize(("wait", "asked"), [("3", 8), ("3600", 2)], ids=["short", "long"])
def test_a_storm_of_refusals_is_waited_out_or_ends_the_run(engine, fetch, api, wait, asked):
    """A short rest is kept before each further attempt, and the list is taken later; a long one ends the run at once."""
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    naps, api.retry_after = [], wait
    api.fault = lambda number, params: "429" if number > 1 else None  # all but the first list
    with pytest.raises(SourceUnavailableError):
        fetch(sleep=naps.append)
    assert [nap for nap in naps if nap > 0.5] == [3.0] * (asked - 2)
    assert ("429" in last_run(engine)[1], last_run(engine)[0], components(engine)) == (True, "refused", [])
    api.fault = no_fault
    if wait == "3":  # its text was set aside with the list of the first project, which is kept
        assert fetch().added == 0
        assert "answers 429; asked 4 times" in reasons(engine)[0][2]
    assert fetch().added == 3


def test_what_a_failed_fetch_met_can_be_looked_up(engine, fetch, api, tmp_path, monkeypatch):
    addresses = [put(api, f"D{n}", PROJECT_ID, REPORT, f"2022-01-0{n}") for n in range(1, 7)]
    for number in range(150):
        put(api, f"X{number}", PROJECT_ID, None, "2024-06-01", docty="Procurement Plan")
    api.before = lambda number: api.documents.pop("X149", None) if number == 2 else None
    api.fault = of_text("503")
    with pytest.raises(SourceUnavailableError):
        fetch(PROJECT_ID)
    met = "answers 503; asked 4 times"
    assert reasons(engine) == [
        ("the list of documents", "remark", "the list changed under way: 156 records became 155"),
        *((address, "text", met) for address in addresses[:1:-1]),  # the fifth ended the run, and is in its detail
    ]
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    get_settings.cache_clear()
    try:
        listed = CliRunner().invoke(app, ["ingest", "runs"]).output
        errors = CliRunner().invoke(app, ["ingest", "errors", "2"]).output
    finally:
        get_settings.cache_clear()
    assert f"run 2: {addresses[1]} {met}" in listed.replace("\n", "")
    assert f"the list of documents,{PROJECT_ID},remark,,the list changed under way: 156 records became 155,-" in errors
    assert f"{addresses[5]},{PROJECT_ID},text,,{met},no" in errors


@only_sqlite
def test_remarks_on_a_list_outlive_a_run_that_ended_early(engine, fetch, api):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, MISFITS), "2020-01-31")
    for number in range(150):
        put(api, f"X{number}", PROJECT_ID, None, "2024-06-01", docty="Procurement Plan")
    api.before = lambda number: api.documents.pop("X149", None) if number == 2 else None
    api.fault = of_list("503", OTHER)
    with pytest.raises(SourceUnavailableError):
        fetch()
    api.fault = no_fault
    report = fetch()
    doubt = "the list of 2020-01-31 is in doubt: its amounts sum to neither the commitment nor the cost"
    told = ["the list changed under way: 151 records became 150", doubt]
    assert [reason for _, field, reason in reasons(engine) if field == "remark"] == told
    assert [f"{PROJECT_ID}: {reason}" for reason in told] == report.notes[-2:]
    assert "documents of other kinds, not looked at: 150" in report.notes


@only_sqlite
def test_documents_that_come_in_or_vanish_under_way_lose_nothing(engine, fetch, api):
    """The report with the list is the last of 250, and moves from page to page while the list is walked through."""
    put(api, "D1", PROJECT_ID, REPORT, "2020-01-31")
    for number in range(249):
        put(api, f"X{number}", PROJECT_ID, None, "2024-06-01", docty="Procurement Plan")

    def move(number):
        if number == 2:
            for extra in range(15):
                put(api, f"Y{extra}", PROJECT_ID, None, "2024-07-01", docty="Procurement Plan")
        if number == 3:
            for gone in range(100, 249):
                del api.documents[f"X{gone}"]

    api.before = move
    assert fetch().added == 3
    told = [reason for _, field, reason in reasons(engine) if field == "remark"]
    assert "the list changed under way: 250 records became 265" in told
    assert any("records vanished" in remark or "on no page" in remark for remark in told)
    assert last_run(engine) == ("done", None)


@only_sqlite
def test_a_document_that_is_listed_twice_counts_once(engine, fetch, api):
    api.as_list = True
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    put(api, "D2", PROJECT_ID, None, "2022-01-31", id="D1", txturl=api.documents["D1"]["txturl"])
    assert (fetch().added, texts_asked(api)) == (3, ["D1"])
    assert any("still missing: 1" in reason for _, _, reason in reasons(engine))


@only_sqlite
def test_documents_without_ids_are_told_apart_across_pages(engine, fetch, api):
    api.as_list = True
    put(api, "D1", PROJECT_ID, REPORT, "2020-01-31")
    for number in range(149):
        put(api, f"X{number}", PROJECT_ID, None, "2024-06-01", docty="Procurement Plan")
    for fields in api.documents.values():
        del fields["id"]
    report = fetch()
    assert report.added == 3
    assert "documents of other kinds, not looked at: 149" in report.notes


@only_sqlite
def test_a_document_of_another_project_is_not_even_read(engine, fetch, api):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    other = put(api, "D2", PROJECT_ID, REPORT, "2023-01-31", projectid=OTHER)
    both = put(api, "D3", PROJECT_ID, status_report(OTHER, FITS), "2023-02-28", projectid=f"{OTHER} {PROJECT_ID}")
    assert (fetch().added, texts_asked(api)) == (3, ["D3", "D1"])
    assert reasons(engine) == [
        (both, "text", "the text is about P900002"),
        (other, "text", "the API says that it is of P900002"),
    ]
    assert {row["as_of"] for row in components(engine)} == {"2022-01-31"}


@only_sqlite
def test_a_list_of_all_documents_instead_of_a_projects_ends_the_run(engine, fetch, api):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    api.overstated = 500_000
    with pytest.raises(SourceAnswerError, match="a total of 500,001, more than the documents of any one project"):
        fetch()
    assert last_run(engine)[0] == "refused"


@only_sqlite
def test_texts_that_are_gone_are_asked_for_again_by_the_run_that_goes_on(engine, fetch, api, tmp_path):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    api.fault = of_list("503", OTHER)
    with pytest.raises(SourceUnavailableError):
        fetch()
    shutil.rmtree(tmp_path / "spool" / "worldbank-documents" / "texts")
    api.fault = no_fault
    assert (fetch().added, texts_asked(api)) == (3, ["D1"])
