"""What is wrong with a file or a record is named, and never costs more than the file or the record itself."""

import json
import random
import re
import time

import pytest

from db.errors import FileRefusedError
from db.ingest.adapters.adapter import RawRecord
from db.ingest.adapters.quotes import MAX_CELL
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.adapters.worldbank_export import WorldBankExportAdapter
from db.ingest.records.validation import validate
from models.country import PlaceIndex
from models.records import ComponentRecord, ProjectRecord, ReviewRecord, field_names
from tests.data.export_helpers import (
    PROJECT,
    adds_up,
    csv_text,
    everything,
    jsonl_text,
    project,
    project_ids,
    rejected,
    rows,
    take,
    xlsx_bytes,
)

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # for what is decided before any database

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
GOOD = csv_text(PROJECT)
EXPORT_TITLES = ["id", "project_name", "countryshortname", "curr_total_commitment"]
EXPORT = [EXPORT_TITLES, ["P1", "Skills", "Uganda", 5_000_000]]
EXPORT_CSV = "\n".join(",".join(map(str, row)) for row in EXPORT) + "\n"
WORKBOOK = xlsx_bytes(EXPORT)

REFUSED = {
    "records-empty-csv": ("records", "a.csv", b"", "is empty"),
    "records-blank-csv": ("records", "a.csv", b" \n", "is empty"),
    "records-empty-json": ("records", "a.json", b"", "is empty"),
    "records-empty-jsonl": ("records", "a.jsonl", b"", "is empty"),
    "records-txt": ("records", "a.txt", GOOD.encode(), r"of no known type '.txt': expected one of .csv, .json, .jsonl"),
    "records-png-as-csv": ("records", "a.csv", PNG, "is not UTF-8"),
    "records-png-as-json": ("records", "a.json", PNG, "is not UTF-8"),
    "records-png-as-jsonl": ("records", "a.jsonl", PNG, "is not UTF-8"),
    "records-semicolons": ("records", "a.csv", GOOD.replace(",", ";").encode(), "parts its columns by ';': expected a"),
    "records-tabs": ("records", "a.csv", GOOD.replace(",", "\t").encode(), "by a tab: expected a comma"),
    "records-latin-1-json": ("records", "a.json", '{"name": "Café"}'.encode("latin-1"), "save the file as UTF-8"),
    "records-missing-column": ("records", "a.csv", b"project_id,status\nX1,Active\n", "lacks the columns name"),
    "records-unknown-column": (
        "records",
        "a.csv",
        csv_text({**PROJECT, "comitment": "5"}).encode(),
        "unknown columns comitment; did you mean commitment_usd by comitment[?]; known: .*commitment_usd",
    ),
    "records-repeated-column": ("records", "a.csv", b"project_id,name,name\nX1,a,b\n", "repeats name"),
    "records-open-quote": (
        "records",
        "a.csv",
        (GOOD + 'X2,"open\n\nX3').encode(),
        r"in the row that begins on line 3: a quote .* is closed nowhere",
    ),
    "records-long-cell": (
        "records",
        "a.csv",
        (GOOD + f'X2,"{"open " * (MAX_CELL // 4)}').encode(),
        "row that begins on line 3: a cell has more than 16,777,216 characters; is a quote there not closed",
    ),
    "records-text-after-quote": (
        "records",
        "a.csv",
        (GOOD + 'X2,"a"b').encode(),
        "line 3: text follows the quote that",
    ),
    "records-untitled-second-header": ("records", "a.csv", b"project_id,,nam\nX1,,a\n", "lacks the columns name;"),
    "records-nul-in-header": ("records", "a.csv", b'project_id,name,"a\nb\x00"\nX1,a,b\n', "title holds a NUL"),
    "records-utf-16-jsonl": ("records", "a.jsonl", jsonl_text(PROJECT).encode("utf-16-le"), "is not a text file; exp"),
    "records-json-number": ("records", "a.json", b"3", "expected a list of objects"),
    "export-empty-csv": ("export", "e.csv", b"", "is empty"),
    "export-empty-xlsx": ("export", "e.xlsx", b"", "cannot be read as an Excel file"),
    "export-prose-txt": ("export", "e.txt", b"some words\n", "no header .* expected among others id, project_name"),
    "export-png-as-csv": ("export", "e.csv", PNG, "is not UTF-8"),
    "export-text-as-xlsx": ("export", "e.xlsx", EXPORT_CSV.encode(), "cannot be read as an Excel file"),
    "export-half-xlsx": ("export", "e.xlsx", WORKBOOK[: len(WORKBOOK) // 2], "cannot be read as an Excel file"),
    "export-short-xlsx": ("export", "e.xlsx", WORKBOOK[:-30], "cannot be read as an Excel file"),
    "export-stray-cell": (
        "export",
        "e.xlsx",
        xlsx_bytes(EXPORT, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        r"e.xlsx, sheet 'Projects': its cells reach as far as XFD1048576, .* more than the 20,000,000 that are read",
    ),
    "export-semicolons": ("export", "e.csv", EXPORT_CSV.replace(",", ";").encode(), "expected a comma"),
    "export-latin-1": ("export", "e.csv", ("of Café,\n" + EXPORT_CSV).encode("latin-1"), "save the file as UTF-8"),
    "export-repeated-column": (
        "export",
        "e.csv",
        b"id,project_name,Project_Name ,curr_total_commitment\nP1,Skills,Roads,5\n",
        "repeats project_name: expected each column once",
    ),
    "export-missing-column": (
        "export",
        "e.csv",
        b"id,project_name\nP1,Skills\n",
        "lacks the columns curr_total_commitment",
    ),
}


@on_sqlite
@pytest.mark.parametrize(("source", "name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_used_is_refused_by_name_and_changes_nothing(
    engine, tmp_path, source, name, content, message
):
    path = tmp_path / name
    path.write_bytes(content)
    before = everything(engine)
    adapter = RecordsAdapter() if source == "records" else WorldBankExportAdapter()
    with pytest.raises(FileRefusedError, match=message) as error:
        take(engine, path, adapter)
    assert str(error.value).startswith(name)
    (run,) = rows(engine, "ingest_run")
    assert (run["status"], run["detail"], run["read"]) == ("refused", str(error.value), 0)
    after = everything(engine)
    assert {table: found for table, found in after.items() if found != before[table]} == {}


def test_a_file_refused_in_its_middle_takes_nothing_in(engine, tmp_path, write):
    """The records before the open quote are more than a batch, so that some were stored before it was met."""
    take(engine, write("good.csv", GOOD))
    before = everything(engine)
    path = tmp_path / "bad.csv"
    many = csv_text(*({**PROJECT, "project_id": f"Y{number}"} for number in range(1200)))
    path.write_text(many + 'Z1,"open')
    with pytest.raises(FileRefusedError):
        take(engine, path)
    assert everything(engine) == before
    assert [run["status"] for run in rows(engine, "ingest_run")] == ["done", "refused"]


WRONG = {
    "negative-amount": ({"commitment_usd": "-5"}, "commitment_usd", "-5", "is negative; .* zero or more"),
    "absurd-amount": ({"commitment_usd": "1e15"}, "commitment_usd", "1e15", "one operation can cost .up to"),
    "endless-amount": ({"ida_usd": "1e9999999"}, "ida_usd", "1e9999999", "one operation can cost .up to"),
    "amount-in-words": ({"ida_usd": "five"}, "ida_usd", "five", "in US dollars: expected digits, as in 1250000.50"),
    "points-between-thousands": ({"ida_usd": "1.000.000"}, "ida_usd", "1.000.000", "expected digits, as in 1250000.50"),
    "year-20250": ({"approval_date": "20250-02-01"}, "approval_date", "20250-02-01", "expected YYYY-MM-DD"),
    "year-1899": ({"approval_date": "1899-02-01"}, "approval_date", "1899-02-01", "between 1944 and 2100"),
    "31-february": ({"approval_date": "2021-02-31"}, "approval_date", "2021-02-31", "not a day of the calendar"),
    "american-date": (
        {"approval_date": "03/04/2024"},
        "approval_date",
        "03/04/2024",
        "not a date; expected YYYY-MM-DD",
    ),
    "full-width-date": (
        {"approval_date": "２０２１-01-01"},
        "approval_date",
        "２０２１-01-01",
        "not a date; expected YYYY",
    ),
    "time-99": ({"closing_date": "2024-01-01T99:99"}, "closing_date", "2024-01-01T99:99", "no time of the clock"),
    "as-of-30-february": (
        {"as_of": "2024-02-30"},
        "as_of",
        "2024-02-30",
        "not in the calendar: expected YYYY, YYYY-MM",
    ),
    "as-of-full-width": (
        {"as_of": "20２４-01"},
        "as_of",
        "20２４-01",
        "not a date: expected YYYY, YYYY-MM or YYYY-MM-DD",
    ),
    "as-of-to-come": ({"as_of": "2099-12"}, "as_of", "2099-12", "is yet to come: expected 20.* at the latest"),
    "purpose-full-width": ({"purpose_codes": "２４０５０"}, "purpose_codes", "２４０５０", "not a purpose code"),
    "country-code": ({"countries": "XXX"}, "countries", "XXX", "no place 'XXX': expected ISO 3166-1 alpha-3"),
    "shares-of-regional": (
        {"countries": "UGA;KEN", "country_shares": "60;40", "regional": "yes"},
        "regional",
        "yes",
        "regional counts all money in the region, country_shares in countries: state one",
    ),
    "script-as-address": (
        {"source_url": "javascript:alert(1)"},
        "source_url",
        "javascript:alert(1)",
        "is no address on the web: expected http://… or https://…",
    ),
    "long-instrument": ({"instrument": "a" * 201}, "instrument", "a" * 200, "201 characters, at most 200 are taken"),
    "country-twice": ({"countries": "UGA;uga"}, "countries", "UGA;uga", "name 'UGA' more than once: expected each"),
    "country-twice-with-shares": (
        {"countries": "UGA;KEN;UGA", "country_shares": "50;30;20"},
        "countries",
        "UGA;KEN;UGA",
        "name 'UGA' more than once",
    ),
    "place": ({"countries": "", "place": "Ugandaa"}, "place", "Ugandaa", "exact name; did you mean Uganda .UGA"),
    "no-place": ({"countries": ""}, "place", None, "expected countries, a place or a region"),
    "source": ({"source": "nobody"}, "source", "nobody", "expected one of .*worldbank-projects"),
    "status": ({"status": "Open"}, "status", "Open", "'Active', 'Closed', 'Pipeline' or 'Dropped'"),
    "nul-in-id": ({"project_id": "X\x002"}, "project_id", "X\ufffd2", "holds a NUL character: expected a text without"),
    "nul-in-list": ({"sectors": "Health;Edu\x00cation"}, "sectors", "Health;Edu\ufffdcation", "holds a NUL character"),
    "mark-alone": (
        {"project_id": "NORD-"},
        "project_id",
        "NORD-",
        "has nothing behind its dash: expected the project's",
    ),
    "no-name": ({"name": ""}, "name", None, "required, but missing"),
    "id-with-blank": (
        {"project_id": "X 2"},
        "project_id",
        "X 2",
        "^'X 2' is no identifier: expected a letter of A to Z or a digit, then .* 100 characters at most, as in P174085$",
    ),
    "counted-above-stated": ({"counted_usd": "6000000"}, "counted_usd", "6000000", "counted_usd must not be more"),
    "country-shares": (
        {"countries": "UGA;KEN", "country_shares": "60;30"},
        "country_shares",
        "60;30",
        "must sum to 100",
    ),
    "repeated": ({"project_id": "X1"}, "project_id", "X1", "X1 was read at line 2 already; the first one counts"),
}


@on_sqlite
@pytest.mark.parametrize(("change", "field", "value", "reason"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_a_wrong_value_is_named_with_its_place_and_what_is_right_while_the_others_get_in(
    engine, write, form, change, field, value, reason
):
    records = [PROJECT, {**PROJECT, "project_id": "X2", **change}, {**PROJECT, "project_id": "X3"}]
    if form == "csv":
        content, place = csv_text(*records), "line 3"
    else:
        objects = [{"type": "project", **{k: v for k, v in record.items() if v}} for record in records]
        content = json.dumps(objects) if form == "json" else "\n".join(map(json.dumps, objects))
        place = "/1" if form == "json" else "line 2"
        first = "/0" if form == "json" else "line 1"
        reason = reason.replace("line 2", first)
    report = take(engine, write(f"a.{form}", content))
    (refused,) = rejected(engine)
    assert (refused["place"], refused["field"], refused["value"]) == (place, field, value)
    assert refused["record_id"] == records[1]["project_id"].replace("\x00", "\ufffd")
    assert re.search(reason, refused["reason"])
    assert (report.read, report.added, report.rejected) == (3, 2, 1)
    assert adds_up(report)
    assert project_ids(engine) == ["X1", "X3"]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_cell_of_a_million_characters_costs_only_its_record(engine, write, form):
    records = [PROJECT, {**PROJECT, "project_id": "X2", "name": "a" * 1_000_000}, {**PROJECT, "project_id": "X3"}]
    content = csv_text(*records) if form == "csv" else jsonl_text(*records)
    report = take(engine, write(f"a.{form}", content))
    (refused,) = rejected(engine)
    assert (refused["field"], refused["value"]) == ("name", "a" * 200)
    assert refused["reason"] == "has 1,000,000 characters, at most 2,000 are taken"
    assert (report.rejected, project_ids(engine)) == (1, ["X1", "X3"])


@pytest.mark.parametrize("bundled", ["sqlite"], indirect=True)
def test_a_long_list_of_unknown_codes_is_refused_once(bundled, write):
    review = {
        "type": "review",
        "subject_id": "P167506-1",
        "category": "worker_mobility",
        "relevance": "direct",
        "certainty": "sure",
        "reason": "r",
        "reviewer": "x",
        "reviewed_on": "2026-01-01",
    }
    many, few = ({**review, "secondary_categories": ["x"] * number} for number in (40_000, 20))
    take(bundled, write("a.jsonl", jsonl_text(many, few)))
    found = [row for row in rejected(bundled) if row["field"] == "secondary_categories"]
    assert [row["place"] for row in found] == ["line 1", *["line 2"] * 20]
    assert found[0]["reason"] == "has 40,000 items, at most 20 are taken"
    assert all(row["reason"].startswith("no category 'x'") for row in found[1:])


@on_sqlite
@pytest.mark.parametrize(
    ("line", "width"), [("X2", "1 column"), ("X2,Name", "2 columns"), (",".join(["X2"] * 12), "12 columns")]
)
def test_a_row_of_another_width_than_the_header_is_refused_by_both_numbers(engine, write, line, width):
    take(engine, write("a.csv", f"{GOOD}{line}\n{csv_text({**PROJECT, 'project_id': 'X3'}).splitlines()[1]}\n"))
    (refused,) = rejected(engine)
    assert refused["place"] == "line 3"
    assert refused["reason"] == f"{width}, expected 7 as in the header"
    assert project_ids(engine) == ["X1", "X3"]


@on_sqlite
@pytest.mark.parametrize(
    "bad", ["{oops", "[1, 2]", '"text"', '{"type": "grant"}', '{"type": ["project"]}', "{}", "[" * 100_000]
)
def test_a_line_that_is_no_record_is_refused_between_good_ones(engine, write, bad):
    report = take(
        engine, write("a.jsonl", f"{jsonl_text(PROJECT)}{bad}\n{jsonl_text({**PROJECT, 'project_id': 'X2'})}")
    )
    (refused,) = rejected(engine)
    assert refused["place"] == "line 2"
    assert re.search("is not JSON|stand too deep|`type` one of project, component, review", refused["reason"])
    assert (report.added, report.rejected, project_ids(engine)) == (2, 1, ["X1", "X2"])


FAULTY = {
    "a-value-and-codes": (
        "project",
        {"approval_date": "2020-13-01", "source": "nobody", "countries": "UGA;ZZZ;QQQ", "counted_usd": "6000000"},
        {"approval_date": "2020-13-01", "counted_usd": "6000000", "source": "nobody", "countries": ["ZZZ", "QQQ"]},
    ),
    "what-needs-what-was-refused": (
        "project",
        {"countries": "UGA;uga", "country_shares": "60;30", "commitment_usd": "much", "counted_usd": "5", "place": "?"},
        {"countries": "UGA;uga", "commitment_usd": "much"},
    ),
    "a-component": (
        "component",
        {"ordinal": "0", "amount_basis": "", "passage": "abc", "passage_start": "1", "source": "nobody"},
        {"ordinal": "0", "passage_start": "1", "amount_basis": None, "source": "nobody"},
    ),
    "a-review": (
        "review",
        {
            "reviewed_on": "2024-02-31",
            "category": "nothing",
            "secondary_categories": "diaspora;few",
            "share_percent": "0",
        },
        {"reviewed_on": "2024-02-31", "share_percent": "0", "category": "nothing", "secondary_categories": "few"},
    ),
    "a-review-without-category": ("review", {"category": "", "relevance": "none"}, {"category": None}),
}


@on_sqlite
@pytest.mark.parametrize(("kind", "change", "faults"), FAULTY.values(), ids=FAULTY)
def test_all_that_is_wrong_with_a_record_is_told_at_once(engine, write, kind, change, faults):
    good = {"project": PROJECT, "component": COMPONENT, "review": REVIEW}[kind]
    take(engine, write("a.csv", csv_text(good | change)))
    told = [(row["field"], row["value"]) for row in rejected(engine)]
    assert told == [
        (field, one) for field, some in faults.items() for one in (some if isinstance(some, list) else [some])
    ]


BEYOND = {
    "ordinal-0": ("component", {"ordinal": 0}, "'0' must be at least 1"),
    "ordinal-1000": ("component", {"ordinal": 1000}, "'1000' must be at most 999"),
    "ordinal-half": ("component", {"ordinal": 1.5}, "'1.5' is no whole number"),
    "ordinal-word": ("component", {"ordinal": "one"}, "'one' is no whole number"),
    "no-ordinal": ("component", {"ordinal": None}, "required, but missing"),
    "confidence": ("component", {"extraction_confidence": 1.5}, "'1.5' must be at most 1"),
    "confidence-below": ("component", {"extraction_confidence": -1}, "'-1' must be at least 0"),
    "confidence-word": ("component", {"extraction_confidence": "high"}, "'high' is no number"),
    "confidence-nan": ("component", {"extraction_confidence": "nan"}, "'nan' is no finite number"),
    "basis": (
        "component",
        {"amount_basis": "total"},
        "'total' must be 'commitment', 'cost' or 'disbursement'",
    ),
    "status": ("project", {"status": "open"}, "'open' must be 'Active', 'Closed', 'Pipeline' or 'Dropped'"),
    "half-character": (
        "project",
        {"name": "\ud800"},
        "'\\ud800' holds half of a surrogate pair (\\ud800 to \\udfff), which is no character",
    ),
    "long-name": ("project", {"name": "a" * 2_001}, "has 2,001 characters, at most 2,000 are taken"),
    "no-day": ("review", {"reviewed_on": None}, "required, but missing"),
    "no-certainty": ("review", {"certainty": ""}, "required, but missing: expected sure or doubtful"),
    "no-relevance": ("review", {"relevance": None}, "required, but missing: expected direct or partial or none"),
}


@on_sqlite
@pytest.mark.parametrize(("kind", "change", "reason"), BEYOND.values(), ids=BEYOND)
def test_what_is_beyond_a_bound_or_of_another_kind_is_told_in_our_words(engine, write, kind, change, reason):
    good = {"project": PROJECT, "component": COMPONENT, "review": REVIEW}[kind]
    take(engine, write("a.jsonl", jsonl_text({"type": kind, **good, **change})))
    (refused,) = rejected(engine)
    (field,) = change
    assert (refused["field"], refused["reason"]) == (field, reason)


ODD = ["", " ", "x", "\ud800", "x" * 30_000, 0, -1, 1e300, float("nan"), True, None, [], ["x"], {"a": 1}]
"""Values that no field takes all of."""


@pytest.mark.parametrize("kind", [ProjectRecord, ComponentRecord, ReviewRecord])
def test_no_field_is_refused_in_the_words_of_the_library_that_checks_it(kind):
    places, good = PlaceIndex([]), {ProjectRecord: PROJECT, ComponentRecord: COMPONENT, ReviewRecord: REVIEW}[kind]
    said = set()
    for field in field_names(kind):
        for value in ODD:
            raw = RawRecord("line 1", kind, {**good, field: value})
            said |= {refusal.reason for refusal in validate(raw, places, ["user-records"])[1] if refusal.field == field}
    assert len(said) > 10
    assert [reason for reason in said if re.search("should|valid (string|integer|number|date)", reason)] == []


@on_sqlite
def test_an_unknown_field_is_refused_with_the_name_that_was_meant(engine, write):
    take(engine, write("a.jsonl", jsonl_text({**PROJECT, "contries": "KEN"})))
    (refused,) = rejected(engine)
    assert (refused["field"], refused["reason"]) == ("contries", "unknown field; did you mean 'countries'?")


@on_sqlite
@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("key", ["project_id", "commitment_usd", "type"])
def test_a_field_that_stands_twice_in_an_object_is_refused_whichever_was_meant(engine, write, form, key):
    good, bad = (jsonl_text({**PROJECT, "project_id": name}).strip() for name in ("X2", "X1"))
    bad = bad[:-1] + f', "{key}": "project"}}'
    take(engine, write(f"a.{form}", f"[{good},{bad}]" if form == "json" else f"{good}\n{bad}\n"))
    (refused,) = rejected(engine)
    assert refused["reason"] == f"'{key}' stands more than once in the object: expected each field once"
    assert refused["record_id"] == (None if key == "project_id" else "X1")
    assert project_ids(engine) == ["X2"]


BROKEN_JSON = {
    "no-colon": ('{"naïve" "UGA"}', 10, "expected a colon"),
    "no-end": ('{"naïve": "UGA"', 16, "expected a comma, or the end of the list or object"),
    "no-value": ('{"naïve": }', 11, "expected a value"),
    "no-quotes": ("{naive: 1}", 2, "expected a name in double quotes"),
    "comma-at-the-end": ('{"naïve": 1,}', 13, "expected a name in double quotes"),
    "two-objects": ("{} {}", 4, "something follows where all should end"),
    "open-text": ('{"naïve": "UGA}', 11, "a text begins that does not end"),
    "tab": ('{"naïve": "U\tA"}', 13, "a text holds a control character, such as the end of a line"),
    "backslash": (r'{"naïve": "U\A"}', 13, "a text holds a backslash that nothing known follows"),
}


@pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=["no end", "line feed", "both"])
@pytest.mark.parametrize(("text", "column", "reason"), BROKEN_JSON.values(), ids=BROKEN_JSON)
def test_where_json_is_broken_is_told_by_line_and_column_in_words(tmp_path, text, column, reason, end):
    lines, whole = tmp_path / "a.jsonl", tmp_path / "a.json"
    lines.write_bytes(f"{text}{end}".encode())
    (raw,) = RecordsAdapter().read(lines)
    assert (raw.place, raw.broken) == ("line 1", f"is not JSON at column {column}: {reason}")
    whole.write_bytes(f"\n{text}{end}".encode())
    with pytest.raises(FileRefusedError) as refused:
        list(RecordsAdapter().read(whole))
    assert str(refused.value) == f"a.json is not JSON at line 2, column {column}: {reason}"


@on_sqlite
@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": float("nan")}, "'name' is not JSON: NaN is no number there"),
        ({"commitment_usd": float("-inf")}, "'commitment_usd' is not JSON: -Infinity is no number there"),
        ({"sectors": ["Health", float("inf")]}, "'sectors' is not JSON: Infinity is no number there"),
    ],
)
def test_a_number_that_json_does_not_have_costs_only_its_record(engine, write, form, change, reason):
    good, bad = (jsonl_text({**PROJECT, **more}).strip() for more in ({"project_id": "X2"}, change))
    take(engine, write(f"a.{form}", f"[{good},{bad}]" if form == "json" else f"{good}\n{bad}\n"))
    (refused,) = rejected(engine)
    assert (refused["record_id"], refused["place"]) == ("X1", "/1" if form == "json" else "line 2")
    assert reason in refused["reason"]
    assert project_ids(engine) == ["X2"]


@on_sqlite
def test_of_a_record_full_of_errors_the_first_are_listed_and_the_others_counted(engine, write):
    unknown = {f"field {number}": "x" for number in range(2000)}
    report = take(engine, write("a.jsonl", jsonl_text({**PROJECT, **unknown}, {**PROJECT, "project_id": "X2"})))
    *listed, last = rejected(engine)
    assert [row["field"] for row in listed] == [f"field {number}" for number in range(20)]
    assert (last["field"], last["reason"]) == ("record", "1,980 more errors, which are not listed")
    assert all(len(row["record"]) == 100 for row in (*listed, last))
    assert (report.read, report.rejected, project_ids(engine)) == (2, 1, ["X2"])


def test_a_header_of_many_unknown_columns_is_refused_at_once(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("project_id,name," + ",".join(f"colum{number}" for number in range(20_000)) + "\n")
    started = time.perf_counter()
    with pytest.raises(FileRefusedError, match="unknown columns colum0, colum1"):
        list(RecordsAdapter().read(path))
    assert time.perf_counter() - started < 2


@on_sqlite
def test_blank_lines_before_the_header_are_passed_over(engine, write):
    take(engine, write("a.csv", "\ufeff\n \n" + csv_text(PROJECT, {**PROJECT, "project_id": "X2", "status": "Open"})))
    assert project_ids(engine) == ["X1"]
    assert rejected(engine)[0]["place"] == "line 5"


@on_sqlite
def test_a_suggested_field_is_one_that_files_can_use(engine, write):
    take(engine, write("a.jsonl", jsonl_text({**PROJECT, "comitment_usd": "5"})))
    assert "did you mean 'commitment_usd'?" in rejected(engine)[0]["reason"]


@on_sqlite
def test_a_decimal_comma_is_refused_not_read_as_another_amount(engine, write):
    report = take(engine, write("a.csv", csv_text({**PROJECT, "commitment_usd": "1,5"})))
    assert report.rejected == 1


@on_sqlite
def test_a_record_over_several_lines_is_named_by_its_first(engine, write):
    take(engine, write("a.csv", csv_text({**PROJECT, "name": "one\ntwo\nthree", "status": "Open"})))
    assert rejected(engine)[0]["place"] == "line 2"


FOUR = "project_id,name,countries,commitment_usd\n"


@on_sqlite
@pytest.mark.parametrize("count", [0, 1, 48])
def test_rows_that_a_stray_quote_took_in_are_read_anew(engine, write, count):
    """The line that opens the quote and the one that closes it are refused; good rows between and after them get in."""
    good = [f"Y-{number},Migration,JOR,5" for number in range(2, 2 + count)]
    last = 3 + count
    text = "\n".join(['Y-1,"Mig,JOR,5', *good, 'Y-98,Mig",JOR,5', "Y-99,Mig,JOR,5", ""])
    report = take(engine, write("a.csv", FOUR + text))
    assert (report.read, report.added, report.rejected) == (count + 3, count + 1, 2)
    assert set(project_ids(engine)) == {"Y-99", *(f"Y-{number}" for number in range(2, 2 + count))}
    opens, closes = rejected(engine)
    assert (opens["place"], closes["place"]) == ("line 2", f"line {last}")
    lines = "1 line" if count == 0 else f"{count + 1} lines"
    assert (
        f"begins on line 2, is closed on line {last} only: it took in {lines}, which are read anew" in opens["reason"]
    )
    assert "a quote on this line ends what a quote on an earlier line began" in closes["reason"]
    assert adds_up(report)


@on_sqlite
def test_a_bad_row_that_a_stray_quote_took_in_is_named_by_its_own_line(engine, write):
    text = 'Y-1,"Mig,JOR,5\nY-2,Mig\n\nY-3,Mig,JOR,-5\r\nY-4,Mig,JOR,5\nY-5,Mig",JOR,5\n'
    report = take(engine, write("a.csv", FOUR + text))
    assert (report.added, project_ids(engine)) == (1, ["Y-4"])
    assert [refused["place"] for refused in rejected(engine)] == ["line 2", "line 3", "line 5", "line 7"]
    assert rejected(engine)[1]["reason"] == "2 columns, expected 4 as in the header"


MIXED = ["Y-1", "P090644", "P090645"]
TITLES = "title,project_id,ordinal,amount_usd,amount_basis\n"


@pytest.mark.parametrize("ids", [["P174085", "P174085-1", "p090644"], ["P174085-1", "P090644", "p090644"], MIXED])
def test_rows_that_a_stray_quote_took_in_are_told_whatever_the_form_of_their_identifier(write, ids):
    first, *others = (f'{key},health,direct,sure,"because,me,2026-11-24' for key in ids)
    closes = f'{ids[1]},health,direct,sure,because",me,2026-11-24'
    text = "\n".join([first, *(other.replace('"', "") for other in others), closes])
    path = write("a.csv", f"subject_id,category,relevance,certainty,reason,reviewer,reviewed_on\n{text}\n")
    read = list(RecordsAdapter().read(path))
    assert [record.fields.get("subject_id") for record in read] == [None, *ids[1:], None]
    assert [bool(record.broken) for record in read] == [True, False, False, True]


def test_rows_that_a_stray_quote_took_in_are_told_by_identifiers_in_another_column(write):
    text = '"Jobs,X1,1,5,commitment\nSchools,X1,2,5,commitment\nHealth,X1,3,5,commitment\nWater",X1,4,5,commitment\n'
    read = list(RecordsAdapter().read(write("a.csv", TITLES + text)))
    assert [record.fields.get("ordinal") for record in read if not record.broken] == ["2", "3"]
    assert [record.place for record in read if record.broken] == ["line 2", "line 5"]


@pytest.mark.parametrize("title", ["Jobs,\nwith P174085", "Jobs\nA,P174085,3,5,commitment", "A, B,\nC, X2, D, E, F"])
def test_honest_titles_of_several_lines_before_the_identifier_are_no_rows(write, title):
    record = {"title": title, "project_id": "P174085", "ordinal": "1", "amount_usd": "5", "amount_basis": "commitment"}
    (read,) = RecordsAdapter().read(write("a.csv", csv_text(record)))
    assert (read.broken, read.fields["title"]) == (None, title)


@on_sqlite
@pytest.mark.parametrize(
    "name",
    [
        "Skills, training, health, roads,\nwater, schools, and more, for all, and each",
        "Loan of 1,250,000\nand of 3,250,000 dollars, and 1,000",
        'The "first"\n\nand the "second", "third", and "fourth"',
        "a\r\nb\nc,d",
        ",\n,",
        "Serve the sites\nAzraq,Zaatari,Mafraq,JOR\nin two phases",
        "with P174085 and\nP176273, its additional financing",
        "with\nP100002,P100003-1,p100004,P100005",
        "A,B,C\nwater,roads,schools,jobs",
    ],
)
def test_honest_cells_of_several_lines_are_no_rows(engine, write, name):
    record = {"project_id": "X1", "name": name, "countries": "JOR", "commitment_usd": "5"}
    report = take(engine, write("a.csv", csv_text(record)))
    assert (report.added, report.rejected) == (1, 0)
    assert project(engine, "X1")["name"] == " ".join(name.split())


@on_sqlite
def test_rows_that_a_stray_quote_took_in_of_an_export_are_read_anew(engine, tmp_path):
    path = tmp_path / "e.csv"
    path.write_text(
        "id,project_name,countryshortname,curr_total_commitment\n"
        'P000001,"Skills,Uganda,5\nP000002,Roads,Uganda,5\nP000003,Skills",Uganda,5\nP000004,Water,Uganda,5\n'
    )
    report = take(engine, path, WorldBankExportAdapter("2024-01-01"))
    assert (report.added, report.rejected, project_ids(engine)) == (2, 2, ["P000002", "P000004"])


@on_sqlite
def test_columns_without_title_and_value_are_passed_over(engine, write):
    """As spreadsheets write them, at the end or between others; a row may end before those at the end."""
    text = "project_id,,name,countries,,\nX1,,Jobs,UGA,,\nX2, ,Jobs,UGA\nX3,,Jobs,UGA,5,\nX4,,Jobs\nX5,,Jobs,UGA,,,\n"
    report = take(engine, write("a.csv", text))
    assert (report.added, project_ids(engine)) == (2, ["X1", "X2"])
    assert [(refused["place"], refused["reason"]) for refused in rejected(engine)] == [
        ("line 4", "column 5 has no title, but a value: expected a title, or no value"),
        ("line 5", "3 columns, expected 4 to 6 as in the header"),
        ("line 6", "7 columns, expected 4 to 6 as in the header"),
    ]


def assert_costs_only_its_record(engine, write, bad):
    report = take(engine, write("a.jsonl", jsonl_text(PROJECT, {**PROJECT, "project_id": "X2", **bad})))
    assert (report.added, report.rejected, project_ids(engine)) == (1, 1, ["X1"])


def test_half_a_surrogate_pair_costs_only_its_record(engine, write):
    assert_costs_only_its_record(engine, write, {"name": "\ud800"})


@on_sqlite
@pytest.mark.parametrize("value", [{"a": "b"}, ["a"], True], ids=str)
@pytest.mark.parametrize("field", ["project_id", "name", "objective"])
def test_what_is_no_text_is_refused_where_text_is_due(engine, write, field, value):
    report = take(engine, write("a.jsonl", jsonl_text(PROJECT, {**PROJECT, "project_id": "X2", field: value})))
    (refused,) = rejected(engine)
    assert (refused["field"], refused["value"]) == (field, str(value))
    assert "is an object, a list or a flag: expected a text" in refused["reason"]
    assert (report.rejected, project_ids(engine)) == (1, ["X1"])


TEXTS = (
    *(
        "objective",
        "place",
        "region",
        "instrument",
        "parent_evidence",
        "counted_note",
        "borrower",
        "implementing_agency",
    ),
    *("note", "reporting_org", "reporting_org_ref", "reported_id", "source_url"),
)


@on_sqlite
@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
@pytest.mark.parametrize("nothing", ["", "N/A", " n/a "])
def test_nothing_in_a_field_that_may_be_missing_is_not_stated(engine, write, form, nothing):
    record = {**PROJECT, **dict.fromkeys(TEXTS, nothing)}
    content = {
        "csv": csv_text(record),
        "json": json.dumps([{"type": "project", **record}]),
        "jsonl": jsonl_text(record),
    }[form]
    report = take(engine, write(f"a.{form}", content))
    assert (report.added, report.rejected) == (1, 0)
    assert [project(engine, "X1")[name] for name in ("objective", "instrument", "borrower", "note")] == [None] * 4


@on_sqlite
def test_nothing_in_a_field_of_a_component_is_not_stated(engine, write):
    take(engine, write("projects.csv", GOOD))
    nothing = {"description": "", "note": "N/A", "source_url": " "}
    report = take(engine, write("a.jsonl", jsonl_text({**COMPONENT, **nothing}, kind="component")))
    assert (report.added, report.rejected) == (1, 0)


@pytest.mark.parametrize("kind", [ProjectRecord, ComponentRecord])
def test_null_is_as_good_as_no_field(kind):
    needed = {"project_id": "X1", "name": "Skills"} if kind is ProjectRecord else COMPONENT
    without = kind.model_validate(needed)
    may_be_missing = [
        info.serialization_alias or name for name, info in kind.model_fields.items() if info.default is None
    ]
    assert kind.model_validate({**dict.fromkeys(may_be_missing), **needed}) == without


@on_sqlite
def test_an_error_that_nobody_foresaw_costs_only_its_record(engine, write, monkeypatch):
    check = ProjectRecord.model_validate

    def fails(fields):
        return check(fields) if fields["project_id"] == "X1" else 1 / 0

    monkeypatch.setattr(ProjectRecord, "model_validate", fails)
    assert_costs_only_its_record(engine, write, {"note": "a"})
    assert rejected(engine)[0]["reason"] == "cannot be checked: ZeroDivisionError: division by zero"


@on_sqlite
@pytest.mark.parametrize("value", [{"a": 1}, True, ["Health", ["Education"]]], ids=str)
def test_what_is_no_list_of_texts_is_refused_where_one_is_due(engine, write, value):
    assert_costs_only_its_record(engine, write, {"sectors": value})
    assert rejected(engine)[0]["field"] == "sectors"


def test_a_nul_in_a_passage_costs_only_its_component(engine, write):
    take(engine, write("projects.csv", GOOD))
    bad = {**COMPONENT, "ordinal": "2", "title": "More", "passage": "a\x00b", "passage_start": 1, "passage_end": 4}
    take(engine, write("a.jsonl", jsonl_text(COMPONENT, bad, kind="component")))
    (refused,) = rejected(engine)
    assert (refused["place"], refused["field"], refused["value"]) == ("line 2", "passage", "a\ufffdb")
    assert "X1-1" in [row["component_id"] for row in rows(engine, "component")]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("field", ["status", "source", "name", "note"])
def test_a_nul_in_a_refused_value_costs_only_its_record(engine, write, field):
    assert_costs_only_its_record(engine, write, {field: "no\x00thing"})


def test_a_nul_beside_a_refused_value_costs_only_its_record(engine, write):
    assert_costs_only_its_record(engine, write, {"note": "a\x00b", "status": "Open"})


@pytest.mark.parametrize(
    ("place", "bucket"),
    [
        ("Eastern and Southern Africa", "AFE"),
        ("Africa", "AFR"),
        ("Middle East & North Africa", "MEA"),
        ("World", "WLD"),
    ],
)
def test_money_of_a_regional_label_is_counted_in_the_bucket_never_in_a_country(engine, write, place, bucket):
    take(engine, write("a.csv", csv_text({**PROJECT, "countries": "", "place": place})))
    assert {row["country"] for row in rows(engine, "spend_fact")} == {bucket}
    assert [(row["country_code"], row["share_ppm"]) for row in rows(engine, "project_country")] == [(bucket, 1_000_000)]


@pytest.mark.parametrize(
    ("countries", "bucket"), [("JOR;LBN", "MEA"), ("jor;EGY;LBN", "MEA"), ("JOR;UGA", "WLD"), ("MEA;JOR", "MEA")]
)
def test_money_of_several_countries_is_counted_in_their_one_region(engine, write, countries, bucket):
    take(engine, write("a.csv", csv_text({**PROJECT, "countries": countries})))
    assert {row["country"] for row in rows(engine, "spend_fact")} == {bucket}
    assert {row["country_code"] for row in rows(engine, "project_country")} == {bucket, *countries.upper().split(";")}


COMPONENT = {
    "project_id": "X1",
    "ordinal": "1",
    "title": "Training",
    "amount_usd": "2000000",
    "amount_basis": "commitment",
    "source": "user-records",
}
REVIEW = {
    "subject_id": "X1",
    "category": "mobility_skills",
    "share_percent": "60",
    "relevance": "direct",
    "certainty": "sure",
    "reason": "Says so",
    "reviewer": "A",
    "reviewed_on": "2024-01-01",
}


@pytest.mark.parametrize(
    ("kind", "lines", "field", "value", "reason"),
    [
        (
            "component",
            [{**COMPONENT, "project_id": "X9"}],
            "project_id",
            "X9",
            "no such project: load the project first",
        ),
        ("component", [{**COMPONENT, "amount_basis": "price"}], "amount_basis", "price", "commitment"),
        ("component", [{**COMPONENT, "source": "nobody"}], "source", "nobody", "expected one of"),
        ("component", [{**COMPONENT, "ordinal": "1_0"}], "ordinal", "1_0", "'1_0' is not a number"),
        ("component", [{**COMPONENT, "amount_usd": "1_000_000"}], "amount_usd", "1_000_000", "is not an amount"),
        ("review", [{**REVIEW, "subject_id": "X9"}], "subject_id", "X9", "no such project or component"),
        ("review", [{**REVIEW, "subject_id": "X9-whole"}], "subject_id", "X9-whole", "no such project or component"),
        ("review", [{**REVIEW, "subject_id": "X1-whole"}], "subject_id", "X1-whole", "review the project X1 instead"),
        (
            "review",
            [{**REVIEW, "category": "mobility_skill"}],
            "category",
            "mobility_skill",
            "did you mean 'mobility_skills'",
        ),
        (
            "component",
            [{**COMPONENT, "passage": "abc", "passage_start": "9", "passage_end": "1"}],
            "passage_start",
            "9",
            "passage_start 9 must not be after passage_end 1",
        ),
        ("review", [REVIEW], "share_percent", "60", "shares of X1 sum to 60, expected 100"),
        ("review", [{**REVIEW, "reviewed_on": "2024-02-31"}], "reviewed_on", "2024-02-31", "not a day of the calendar"),
    ],
)
def test_a_component_or_review_that_does_not_fit_is_refused_by_name(engine, write, kind, lines, field, value, reason):
    take(engine, write("projects.csv", GOOD))
    before = everything(engine)
    report = take(engine, write("a.csv", csv_text(*lines)))
    (refused,) = rejected(engine)
    assert (refused["place"], refused["field"], refused["value"]) == ("line 2", field, value)
    assert reason in refused["reason"]
    assert adds_up(report)
    assert everything(engine) == before


@on_sqlite
@pytest.mark.parametrize("field", ["ordinal", "passage_start", "extraction_confidence"])
def test_yes_is_no_number(engine, write, field):
    fields = {**COMPONENT, "passage": "abc", "passage_start": "1", "passage_end": "2", field: True}
    take(engine, write("projects.csv", GOOD))
    report = take(engine, write("a.jsonl", jsonl_text(fields, kind="component")))
    assert (report.added, report.rejected) == (0, 1)
    assert (rejected(engine)[0]["field"], rejected(engine)[0]["reason"]) == (field, "'True' is not a number")


def test_a_good_component_gets_in_beside_one_of_a_missing_project(engine, write):
    take(engine, write("projects.csv", GOOD))
    take(engine, write("a.csv", csv_text({**COMPONENT, "project_id": "X9"}, COMPONENT)))
    assert [row["component_id"] for row in rows(engine, "component") if row["granularity"] == "component"] == ["X1-1"]


@on_sqlite
def test_the_rest_of_a_project_is_reviewed_under_the_projects_own_id(engine, write):
    """Each line is refused, and one of a project that has such an id of its own is not."""
    named = {**PROJECT, "project_id": "X1-whole-remainder"}
    take(engine, write("projects.csv", csv_text(PROJECT, named)))
    take(engine, write("list.csv", csv_text(COMPONENT)))
    assert "X1-remainder" in [row["component_id"] for row in rows(engine, "component")]
    rest = {**REVIEW, "subject_id": "X1-remainder", "share_percent": "50"}
    decision = [{**rest, "category": code} for code in ("mobility_skills", "diaspora")]
    own = {**REVIEW, "subject_id": "X1-whole-remainder", "share_percent": ""}
    report = take(engine, write("a.csv", csv_text(*decision, own)))
    assert (report.added, report.rejected) == (1, 2)
    assert [refused["place"] for refused in rejected(engine)] == ["line 2", "line 3"]
    assert all("review the project X1 instead" in refused["reason"] for refused in rejected(engine))


@on_sqlite
@pytest.mark.parametrize("shares", [("100", ""), ("", "")])
def test_lines_of_a_decision_each_state_their_share(engine, write, shares):
    take(engine, write("projects.csv", GOOD))
    categories = ("mobility_skills", "diaspora")
    lines = [{**REVIEW, "category": c, "share_percent": s} for c, s in zip(categories, shares, strict=True)]
    report = take(engine, write("a.csv", csv_text(*lines)))
    assert (report.rejected, rows(engine, "review")) == (2, [])
    for refused, share in zip(rejected(engine), shares, strict=True):
        assert (refused["field"], refused["value"]) == ("share_percent", share or None)
        assert refused["reason"] == "X1 has 2 lines: expected share_percent in each of them, or one line alone"


def test_a_component_of_the_longest_id_can_be_reviewed(engine, write):
    owner = "X" * 100
    take(engine, write("projects.csv", csv_text({**PROJECT, "project_id": owner})))
    take(engine, write("list.csv", csv_text({**COMPONENT, "project_id": owner, "ordinal": "999"})))
    whole = {**REVIEW, "subject_id": f"{owner}-999", "share_percent": ""}
    assert take(engine, write("a.csv", csv_text(whole))).added == 1
    take(engine, write("b.csv", csv_text({**whole, "certainty": "perhaps"})))
    assert rejected(engine)[0]["record_id"] == f"{owner}-999"


def test_the_longest_instrument_fits_into_every_index(engine, write):
    drawn = random.Random(7)
    instrument = "".join(chr(drawn.randrange(0x1F300, 0x1F600)) for _ in range(200))
    assert take(engine, write("a.csv", csv_text({**PROJECT, "instrument": instrument}))).added == 1


@on_sqlite
def test_an_address_of_an_export_that_is_none_is_set_aside(engine, tmp_path):
    path = tmp_path / "e.xlsx"
    path.write_bytes(
        xlsx_bytes([[*EXPORT_TITLES, "url"], ["P1", "Skills", "Uganda", 5_000_000, "javascript:alert(1)"]])
    )
    take(engine, path, WorldBankExportAdapter("2024-01-01"))
    (aside,) = rejected(engine)
    assert (aside["field"], aside["value"], aside["whole_record"]) == ("url", "javascript:alert(1)", False)
    assert project(engine, "P1")["source_url"].endswith("/P1")


@on_sqlite
def test_a_bad_row_of_an_excel_export_is_named_by_its_row_and_the_sheets_own_title(engine, tmp_path):
    path = tmp_path / "e.xlsx"
    path.write_bytes(xlsx_bytes([*EXPORT, ["P2", "Skills", "Ugandaa", 1_000_000], ["P3", "More", "Kenya", "lots"]]))
    take(engine, path, WorldBankExportAdapter("2024-01-01"))
    assert [(row["place"], row["field"], row["value"]) for row in rejected(engine)] == [
        ("row 3", "countryshortname", "Ugandaa"),
        ("row 4", "curr_total_commitment", "lots"),
    ]
    assert project_ids(engine) == ["P1"]


@pytest.mark.parametrize("share", ["50%", "-5", "12,5", "x" * 5_000])
def test_a_share_that_is_none_is_told_with_what_is_expected(share):
    raw = RawRecord("line 2", ReviewRecord, {**REVIEW, "share_percent": share})
    _, rejections = validate(raw, PlaceIndex([]), {"user-records"})
    (reason,) = [one.reason for one in rejections if one.field == "share_percent"]
    assert reason.startswith(f"{share[:60]!r} is no share in percent")
    assert reason.endswith("expected a number such as 25 or 12.5, without a sign, with at most four decimals")


@pytest.mark.parametrize(
    ("kind", "field"), [(ProjectRecord, "source"), (ComponentRecord, "source"), (ProjectRecord, "countries")]
)
def test_a_long_value_leaves_room_for_what_is_expected(kind, field):
    good = {ProjectRecord: PROJECT, ComponentRecord: COMPONENT}[kind]
    raw = RawRecord("line 2", kind, {**good, field: "x" * 5_000})
    _, rejections = validate(raw, PlaceIndex([]), {"user-records"})
    reasons = [one.reason for one in rejections if one.field == field]
    assert reasons
    assert all(": expected" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("adapter", "text"), [(RecordsAdapter(), GOOD), (WorldBankExportAdapter(), EXPORT_CSV)], ids=["records", "export"]
)
def test_a_mark_of_utf_8_that_stands_there_twice_is_no_part_of_a_title(adapter, text, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\ufeff\ufeff" + text, encoding="utf-8")
    assert [raw.broken for raw in adapter.read(path)] == [None]
