"""Components out of reports: which report is chosen, what stands in the way, and what becomes of lists that stand."""

import re

import pytest
from typer.testing import CliRunner

from api.cli.commands import app
from db.engine import reading
from db.errors import NotFoundError, SourceAnswerError, SourceUnavailableError
from db.queries.runs import rejected_records
from db.settings import get_settings
from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, adds_up, csv_text, everything, rows, take
from tests.data.fake_documents import FITS, MISFITS, PROJECT_ID, TITLES, put, run, status_report, texts_asked

only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def fetch(engine, api, tmp_path, write):
    """Read reports on a database that knows one project that concerns migration, and one that does not."""
    known = {**PROJECT, "project_id": PROJECT_ID, "name": "Skills for migrant workers abroad", "as_of": "2020-01-01"}
    other = {**known, "project_id": "P900002", "name": "Rural roads"}
    take(engine, write("projects.csv", csv_text(known, other)))

    def start(*projects, **options):
        report = run(engine, api, tmp_path / "spool", projects, **options)
        assert adds_up(report)
        return report

    return start


def listed(engine):
    found = (row for row in rows(engine, "component") if row["granularity"] == "component" and not row["withdrawn"])
    return {row["component_id"]: row for row in found}


def amounts(engine):
    return {key: row["stated_cents"] for key, row in listed(engine).items()}


def refusals(engine, report):
    with reading(engine) as connection:
        return [(row["place"], row["field"], row["reason"]) for row in rejected_records(connection, report.run_id)]


def curated(titles=TITLES, as_of="2023-01-01", amount="1000000"):
    fields = {"project_id": PROJECT_ID, "amount_usd": amount, "amount_basis": "commitment", "as_of": as_of}
    return csv_text(
        *({**fields, "ordinal": str(ordinal), "title": title} for ordinal, title in enumerate(titles, start=1))
    )


def test_the_newest_report_that_fits_is_taken_with_its_provenance(engine, fetch, api):
    old = put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    text = status_report(PROJECT_ID, FITS)
    chosen = put(api, "D2", PROJECT_ID, text, "19-Aug-2023")
    misfit = put(api, "D3", PROJECT_ID, status_report(PROJECT_ID, MISFITS), "2024-05-17T00:00:00Z")
    put(api, "D4", PROJECT_ID, None, "2024-06-01", docty="Procurement Plan")
    put(api, "D5", "P900002", status_report("P900002", FITS), "2024-06-01")
    report = fetch()
    assert (report.read, report.added, report.passed_over, report.release_id) == (3, 3, 2, 2)
    assert amounts(engine) == {f"{PROJECT_ID}-{n}": c for n, c in ((1, 300000000), (2, 150000000), (3, 50000000))}
    row = listed(engine)[f"{PROJECT_ID}-2"]
    assert (row["source_id"], row["source_url"], row["as_of"]) == ("worldbank-documents", chosen, "2023-08-19")
    assert row["passage"] == text[row["passage_start"] : row["passage_end"]]
    assert "1,500,000.00" in row["passage"]
    assert (row["extraction_confidence"], row["extraction_flags"], row["list_complete"]) == (
        0.9,
        ["basis_by_sum"],
        True,
    )
    assert refusals(engine, report) == [
        (misfit, "text", "its amounts sum to neither the commitment nor the cost; the report of 2023-08-19 is trusted"),
        (old, "text", "not read: the newer report of 2023-08-19 is trusted"),
    ]
    assert texts_asked(api) == ["D3", "D2"]
    assert {params.get("projectid") for params, _ in api.requests} == {PROJECT_ID, None}
    shown = client_of(engine)(f"/v1/components/{PROJECT_ID}-2").json()["data"]
    assert (shown["passage"], shown["passage_start"]) == (row["passage"], row["passage_start"])
    assert (shown["extraction_confidence"], shown["extraction_flags"]) == (0.9, ["basis_by_sum"])
    assert shown["amount_usd"] == 1_500_000.00


