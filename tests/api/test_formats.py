"""Every format holds the same rows: in the same order, with the same columns, cell by cell."""

import csv
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from api.answers.negotiation import MEDIA_TYPES, PICTURE_TYPES, Format, Picture
from api.answers.shape import in_columns
from api.exports.columns import About, Column, Kind, columns_of
from api.exports.csv import csv_chunks
from api.exports.parquet import parquet_chunks
from api.params.lists import COMPONENT_SORTS, PROJECT_SORTS
from api.params.spend import SpendParams
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from models.money import quotient
from models.spend import RatioRow
from tests.conftest import Get, client_of

FILES = [Format.JSONL, Format.CSV, Format.PARQUET, Format.XLSX]
IN_PAGES = ("/v1/projects", "/v1/components", "/v1/spend?", "/v1/spend")
REAL = "prices=constant&base_year=2020&status=Active,Closed"
PATHS = [
    "/v1/projects",
    "/v1/projects?sort=-amount_usd,name&country=JOR,LBN&fields=name,amount_usd,approval_date,tags,additional_financing",
    "/v1/projects?q=skills",
    f"/v1/projects?{REAL}&sort=-closing_date",
    "/v1/projects?relevance=none&status=Dropped,Active",
    "/v1/projects/P174085",
    "/v1/projects/P152822/components",
    "/v1/components",
    "/v1/components?sort=-confidence,title&category=worker_mobility",
    "/v1/components?category=worker_mobility&include_secondary=true&sort=-amount_usd",
    "/v1/projects?group=economic_migration&include_secondary=true",
    "/v1/components?q=migrants&min_amount=1000000",
    "/v1/components/P174085-3",
    "/v1/spend",
    "/v1/spend?group_by=category",
    "/v1/spend?group_by=set,group,year,country",
    "/v1/spend?group_by=source,instrument,status,lender,relevance,region,income_group,fiscal_year",
    "/v1/spend?group_by=year,category&basis=project",
    f"/v1/spend?group_by=country,year&{REAL}",
    "/v1/spend?group_by=category,year&fill=year&sort=-year",
    "/v1/spend?group_by=country&sort=-share,country&q=refugees",
    "/v1/spend?group_by=year&basis=project&measure=cost",
    "/v1/spend/ratio?numerator=brief_refugee_response&denominator=brief_economic_migration&group_by=year",
    "/v1/spend/ratio?numerator=remittances&denominator=economic_migration",
    "/v1/headline",
    "/v1/categories",
    "/v1/categories/remittances",
    "/v1/countries?kind=country",
    "/v1/reviews/queue?limit=37",
    "/v1/releases",
    "/v1/reviews/form",
]
NOTHING = [
    "/v1/projects?year_from=1950&year_to=1951",
    "/v1/components?q=xyzzy",
    "/v1/spend?group_by=year,country&min_amount=999999999999",
    "/v1/reviews/queue?max_amount=0&year_to=1950",
]


