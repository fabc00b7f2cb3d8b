"""The World Bank's export in the forms it has had, and what is believed of its amounts."""

import csv
import io

import pytest
from sqlalchemy import update

from db import tables
from db.engine import writing
from db.errors import FileRefusedError
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.adapters.worldbank_export import WorldBankExportAdapter
from db.ingest.bundle import load_bundle
from db.ingest.reclassify import reclassify
from db.tables import metadata
from tests.data.export_helpers import (
    PROJECT,
    adds_up,
    csv_text,
    project,
    project_ids,
    rejected,
    rows,
    take,
    xlsx_bytes,
)

LEADER = "Jane Q. Leader"
ROW = {
    "id": "P1",
    "regionname": "Eastern and Southern Africa",
    "countryshortname": "Uganda",
    "status": "Active",
    "project_name": "Skills for migrants",
    "pdo": "To train workers abroad",
    "impagency": "MINISTRY OF LABOUR,BUREAU",
    "boardapprovaldate": "2014-02-26T00:00:00Z",
    "closingdate": "2018-06-30",
    "curr_project_cost": "9000000",
    "curr_ibrd_commitment": "3000000",
    "idacommamt": "2000000",
    "grantamt": "0",
    "curr_total_commitment": "5000000",
    "borrower": "GOVERNMENT OF UGANDA",
    "lendinginstr": "Investment Project Financing",
    "supplementprojectflg": "N",
    "teamleadname": LEADER,
}
EXCEL = [
    ["World Bank Projects, data as of 09/22/2022 (downloaded from the site)"],
    [
        "Project Id",
        "Region",
        "Country",
        "Project Status",
        "Project Name",
        "Project Development Objective",
        "Board Approval Date",
        "Project Closing Date",
        "Current Project Cost",
        "IBRD Commitment",
        "IDA Commitment",
        "Total IDA and IBRD Commitment",
        "Grant Amount",
        "Team Lead",
    ],
    [
        "P2",
        "South Asia",
        "People's Republic of Bangladesh",
        "Closed",
        "Bangladesh\u00e2\u0080\u0099s returning workers",
        "N/A",
        "2/26/2014 12:00:00 AM",
        "6/30/2019 12:00:00 AM",
        "7,000,000",
        "4,000,000",
        0,
        "4,000,000",
        "500,000",
        LEADER,
    ],
]


@pytest.fixture
def bring(engine, write):
    """Take an export of one row in: the usual one, with some cells changed."""

    def take_in(as_of="2024-01-01", name="export.csv", **cells):
        report = take(engine, write(name, csv_text({**ROW, **cells})), WorldBankExportAdapter(as_of))
        assert adds_up(report)
        return report

    return take_in


def fields(row, *names):
    return tuple(str(row[name]) for name in names)


def test_the_csv_export_is_read_under_its_own_titles(engine, bring):
    bring()
    stored = project(engine, "P1")
    assert fields(stored, "name", "objective", "place", "status") == (
        "Skills for migrants",
        "To train workers abroad",
        "Uganda",
        "Active",
    )
    assert fields(stored, "approval_date", "closing_date", "as_of") == ("2014-02-26", "2018-06-30", "2024-01-01")
    assert fields(stored, "borrower", "implementing_agency") == ("GOVERNMENT OF UGANDA", "MINISTRY OF LABOUR,BUREAU")
    assert fields(stored, "ibrd_cents", "ida_cents", "grant_cents") == ("300000000", "200000000", "0")
    assert fields(stored, "commitment_cents", "cost_cents") == ("500000000", "900000000")
    assert (stored["additional_financing"], stored["source_id"]) == (False, "worldbank-projects")
    assert [row["country_code"] for row in rows(engine, "project_country")] == ["UGA"]


def test_the_older_excel_form_is_read_below_its_banner(engine, tmp_path):
    path = tmp_path / "export.xlsx"
    path.write_bytes(xlsx_bytes(EXCEL))
    report = take(engine, path, WorldBankExportAdapter())
    assert (report.read, report.added) == (1, 1)
    stored = project(engine, "P2")
    assert fields(stored, "name", "objective") == ("Bangladesh\u2019s returning workers", "None")
    assert fields(stored, "approval_date", "closing_date", "as_of") == ("2014-02-26", "2019-06-30", "2022-09-22")
    assert fields(stored, "ibrd_cents", "grant_cents", "cost_cents") == ("400000000", "50000000", "700000000")
    assert stored["commitment_cents"] == 4_500_000_00  # the total without grants becomes the sum of the parts
    assert [row["country_code"] for row in rows(engine, "project_country")] == ["BGD"]