def test_the_same_again_costs_no_write_and_asks_for_no_text(engine, fetch, api):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    fetch()
    before = everything(engine)
    api.requests.clear()
    report = fetch()
    assert (report.unchanged, report.release_id) == (3, None)
    assert everything(engine) == before
    assert texts_asked(api) == []
    assert "asked for: 1 page of lists, 0 texts; here already: 1" in report.notes


@only_sqlite
def test_no_name_of_an_author_reaches_the_disk(fetch, api, tmp_path):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    fetch()
    kept = [path.read_text() for path in tmp_path.glob("spool/**/*.json")]
    assert len(kept) == 3  # manifest, list, text
    assert not any("Leader" in text for text in kept)


@only_sqlite
def test_a_list_in_doubt_is_kept_flagged_and_not_forced(engine, fetch, api):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, MISFITS), "2022-01-31")
    report = fetch()
    assert report.added == 3
    row = listed(engine)[f"{PROJECT_ID}-1"]
    assert "mismatch" in row["extraction_flags"]
    assert row["stated_cents"] in (None, 3_000_000_00)  # as the text says what it measures, or not at all
    assert (row["list_complete"], row["note"]) == (
        False,
        "Read from a report with doubts: its amounts sum to neither the commitment nor the cost.",
    )
    assert any("the list of 2022-01-31 is in doubt" in note for note in report.notes)


FAULTS = {
    "404": "answered 404: it is not there",
    "html": "answered 200 with a page for browsers or XML; expected a text",
    "error-inside": "answered 200 with JSON; expected a text",
    "empty": "answered 200 with an empty body; expected a text",
    "truncated": "cannot be read (RemoteProtocolError",
    "reset": "cannot be read (",
    "slow": "does not answer in time; asked 4 times",
    "503": "answers 503; asked 4 times",
    "429": "answers 429; asked 4 times",
    "403": "answered 403 with a refusal; expected a text",
}


@only_sqlite
@pytest.mark.parametrize("fault", FAULTS)
def test_a_text_that_does_not_come_is_set_aside_and_the_next_is_read(engine, fetch, api, fault):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    bad = put(api, "D2", PROJECT_ID, status_report(PROJECT_ID, FITS), "2023-01-31")
    api.fault = lambda number, params: fault if "D2" in params.get("text", "") else None
    report = fetch()
    assert (report.added, report.passed_over) == (3, 1)
    ((place, field, reason),) = refusals(engine, report)
    assert (place, field) == (bad, "text")
    assert reason.startswith(FAULTS[fault])
    assert {row["as_of"] for row in listed(engine).values()} == {"2022-01-31"}
    api.fault = lambda number, params: None  # once it comes it is the newer one
    assert fetch().changed == 3


@only_sqlite
@pytest.mark.parametrize(
    ("fields", "text", "reason"),
    [
        ({"txturl": None}, "x", r"the API gives no address of a text \(txturl\)"),
        ({"txturl": "nowhere"}, "x", "'nowhere' is no address of a text"),
        (
            {"txturl": "http://169.254.1.1/x.txt"},
            "x",
            r"the text is not on 127\.0\.0\.1:\d+ or a host of worldbank\.org: not asked for",
        ),
        *(
            ({"txturl": f"https://{address}"}, "x", "the text is not on .*: not asked for")
            for address in (
                "[",
                "documents.worldbank.org:99999/x",
                "worldbank.org@10.0.0.1/x",
                "worldbank.org.example/x",
            )
        ),
        ({"projectid": "P900002 P900003"}, "x", "the API says that it is of P900002, P900003"),
        ({"docty": None}, "x", r"the API does not say what kind of document it is \(docty\)"),
        ({"docdt": "soon"}, "x", "'soon' is no date of a document"),
        ({"docdt": "2062-01-31"}, status_report(PROJECT_ID, FITS), "its date, 2062-01-31, is yet to come"),
        ({}, "Nothing is said here.", "the text names no project as its own"),
        ({}, status_report("P900077", FITS), "the text is about P900077"),
        ({}, status_report(PROJECT_ID, {}), "no components are found in the text"),
        ({}, b"%PDF-1.7 ...", "is a PDF file, not a text"),
    ],
)
def test_a_report_that_gives_nothing_is_listed_with_the_reason(engine, fetch, api, fields, text, reason):
    put(api, "D1", PROJECT_ID, text, "2022-01-31", **fields)
    report = fetch()
    assert (report.read, report.passed_over, report.release_id) == (0, 1, None)
    assert re.fullmatch(reason, refusals(engine, report)[0][2])