def plus(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def json_rows(get: Get, path: str) -> list[dict[str, Any]]:
    """The rows of all pages of the JSON answer; small pages, so that there are many."""
    link = plus(path, "limit=29") if path.partition("?")[0] in IN_PAGES else path
    rows: list[dict[str, Any]] = []
    while link:
        answer = exact(get(link).text)
        data = answer["data"]
        rows += data if isinstance(data, list) else [data]
        link = answer["links"]["next"]
    return rows


def table(content: bytes, form: Format) -> tuple[list[str], list[list[Any]]]:
    """The columns of a file and its rows."""
    if form is Format.JSONL:
        rows = [exact(line) for line in content.decode().splitlines()]
        return list(rows[0]) if rows else [], [list(row.values()) for row in rows]
    if form is Format.CSV:
        header, *lines = csv.reader(io.StringIO(content.decode(), newline=""))
        return header, lines
    if form is Format.PARQUET:
        found = pq.read_table(io.BytesIO(content))
        return found.column_names, [list(row.values()) for row in found.to_pylist()]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("data")
    header, *lines = sheet.to_python(skip_empty_area=False)
    return [str(name) for name in header], lines


def in_csv(value: Any, cell: str) -> bool:
    if isinstance(value, bool) or value is None:
        return cell == {True: "true", False: "false", None: ""}[value]
    if isinstance(value, int | Decimal):
        return Decimal(cell) == value and cell == str(value)
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        return exact(cell) == value
    text = ";".join(value) if isinstance(value, list) else value
    return cell == (f"'{text}" if re.match(r"[=+\-@\t\r]", text) else text)


def in_parquet(value: Any, cell: Any) -> bool:
    if isinstance(cell, Decimal):
        return cell == value
    if isinstance(cell, float):
        return isinstance(value, Decimal | int) and cell == float(value)
    if isinstance(cell, date):
        return cell.isoformat().replace("+00:00", "Z") == value
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        return exact(cell) == value
    return type(cell) is type(value) and cell == value


def in_sheet(value: Any, cell: Any) -> bool:
    if value is None or value in ("", []):
        return cell == ""
    if isinstance(value, bool):
        return cell is value
    if isinstance(value, int | Decimal):
        places = Decimal(1).scaleb(value.as_tuple().exponent if isinstance(value, Decimal) else 0)
        return cell == float(value) and Decimal(cell).quantize(places) == value
    if isinstance(cell, datetime):
        return f"{cell.isoformat()}Z" == value
    if isinstance(cell, date):
        return cell.isoformat() == value
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
        return exact(cell) == value
    return cell == (";".join(value) if isinstance(value, list) else value)


def in_lines(value: Any, cell: Any) -> bool:
    return type(cell) is type(value) and cell == value and repr(cell) == repr(value)


SAME = {Format.JSONL: in_lines, Format.CSV: in_csv, Format.PARQUET: in_parquet, Format.XLSX: in_sheet}


def test_the_tables_here_hold_every_format():
    assert set(SAME) == set(FILES) == set(Format) - {Format.JSON}
    accepted = SpendParams.model_json_schema()["properties"]["format"]["anyOf"][0]["enum"]
    assert set(accepted) == set(Format) | set(Picture)


def assert_same(rows: list[dict[str, Any]], content: bytes, form: Format) -> None:
    names, lines = table(content, form)
    assert len(lines) == len(rows)
    if rows:
        assert names == list(rows[0])
    for row, line in zip(rows, lines, strict=True):
        for (name, value), cell in zip(row.items(), line, strict=True):
            assert SAME[form](value, cell), (form, name, value, cell)


@pytest.mark.parametrize("path", PATHS)
def test_every_format_holds_the_rows_of_the_json_answer(path, get):
    rows = json_rows(get, path)
    assert rows
    for form in FILES:
        response = get(plus(path, f"format={form}"))
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(MEDIA_TYPES[form])
        shown = rows
        if form is not Format.JSONL and path.startswith(("/v1/projects/P174085", "/v1/components/P174085")):
            names = table(get(plus(path, "format=csv")).content, Format.CSV)[0]
            shown = [
                {name: rows[0][name] for name in names}
            ]  # the single one has more to say where things can be nested
        assert_same(shown, response.content, form)


@pytest.mark.parametrize(
    "path", ["/v1/components?limit=300", "/v1/projects?limit=300", "/v1/spend?group_by=year,country"]
)
def test_lines_are_the_bytes_of_the_json_answer(path, get):
    data = msgspec.json.decode(get(path).content, type=dict[str, msgspec.Raw])["data"]
    rows = msgspec.json.decode(data, type=list[msgspec.Raw])
    assert len(rows) > 100
    assert get(plus(path, "format=jsonl")).content == b"".join(bytes(row) + b"\n" for row in rows)


@pytest.mark.parametrize("path", NOTHING)
def test_an_answer_without_rows_still_has_its_columns(path, get):
    answer = get(path).json()
    assert (answer["data"], answer["totals"].get("rows"), answer["links"]["next"]) == ([], 0, None)
    whole = path.partition("&" if "group_by" in path else "?")[0]
    names = {form: table(get(plus(path, f"format={form}")).content, form) for form in FILES}
    assert names[Format.JSONL] == ([], [])
    assert get(plus(path, "format=jsonl")).content == b""
    schema = pq.read_schema(io.BytesIO(get(plus(path, "format=parquet")).content))
    full = pq.read_schema(io.BytesIO(get(plus(whole, "format=parquet")).content))
    assert schema.equals(full)
    assert names[Format.CSV] == names[Format.PARQUET] == names[Format.XLSX] == (full.names, [])


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/projects", "amount_usd,project_id,countries"),
        ("/v1/components?country=JOR", "title,confidence,scaled,amount_usd"),
        ("/v1/components", "year,scaled,countries"),
        ("/v1/spend?group_by=year,country", "share,country_name,projects"),
        ("/v1/spend/ratio?numerator=remittances&denominator=economic_migration&group_by=year", "ratio,year"),
        ("/v1/headline", "difference,key"),
        ("/v1/categories", "mappings,code"),
        ("/v1/countries", "region,code"),
        ("/v1/reviews/queue", "at_stake_usd,subject_id"),
        ("/v1/components/P174085-3", "stated_usd,component_id"),
        ("/v1/components/P174085-3", "list_complete,why,component_id"),
        ("/v1/projects/P174085", "differing,project_id"),
    ],
)
def test_chosen_columns_are_the_same_in_every_format(path, fields, get):
    chosen = plus(path, f"fields={fields}")
    rows = json_rows(get, chosen)
    everything = json_rows(get, path)
    assert [list(row) for row in rows] == [fields.split(",")] * len(everything)
    assert rows == [{name: row[name] for name in fields.split(",")} for row in everything]
    for form in FILES:
        assert_same(rows, get(plus(chosen, f"format={form}")).content, form)