@pytest.mark.parametrize("flag", ["Y", "Yes"])
def test_an_additional_financing_is_marked(engine, bring, flag):
    bring(supplementprojectflg=flag)
    assert project(engine, "P1")["additional_financing"] is True


@pytest.mark.parametrize("cells", [{}, {"countryshortname": "Ugandaa"}, {"curr_total_commitment": "0.5"}])
def test_names_of_staff_are_stored_nowhere(engine, bring, cells):
    """Neither with a good row, nor with one that is refused, nor with one that is kept without a value."""
    bring(**cells)
    stored = {name: repr(rows(engine, name)) for name in metadata.tables}
    assert "P1" in stored["project_statement"] + stored["rejected_record"]
    assert [name for name, text in stored.items() if LEADER in text] == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_names_of_staff_are_not_stored_with_the_refusal_of_a_file_without_a_header(engine, write):
    path = write("export.csv", f"P1,Skills,Uganda,5000000,{LEADER}\n")
    with pytest.raises(FileRefusedError):
        take(engine, path, WorldBankExportAdapter())
    assert LEADER not in repr(rows(engine, "ingest_run"))


AMOUNTS = {
    "as-stated": ({}, "5000000"),
    "with-grants": ({"grantamt": "400000", "curr_total_commitment": "5400000"}, "5400000"),
    "without-grants": ({"grantamt": "400000"}, "5400000"),
    "millions-among-dollars": ({"curr_total_commitment": "5"}, "5000000"),
    "millions-without-grants": ({"grantamt": "400000", "curr_total_commitment": "5.0"}, "5400000"),
    "commas": ({"curr_total_commitment": "5,000,000"}, "5000000"),
    "not-settled-by-the-parts": ({"curr_total_commitment": "6000000"}, "6000000"),
    "no-parts": ({"curr_ibrd_commitment": "", "idacommamt": "", "grantamt": ""}, "5000000"),
    "noise-of-floats": ({"curr_total_commitment": "5000000.25"}, "5000000.25"),
}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("cells", "dollars"), AMOUNTS.values(), ids=AMOUNTS)
def test_a_total_is_made_to_mean_loans_and_grants_in_dollars(engine, bring, cells, dollars):
    bring(**cells)
    assert project(engine, "P1")["commitment_cents"] == int(float(dollars) * 100)
    assert rejected(engine) == []


NO_LOANS = {"curr_ibrd_commitment": "", "idacommamt": ""}
SET_ASIDE = {
    "repeats-the-cost-beside-a-grant": (
        {**NO_LOANS, "grantamt": "100000", "curr_total_commitment": "9000000"},
        "curr_total_commitment",
        "9000000",
        "repeats the project's cost",
    ),
    "repeats-the-cost-alone": (
        {**NO_LOANS, "grantamt": "", "curr_total_commitment": "9000000"},
        "curr_total_commitment",
        "9000000",
        "repeats the project's cost and no part confirms it",
    ),
    "zero-beside-a-cost-of-zero": (
        {**NO_LOANS, "grantamt": "", "curr_total_commitment": "0", "curr_project_cost": "0"},
        "curr_total_commitment",
        "0",
        "is zero, as the cost is, which stands for not stated, and no part confirms it",
    ),
    "millions-that-no-part-confirms": (
        {**NO_LOANS, "grantamt": "", "curr_total_commitment": "15.0"},
        "curr_total_commitment",
        "15.0",
        "too small to be whole dollars",
    ),
    "placeholder": ({"curr_project_cost": "999.99"}, "curr_project_cost", "999.99", "too small to be whole dollars"),
}