@only_sqlite
def test_a_report_from_the_future_hides_no_good_one(engine, fetch, api):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    put(api, "D2", PROJECT_ID, status_report(PROJECT_ID, FITS), "2062-01-31")
    report = fetch()
    assert (report.added, report.rejected, report.passed_over) == (3, 0, 1)
    assert texts_asked(api) == ["D1"]


@only_sqlite
def test_no_reports_at_all_change_nothing(engine, fetch, api):
    before = everything(engine)
    report = fetch()
    assert (report.read, report.passed_over, report.release_id) == (0, 0, None)
    assert everything(engine) == before


@only_sqlite
@pytest.mark.parametrize("fault", ["html", "empty", "null-projects", "truncated", "503"])
def test_a_list_that_does_not_come_ends_the_run_with_nothing_written(engine, fetch, api, fault):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    before = everything(engine)
    api.fault = lambda number, params: fault
    with pytest.raises((SourceAnswerError, SourceUnavailableError)):
        fetch()
    assert everything(engine) == before


@only_sqlite
def test_where_no_text_comes_any_more_the_run_ends_and_goes_on_later(engine, fetch, api):
    for number in range(1, 7):
        put(api, f"D{number}", PROJECT_ID, status_report(PROJECT_ID, MISFITS), f"2022-01-0{number}")
    api.fault = lambda number, params: "503" if "text" in params and "D6" not in params["text"] else None
    with pytest.raises(SourceUnavailableError):
        fetch()
    api.fault = lambda number, params: None
    api.requests.clear()
    assert fetch().added == 3
    assert texts_asked(api) == ["D5", "D4", "D3", "D2", "D1"]  # what had come is not asked for again


@only_sqlite
def test_a_run_that_ended_early_goes_on_with_the_projects_that_are_left(engine, fetch, api):
    both = (PROJECT_ID, "P900002")
    for project_id in both:
        put(api, f"D-{project_id}", project_id, status_report(project_id, FITS), "2022-01-31")
    api.fault = lambda number, params: "503" if params.get("projectid") == "P900002" else None
    with pytest.raises(SourceUnavailableError):
        fetch(*both)
    assert listed(engine) == {}
    api.fault = lambda number, params: None
    api.requests.clear()
    report = fetch(*both)
    assert report.added == 6
    assert [params["projectid"] for params, _ in api.requests if "projectid" in params] == ["P900002"]
    assert report.notes[0].startswith("projects: 2, 1 of them kept from a run that did not end")