@pytest.mark.parametrize("path", ["/v1/projects?country=JOR,LBN", "/v1/spend?group_by=year,category&sort=-amount_usd"])
@pytest.mark.parametrize("form", FILES)
def test_a_limit_limits_every_format_and_the_next_link_leads_on(path, form, get):
    rows = json_rows(get, path)
    response = get(plus(path, f"limit=11&format={form}"))
    pages = [response]
    while "next" in response.links:
        response = get(response.links["next"]["url"])
        pages.append(response)
    assert [len(table(page.content, form)[1]) for page in pages[:-1]] == [11] * (
        len(rows) // 11 - (len(rows) % 11 == 0)
    )
    start = 0
    for page in pages:
        count = len(table(page.content, form)[1])
        assert_same(rows[start : start + count], page.content, form)
        start += count
    assert start == len(rows)


def test_links_to_other_formats_hold_all_pages_or_the_same_question(get):
    answer = get("/v1/projects?limit=5&country=JOR").json()
    assert len(answer["data"]) == 5
    for form in FILES:
        link = answer["links"][form]
        assert len(table(get(link).content, form)[1]) == answer["totals"]["rows"] > 5
    queue = get("/v1/reviews/queue?limit=5").json()
    every = get("/v1/components?limit=1").json()["totals"]["rows"]
    cut = [f"these are the first 5 of {every} rows; limit says how many"]
    assert [one for one in queue["meta"]["warnings"] if "the first" in one] == cut
    assert "the first" not in str(get("/v1/reviews/queue?limit=1000").json()["meta"]["warnings"])
    form = get("/v1/reviews/form?limit=100").json()
    told = f"this form has {form['totals']['rows']} rows for the first 100 of {every} rows of the queue"
    assert form["meta"]["warnings"][-1] == f"{told}; limit says how many"
    for form in FILES:
        assert len(table(get(queue["links"][form]).content, form)[1]) == 5


def test_a_position_of_many_columns_leads_on(get):
    """More columns than one digit can number."""
    names = (
        "status,instrument,region,category,year,-ibrd_usd,-ida_usd,grant_usd,commitment_usd,cost_usd,closing_date,name"
    )
    path = f"/v1/projects?sort={names}"
    whole = get(f"{path}&limit=1000").json()["data"]
    assert [row["project_id"] for row in json_rows(get, path)] == [row["project_id"] for row in whole]


