"""What is peculiar to files of Excel: cells far off, zip bombs, errors of formulas, blank rows."""

import os

import pytest

from db.errors import FileRefusedError
from db.ingest.adapters import excel
from db.ingest.adapters.worldbank_export import WorldBankExportAdapter
from tests.data.export_helpers import project, project_ids, rejected, take, xlsx_bytes

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # for what is decided before any database

EXPORT = [["id", "project_name", "countryshortname", "curr_total_commitment"], ["P1", "Skills", "Uganda", 5_000_000]]
ERROR_CELLS = [
    ["id", "project_name", "countryshortname", "borrower", "curr_total_commitment"],
    ["P1", "Skills", "Uganda", "Ministry", "#DIV/0!"],
    ["P2", "Skills", "Uganda", "#REF!", 5_000_000],
    ["P3", "#NAME?", "Uganda", "Ministry", 5_000_000],
    ["P4", "Skills", "#N/A", "Ministry", 5_000_000],
]


def test_errors_of_excel_are_listed_and_never_taken_for_empty_cells(engine, tmp_path):
    path = tmp_path / "export.xlsx"
    path.write_bytes(xlsx_bytes(ERROR_CELLS))
    report = take(engine, path, WorldBankExportAdapter("2024-01-01"))
    assert (report.read, report.added, report.rejected, report.set_aside) == (4, 1, 3, 1)
    listed = {row["place"]: (row["field"], row["value"], row["whole_record"]) for row in rejected(engine)}
    assert listed == {
        "row 2": ("curr_total_commitment", "#DIV/0!", True),
        "row 3": ("borrower", "#REF!", False),
        "row 4": ("record", None, True),
        "row 5": ("countryshortname", "#N/A", True),
    }
    reasons = [row["reason"] for row in rejected(engine)]
    assert reasons[0] == "'#DIV/0!' is not an amount in US dollars: expected digits, as in 1250000.50"
    assert reasons[2] == "project_name: #NAME? is an error of Excel, not a value"
    assert (project_ids(engine), project(engine, "P2")["borrower"]) == (["P2"], None)


def test_blank_rows_of_a_sheet_are_no_records(engine, tmp_path):
    path = tmp_path / "export.xlsx"
    path.write_bytes(xlsx_bytes([*EXPORT, [], [" "], ["P2", *EXPORT[1][1:]], [], ["P3", "x"]]))
    report = take(engine, path, WorldBankExportAdapter())
    assert (report.read, report.added, report.rejected) == (3, 2, 1)
    assert {row["place"] for row in rejected(engine)} == {"row 7"}


@pytest.mark.parametrize("said", [None, 1])
def test_an_excel_file_that_unpacks_to_too_much_is_refused_whatever_it_says_of_its_size(
    engine, tmp_path, monkeypatch, said
):
    monkeypatch.setattr(excel, "MAX_UNPACKED", 200_000)
    content = xlsx_bytes(EXPORT, " " * 300_000)
    if said:
        entry = content.rindex(b"PK\x01\x02")  # of the sheet, in the list of parts
        content = content[: entry + 24] + said.to_bytes(4, "little") + content[entry + 28 :]
    path = tmp_path / "e.xlsx"
    path.write_bytes(content)
    with pytest.raises(FileRefusedError, match=r"^e.xlsx unpacks to more than 200,000 bytes$"):
        take(engine, path, WorldBankExportAdapter())


def test_cells_far_off_that_hold_nothing_are_no_cause_to_refuse_a_file(engine, tmp_path):
    path = tmp_path / "e.xlsx"
    path.write_bytes(xlsx_bytes(EXPORT, '<row r="1048576"><c r="XFD1048576" s="0"/></row>'))
    assert take(engine, path, WorldBankExportAdapter("2024-01-01")).added == 1


def test_a_name_that_the_library_cannot_find_is_named_as_the_cause(engine, tmp_path):
    path = tmp_path / os.fsdecode(b"e\xff.xlsx")
    path.write_bytes(xlsx_bytes(EXPORT))
    with pytest.raises(FileRefusedError, match="is no UTF-8: give it another"):
        take(engine, path, WorldBankExportAdapter())