@only_sqlite
def test_a_newer_report_replaces_an_older_one_unless_it_is_in_doubt(engine, fetch, api):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, MISFITS), "2021-01-31")
    assert fetch().added == 3
    put(api, "D2", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    assert fetch().changed == 3
    moved = dict(zip(TITLES, ("2,500,000.00", "2,000,000.00", "500,000.00"), strict=True))
    put(api, "D3", PROJECT_ID, status_report(PROJECT_ID, moved), "2023-01-31")
    put(api, "D4", PROJECT_ID, status_report(PROJECT_ID, MISFITS), "2024-01-31")
    assert fetch().changed == 3
    assert list(amounts(engine).values()) == [2_500_000_00, 2_000_000_00, 500_000_00]
    del (
        api.documents["D3"],
        api.documents["D2"],
    )  # a source that forgets leaves the list in doubt alone: it is not taken
    assert (fetch().rejected, amounts(engine)[f"{PROJECT_ID}-1"]) == (3, 2_500_000_00)


@only_sqlite
def test_lists_of_several_pages_are_read_whole(engine, fetch, api):
    put(api, "D0", PROJECT_ID, status_report(PROJECT_ID, FITS), "2020-01-31")
    for number in range(1, 151):
        put(api, f"X{number}", PROJECT_ID, None, "2024-06-01", docty="Procurement Plan")
    report = fetch()
    assert report.added == 3
    assert "documents of other kinds, not looked at: 150" in report.notes


@only_sqlite
def test_named_projects_are_read_whatever_they_are_about_but_must_be_stored(engine, fetch, api):
    put(api, "D1", "P900002", status_report("P900002", FITS), "2022-01-31")
    assert fetch("P900002").added == 3
    with pytest.raises(NotFoundError):
        fetch("P911111")
    assert fetch(limit=1).read == 0


@only_sqlite
@pytest.mark.parametrize("as_of", ["2022-01-31", "2023-01-31"], ids=["same-date", "newer"])
def test_a_list_of_a_person_stands_before_one_read_from_a_report_as_old(engine, fetch, api, write, as_of):
    take(engine, write("list.csv", curated(as_of=as_of)))
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    before = everything(engine)
    report = fetch()
    assert (report.unchanged, report.release_id) == (3, None)
    assert everything(engine) == before


def test_a_newer_report_carries_on_a_list_of_a_person_under_its_ids(engine, fetch, api, write):
    take(engine, write("list.csv", curated(titles=TITLES[::-1])))
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2024-01-31")
    assert fetch().changed == 3
    assert amounts(engine) == {f"{PROJECT_ID}-3": 300000000, f"{PROJECT_ID}-2": 150000000, f"{PROJECT_ID}-1": 50000000}
    back = take(engine, write("list.csv", curated(as_of="2024-01-31")))
    assert back.changed == 3  # of the same date the person's stands again


@only_sqlite
@pytest.mark.parametrize(
    ("titles", "components", "reason"),
    [
        (TITLES, MISFITS, "the list as a whole fits no total of the project, and the list that stands is not in doubt"),
        (
            (*TITLES, "Registry of job centres"),
            FITS,
            f"the list as a whole does not name {PROJECT_ID}-4, which a person listed",
        ),
        (
            (*TITLES[:2], "Health posts"),
            FITS,
            f"new, or one of these under a new title: {PROJECT_ID}-3 'Health posts'; the list as a whole does not name "
            f"{PROJECT_ID}-3, which a person listed",
        ),
    ],
    ids=["in-doubt", "shorter", "other"],
)
def test_a_list_that_does_not_carry_on_a_persons_waits_for_a_person(
    engine, fetch, api, write, titles, components, reason
):
    take(engine, write("list.csv", curated(titles=titles)))
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, components), "2024-01-31")
    before = everything(engine)
    report = fetch()
    assert (report.rejected, report.release_id) == (3, None)
    assert everything(engine) == before
    assert reason in [line[2] for line in refusals(engine, report)]


@only_sqlite
def test_the_command_takes_reports_in_and_lists_what_was_set_aside(engine, fetch, api, tmp_path, monkeypatch):
    put(api, "D1", PROJECT_ID, status_report(PROJECT_ID, FITS), "2022-01-31")
    put(api, "D2", PROJECT_ID, None, "2022-02-28", txturl="")
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("WORLDBANK_DOCUMENTS_URL", api.documents_address)
    monkeypatch.setenv("SPOOL_DIR", str(tmp_path / "spool"))
    get_settings.cache_clear()
    try:
        done = CliRunner().invoke(app, ["ingest", "worldbank-documents", "--project", PROJECT_ID])
        errors = CliRunner().invoke(app, ["ingest", "errors", "2"])
    finally:
        get_settings.cache_clear()
    assert done.exit_code == 0
    assert "run 2: read 3, added 3" in done.output
    assert "0 records rejected, 0 values set aside, 1 document set aside" in done.output
    pdf = api.documents["D2"]["pdfurl"]
    assert f"{pdf},{PROJECT_ID},text,,the API gives no address of a text (txturl),no" in errors.output