@pytest.mark.parametrize(("path", "sorts"), [("/v1/projects", PROJECT_SORTS), ("/v1/components", COMPONENT_SORTS)])
def test_every_order_can_be_paged_and_is_the_same_on_both_databases(path, sorts, loaded_engines):
    asks = {kind: client_of(engine) for kind, engine in loaded_engines.items()}
    for sort in sorts:
        query = f"{path}?sort={sort}{'&q=refugees' if 'rank' in sort else ''}"
        whole = asks["sqlite"](f"{query}&limit=16").json()["data"]
        for kind, get in asks.items():
            if "rank" in sort:  # each database ranks in its own way
                whole = get(f"{query}&limit=16").json()["data"]
            first = get(f"{query}&limit=8").json()
            assert first["data"] + get(first["links"]["next"]).json()["data"] == whole, (kind, sort)


def test_parquet_says_what_it_holds(get):
    response = get("/v1/spend?group_by=country,year&format=parquet")
    schema = pq.read_schema(io.BytesIO(response.content))
    facts = {name.decode(): text.decode() for name, text in schema.metadata.items()}
    assert facts["licence"].startswith("https://creativecommons.org/licenses/by/4.0")
    meta = get("/v1/spend").json()["meta"]
    for name in ("as_of", "taxonomy_version", "rules_version", "method_version", "currency"):
        assert facts[name] == meta[name]
    assert facts["release"] == str(meta["release"])
    assert facts["query"] == str(response.url)
    for field in schema:
        assert field.metadata[b"description"]
        assert (field.metadata.get(b"unit") == b"USD") == field.name.endswith("_usd")
    assert str(schema.field("amount_usd").type) == "decimal128(20, 2)"
    assert str(schema.field("share").type) == "decimal128(38, 20)"
    assert str(schema.field("year").type) == "int64"


def test_a_small_ratio_has_four_digits_in_every_format(get):
    path = "/v1/spend/ratio?numerator=worker_welfare&denominator=brief_refugee_response"
    (row,) = exact(get(path).text)["data"]
    four_digits = Context(prec=4).divide(row["numerator_amount_usd"], row["denominator_amount_usd"])
    assert 0 < row["ratio"] == four_digits < Decimal("0.001")
    assert f",{row['ratio']},{row['ratio_low']},{row['ratio_high']}\r\n" in get(f"{path}&format=csv").text
    found = pq.read_table(io.BytesIO(get(f"{path}&format=parquet").content)).to_pylist()
    assert [found[0][name] for name in ("ratio", "ratio_low")] == [row["ratio"], row["ratio_low"]]


@pytest.mark.parametrize(("above", "below"), [(1, 2**63 - 1), (10**17, 1)])
def test_parquet_holds_the_smallest_and_the_largest_ratio(above, below):
    columns, ratio = columns_of(RatioRow, ["ratio"]), quotient(above, below, 4)
    file = b"".join(parquet_chunks(columns, [{"ratio": [ratio]}], About("Made up", {}, datetime.now(UTC))))
    assert pq.read_table(io.BytesIO(file)).column("ratio").to_pylist() == [ratio]


def test_parquet_has_dates_lists_and_truth_values(get):
    schema = pq.read_schema(io.BytesIO(get("/v1/projects?format=parquet").content))
    kinds = {
        name: str(schema.field(name).type) for name in ("approval_date", "tags", "additional_financing", "ida_usd")
    }
    assert kinds["approval_date"] == "date32[day]"
    assert kinds["tags"].startswith("list<")
    assert kinds["additional_financing"] == "bool"
    assert kinds["ida_usd"] == "decimal128(20, 2)"


def test_a_workbook_says_what_it_holds(get):
    book = CalamineWorkbook.from_filelike(io.BytesIO(get("/v1/spend?group_by=year&format=xlsx").content))
    assert book.sheet_names == ["data", "about"]
    about = {row[0]: row[1] for row in book.get_sheet_by_name("about").to_python()}
    assert about["licence"].startswith("https://creativecommons.org/licenses/by/4.0")
    assert str(about["release"]) == "1"
    assert about["amount_usd"] == "Money that counts in full, US dollars."