@pytest.mark.parametrize(("cells", "title", "value", "reason"), SET_ASIDE.values(), ids=SET_ASIDE)
def test_an_amount_that_cannot_be_believed_is_set_aside_and_the_record_kept(engine, bring, cells, title, value, reason):
    report = bring(**cells)
    assert (report.added, report.rejected, report.set_aside) == (1, 0, 1)
    (entry,) = rejected(engine)
    assert (entry["place"], entry["field"], entry["value"]) == ("line 2", title, value)
    assert entry["whole_record"] is False
    assert reason in entry["reason"]
    column = "cost_cents" if title == "curr_project_cost" else "commitment_cents"
    assert project(engine, "P1")[column] is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_billions_written_in_millions_are_no_thousands(engine, bring):
    columns = ("curr_project_cost", "curr_ibrd_commitment", "curr_total_commitment")
    report = bring(**dict.fromkeys(columns, "1500"), idacommamt="0", grantamt="0")
    assert (report.added, sorted(entry["field"] for entry in rejected(engine))) == (1, sorted(columns))
    stored = project(engine, "P1")
    assert [stored[name] for name in ("cost_cents", "ibrd_cents", "commitment_cents")] == [None, None, None]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_small_grant_beside_a_loan_that_the_total_confirms_is_believed(engine, bring):
    report = bring(grantamt="4000", curr_total_commitment="5004000")
    assert (report.set_aside, project(engine, "P1")["grant_cents"]) == (0, 4_000_00)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("cells", "cents"),
    [({"curr_project_cost": "10000"}, 10_000_00), ({"curr_project_cost": "0.0"}, None), ({"grantamt": "0"}, 0)],
    ids=["ten-thousand", "a-cost-of-zero-is-not-stated", "a-part-of-zero-is"],
)
def test_an_amount_that_is_believed_is_not_listed(engine, bring, cells, cents):
    report, column = bring(**cells), "grant_cents" if "grantamt" in cells else "cost_cents"
    assert (report.set_aside, project(engine, "P1")[column]) == (0, cents)


def test_a_cost_of_zero_overrules_no_stated_one(engine, bring):
    bring("2022-01-01", curr_project_cost="8000000")
    bring("2024-01-01", curr_project_cost="0")
    assert project(engine, "P1")["cost_cents"] == 8_000_000_00


def test_the_same_file_again_mends_a_cost_of_zero_that_was_stored(engine, bring, monkeypatch):
    """Costs of zero were taken for costs once."""
    with monkeypatch.context() as before:
        before.setattr("db.ingest.adapters.worldbank_fields.stated_cost", lambda cents: cents if cents is None else 1)
        before.setattr("db.ingest.figures.merge.COSTLESS", frozenset())
        bring(curr_project_cost="0")
    assert project(engine, "P1")["cost_cents"] == 0
    reports = [bring(curr_project_cost="0") for _ in range(2)]
    assert [(report.changed, report.unchanged) for report in reports] == [(1, 0), (0, 1)]
    assert project(engine, "P1")["cost_cents"] is None


def test_a_cost_of_zero_that_was_stored_gives_way_where_all_is_computed_anew(engine, bring, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr("db.ingest.adapters.worldbank_fields.stated_cost", lambda cents: cents if cents is None else 1)
        before.setattr("db.ingest.figures.merge.COSTLESS", frozenset())
        bring("2022-01-01", curr_project_cost="9000000")
        bring("2023-01-01", curr_project_cost="0")
    assert project(engine, "P1")["cost_cents"] == 0
    with writing(engine) as connection:
        connection.execute(update(tables.release).values(method_version="1.5.0"))
    _, release = reclassify(engine, dry_run=False)
    assert project(engine, "P1")["cost_cents"] == 9_000_000_00
    assert release.rows_changed == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("banner", "name", "option", "as_of"),
    [
        ("data as of 09/22/2022", "export 2023-05-06.csv", "2024-07-08", "2024-07-08"),
        ("data as of 09/22/2022", "export 2023-05-06.csv", None, "2022-09-22"),
        (None, "export 2023-05-06.csv", None, "2023-05-06"),
        pytest.param(
            "data as of 9/2/2022",
            "export.csv",
            None,
            "2022-09-02",
        ),
    ],
    ids=["option", "banner", "file-name", "short-banner"],
)
def test_the_date_of_an_export_is_the_option_or_its_banner_or_its_name(engine, write, banner, name, option, as_of):
    content = csv_text(ROW)
    if banner:
        blanks = "," * (len(next(csv.reader(io.StringIO(content)))) - 1)
        content = f"{banner}{blanks}\n{content}"
    take(engine, write(name, content), WorldBankExportAdapter(option))
    assert project(engine, "P1")["as_of"] == as_of


@pytest.mark.parametrize("order", [("2022-01-01", "2024-01-01"), ("2024-01-01", "2022-01-01")], ids=["forward", "back"])
def test_the_newest_export_that_says_anything_of_a_field_decides_it(engine, bring, order):
    said = {
        "2022-01-01": {"status": "Active", "curr_project_cost": "8000000", "borrower": "OLD BORROWER"},
        "2024-01-01": {"status": "Closed", "curr_project_cost": "9000000", "borrower": ""},
    }
    for as_of in order:
        bring(as_of, **said[as_of])
    stored = project(engine, "P1")
    assert (stored["status"], stored["cost_cents"], stored["borrower"]) == ("Closed", 9_000_000_00, "OLD BORROWER")


def test_an_older_export_does_not_overrule_what_a_newer_one_confirmed(engine, bring):
    """Closed in 2022 and still in 2024: an export of 2023 that says otherwise is older than the last word."""
    bring("2022-01-01", status="Closed")
    bring("2024-01-01", status="Closed")
    bring("2023-01-01", status="Active")
    assert project(engine, "P1")["status"] == "Closed"


def test_an_export_that_repeats_itself_overrules_another_source_of_the_time_between(engine, bring, write):
    bring("2022-01-01", status="Active")
    record = {**PROJECT, "project_id": "P1", "status": "Closed", "as_of": "2023-01-01"}
    take(engine, write("records.csv", csv_text(record)), RecordsAdapter())
    bring("2024-01-01", status="Active")
    assert project(engine, "P1")["status"] == "Active"


def test_a_newer_export_that_says_no_overrules_an_older_yes(engine, bring):
    bring("2022-01-01", supplementprojectflg="Y")
    bring("2024-01-01", supplementprojectflg="N")
    assert project(engine, "P1")["additional_financing"] is False


def rwanda(total):
    """The export's row of P164130, of which the bundled data leave 24.411 m out: they count elsewhere."""
    return {
        "id": "P164130",
        "countryshortname": "Rwanda",
        "regionname": "Eastern and Southern Africa",
        "curr_project_cost": "60000000",
        "curr_ibrd_commitment": "0",
        "idacommamt": str(total - 4_411_000),
        "grantamt": "4411000",
        "curr_total_commitment": str(total),
    }


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_bundles_counted_amounts_outlive_an_export_and_follow_a_newer_total(engine, bring):
    load_bundle(engine)
    assert project(engine, "P164130")["counted_cents"] == 60_000_000_00
    bring("2026-01-01", **rwanda(84_411_000))
    assert project(engine, "P164130")["counted_cents"] == 60_000_000_00
    bring("2026-06-01", **rwanda(94_411_000))
    stored = project(engine, "P164130")
    assert (stored["commitment_cents"], stored["counted_cents"]) == (94_411_000_00, 70_000_000_00)
    bring("2024-01-01", **rwanda(74_411_000))
    assert project(engine, "P164130")["counted_cents"] == 70_000_000_00


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_row_with_an_identifier_and_nothing_else_is_refused(engine, bring):
    report = bring(**dict.fromkeys(set(ROW) - {"id"}, ""))
    assert (report.read, report.rejected, project_ids(engine)) == (1, 1, [])
    assert {entry["field"] for entry in rejected(engine)} >= {"name"}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("titles", [("idacommamt", "curr_ida_commitment"), ("curr_ida_commitment", "idacommamt")])
def test_of_two_columns_that_state_different_amounts_none_is_taken(engine, write, titles):
    row = {name: value for name, value in ROW.items() if name != "idacommamt"}
    amounts = dict(zip(titles, ("0", "150000000"), strict=True))
    total = {"curr_ibrd_commitment": "", "grantamt": "", "curr_total_commitment": "150000000"}
    take(engine, write("export.csv", csv_text({**row, **total, **amounts})), WorldBankExportAdapter("2026-01-01"))
    stored = project(engine, "P1")
    assert (stored["ida_cents"], stored["commitment_cents"]) == (None, 150_000_000_00)
    listed = {(entry["field"], entry["value"]): entry["reason"] for entry in rejected(engine)}
    assert set(listed) == set(amounts.items())
    assert f"differs from {titles[0]}, which states 0" in listed[titles[1], "150000000"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_second_column_that_says_the_same_is_nothing_odd_and_one_that_differs_is_listed(engine, bring):
    same = {"ida commitment": "2,000,000.00", "board approval date": "2/26/2014", "project name": ROW["project_name"]}
    bring(**same, country="Kenya")
    (listed,) = rejected(engine)
    assert (listed["field"], listed["value"]) == ("country", "Kenya")
    assert "differs from countryshortname, which states Uganda" in listed["reason"]
    assert project(engine, "P1")["ida_cents"] == 2_000_000_00


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_row_with_two_ids_is_refused(engine, bring):
    report = bring(**{"project id": "P2"})
    assert (report.read, report.rejected, project_ids(engine)) == (1, 1, [])
    assert rejected(engine)[0]["reason"] == "the columns with the project's id differ: expected one id"