@pytest.mark.parametrize("path", ["/v1/projects?fields=objective", "/v1/projects?fields=counted_note"])
def test_a_workbook_has_its_last_rows_though_nothing_stands_in_them(path, get):
    with zipfile.ZipFile(io.BytesIO(get(f"{path}&format=xlsx").content)) as book:
        rows = book.read("xl/worksheets/sheet1.xml").count(b"<row ")
    assert rows - 1 == get(f"{path}&limit=1").json()["totals"]["rows"]


RISKY = ['=HYPERLINK("x")', "+1 synthetic", "-2 synthetic", "@SUM(1)", "=1+1;2"]


@pytest.fixture
def risky(engine, write) -> Get:
    """A small database of synthetic projects whose names a spreadsheet could run."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["project_id", "name", "countries", "commitment_usd"])
    lines.writerows([f"S0000{number}", name, "JOR", "1000.05"] for number, name in enumerate(RISKY))
    report = ingest(engine, RecordsAdapter(), [write("risky.csv", out.getvalue())])
    assert report.release_id == 1
    return client_of(engine)


def test_texts_are_never_formulas(risky):
    path = "/v1/projects?relevance=direct,partial,none&fields=project_id,name,commitment_usd"
    rows = json_rows(risky, path)
    assert [row["name"] for row in rows] == RISKY
    for form in FILES:
        assert_same(rows, risky(f"{path}&format={form}").content, form)
    cells = [line[1] for line in table(risky(f"{path}&format=csv").content, Format.CSV)[1]]
    assert cells == [f"'{name}" for name in RISKY]
    with zipfile.ZipFile(io.BytesIO(risky(f"{path}&format=xlsx").content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.replace("=HYPERLINK", "")
    assert "1000.05" in sheet


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "\uff1d1"])  # the last is a wide "="
def test_csv_keeps_spreadsheets_from_running_a_text(text):
    columns = [Column("text", Kind.TEXT), Column("list", Kind.LIST), Column("number", Kind.DECIMAL)]
    row = {"text": text, "list": [text, "b"], "number": Decimal("-1.00")}
    content = b"".join(csv_chunks(columns, in_columns(columns, [row])))
    assert table(content, Format.CSV)[1] == [[f"'{text}", f"'{text};b", "-1.00"]]


@pytest.mark.parametrize("names", [["a"], ["a", "b"]])
def test_what_a_row_lacks_is_an_empty_cell(names):
    columns = [Column(name, Kind.TEXT) for name in names]
    rows = [{"b": None, "more": 1}, {"a": "x", "b": "y"}]
    content = b"".join(csv_chunks(columns, in_columns(columns, rows)))
    assert table(content, Format.CSV)[1] == [[""] * len(names), ["x", "y"][: len(names)]]


def test_nested_columns_are_json_in_csv(get):
    rows = {row["code"]: row for row in get("/v1/categories").json()["data"]}
    for line in csv.DictReader(io.StringIO(get("/v1/categories?format=csv").text, newline="")):
        assert json.loads(line["mappings"]) == rows[line["code"]]["mappings"]
        assert line["sets"] == ";".join(rows[line["code"]]["sets"])


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/components", "/v1/spend?group_by=year", "/v1/countries"])
def test_more_rows_than_a_sheet_holds_are_refused_with_what_to_take(path, get, monkeypatch):
    monkeypatch.setattr("api.answers.shape.MAX_ROWS", 5)
    response = get(plus(path, "format=xlsx"))
    assert response.status_code == 422
    item = response.json()["errors"][0]
    assert (item["parameter"], item["value"], item["suggestion"]) == ("format", "xlsx", "csv")
    assert "5 rows" in item["message"]
    assert set(item["allowed"]) == set(Format) - {Format.XLSX}
    assert get(plus(path, "format=csv")).status_code == 200


ACCEPT = [
    ("text/csv", Format.CSV),
    ("TEXT/CSV", Format.CSV),
    ("text/csv; charset=utf-8", Format.CSV),
    ("application/x-ndjson", Format.JSONL),
    ("application/jsonl", Format.JSONL),
    ("application/vnd.apache.parquet", Format.PARQUET),
    (MEDIA_TYPES[Format.XLSX], Format.XLSX),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", Format.JSON),
    ("*/*", Format.JSON),
    ("", Format.JSON),
    ("text/*", Format.CSV),
    ("application/json;q=0.5, text/csv;q=0.9", Format.CSV),
    ("application/json, text/csv;q=0.9", Format.JSON),
    ("application/json, text/csv", Format.JSON),
    ("text/csv;q=0, */*;q=0.1", Format.JSON),
    ("application/pdf, application/x-ndjson;q=0.1", Format.JSONL),
]


@pytest.mark.parametrize(("accept", "form"), ACCEPT)
def test_the_accept_header_chooses_the_format(accept, form, get):
    response = get("/v1/spend?group_by=year", headers={"accept": accept})
    assert response.headers["content-type"].startswith(MEDIA_TYPES[form])
    assert "accept" in response.headers["vary"].lower()
    assert response.content == get(f"/v1/spend?group_by=year&format={form}").content or form in {
        Format.JSON,
        Format.PARQUET,
        Format.XLSX,
    }  # those three name their own address


@pytest.mark.parametrize("accept", ["application/pdf", "text/html", "application/json;q=0", "text/csv;q=0", "nonsense"])
@pytest.mark.parametrize("path", ["/v1/projects", "/v1/spend", "/v1/headline", "/v1/projects/P174085"])
def test_what_cannot_be_made_is_a_406_that_lists_what_can(path, accept, get):
    response = get(path, headers={"accept": accept})
    assert response.status_code == 406
    assert response.headers["content-type"] == "application/problem+json"
    item = response.json()["errors"][0]
    assert (item["parameter"], item["value"]) == ("Accept", accept)
    drawn = PICTURE_TYPES.values() if path == "/v1/spend" else ()
    assert item["allowed"] == [*MEDIA_TYPES.values(), *drawn]
    assert get(plus(path, "format=csv"), headers={"accept": accept}).status_code == 200


def test_several_accept_headers_are_one_list(get):
    headers = [("accept", "application/pdf"), ("accept", "text/csv")]
    assert get("/v1/spend", headers=headers).headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("accept", ["application/json", "text/csv", "image/png"])
def test_the_parameter_wins_over_the_header(form, accept, get):
    response = get(f"/v1/spend?format={form}", headers={"accept": accept})
    assert response.headers["content-type"].startswith(MEDIA_TYPES[form])


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("path", ["/v1/projects", "/v1/spend?group_by=category,year", "/v1/categories", "/v1/headline"])
def test_equal_requests_have_equal_bytes(path, form, loaded):
    first, second = (client_of(loaded)(plus(path, f"format={form}")) for _ in range(2))
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert not first.headers["etag"].startswith("W/")
    if form is Format.XLSX:
        with zipfile.ZipFile(io.BytesIO(first.content)) as book:
            assert {item.date_time[0] for item in book.infolist()} == {1980}  # nothing of the present moment


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/projects", "v1-projects"),
        ("/v1/spend/ratio?numerator=remittances&denominator=economic_migration", "v1-spend-ratio"),
        ("/v1/projects/P152822/components?country=BGD", "v1-projects-P152822-components"),
        ("/v1/components/P174085-3", "v1-components-P174085-3"),
        ("/v1/reviews/queue", "v1-reviews-queue"),
    ],
)
@pytest.mark.parametrize("form", FILES)
def test_a_file_is_named_after_its_path(path, name, form, get):
    response = get(plus(path, f"format={form}"))
    shown = "attachment" if form in {Format.PARQUET, Format.XLSX} else "inline"  # no browser shows these two
    assert response.headers["content-disposition"] == f'{shown}; filename="{name}.{form}"'
