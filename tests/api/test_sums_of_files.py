"""The amounts of bulk files are those of the API's own answers, project by project and status by status."""

import csv
import io
import json
from collections import Counter
from decimal import Decimal

import pyarrow.parquet
import pytest

from db.ingest.adapters.records import RecordsAdapter
from models.filters import STATUSES
from tests.conftest import client_of, let_go
from tests.data.export_helpers import PROJECT, csv_text, jsonl_text, take
from tests.explorer.reading import Page

EVERY_STATUS = f"status={','.join(STATUSES)}"
EVERYTHING = f"relevance=direct,partial,none&{EVERY_STATUS}"
MONEY = ("amount_usd", "partial_usd")

PROJECTS = [
    {"project_id": "DROPPED", "status": "Dropped", "commitment_usd": "7000000.01"},
    {"project_id": "UNSAID", "status": "", "commitment_usd": "300"},
    {"project_id": "UNPRICED", "commitment_usd": ""},
    {"project_id": "SHARED", "commitment_usd": "1000"},
    {"project_id": "DONOR", "commitment_usd": "90"},
    {"project_id": "LISTED", "commitment_usd": "100"},
    {"project_id": "MIXED", "commitment_usd": "100.01"},
    {"project_id": "PARTLY", "commitment_usd": "1000"},
]
LISTED = [
    ("LISTED", "Support to refugees", "40"),
    ("LISTED", "Rural roads", "50.5"),
    ("LISTED", "Rural roads, unpriced", None),
    ("MIXED", "Jobs abroad and roads", "50.01"),
    ("MIXED", "Rural roads", "20"),
]
REVIEWS = [
    ("SHARED", "mobility_skills", "25", "direct"),
    ("SHARED", "not_migration", "75", "none"),
    ("DONOR", "in_donor_refugee_costs", "", "direct"),
    ("DROPPED", "refugee_health", "", "direct"),
    ("UNPRICED", "remittances", "", "direct"),
    ("MIXED-1", "worker_mobility", "60", "direct"),
    ("MIXED-1", "not_migration", "40", "none"),
    ("PARTLY", "worker_mobility", "60", "partial"),
    ("PARTLY", "not_migration", "30", "none"),
    ("PARTLY", "in_donor_refugee_costs", "10", "direct"),
]


@pytest.fixture
def ask(bundled, write):
    """Ask of the bundled data, and of projects of every kind that they lack."""
    take(bundled, write("projects.csv", csv_text(*(PROJECT | project for project in PROJECTS))))
    components = (
        {"project_id": name, "ordinal": number, "title": title, "amount_usd": amount, "amount_basis": "commitment"}
        for name in ("LISTED", "MIXED")
        for number, (_, title, amount) in enumerate([row for row in LISTED if row[0] == name], start=1)
    )
    take(bundled, write("components.jsonl", jsonl_text(*components, kind="component")))
    names = ("subject_id", "category", "share_percent", "relevance", "certainty", "reason", "reviewer", "reviewed_on")
    lines = (dict(zip(names, (*review, "sure", "a table", "me", "2026-11-25"), strict=True)) for review in REVIEWS)
    assert take(bundled, write("reviews.csv", csv_text(*lines)), RecordsAdapter("reviews")).rejected == 0
    yield client_of(bundled)
    let_go(bundled)


def read(ask, path):
    """The rows of a CSV file; amounts exact, `None`: not stated."""
    rows = list(csv.DictReader(io.StringIO(ask(path).text, newline="")))
    for row in rows:
        row |= {name: Decimal(cell) if cell else None for name, cell in row.items() if name.endswith("_usd")}
    return rows


def in_file(ask, table):
    newest = ask("/v1/releases/latest?fields=release_id").json()["data"]["release_id"]
    return read(ask, f"/v1/releases/{newest}/files/{table}.csv")


def in_list(ask, query, kind="project"):
    return {row[f"{kind}_id"]: row for row in read(ask, f"/v1/{kind}s?{query}&format=csv")}


def total(rows, *names):
    return sum(row[name] or 0 for row in rows for name in names)


def test_a_project_has_in_the_file_what_the_api_counts_of_it(ask):
    rows = in_file(ask, "projects")
    counted = in_list(ask, EVERY_STATUS)
    assert {row["project_id"] for row in rows} == set(in_list(ask, EVERYTHING)) > set(counted)
    for row in rows:
        project_id, left_out = row["project_id"], row.pop("left_out_usd")
        single = json.loads(ask(f"/v1/projects/{project_id}").text, parse_float=Decimal)["data"]
        assert [row[name] for name in MONEY] == [single[name] for name in MONEY], project_id
        assert project_id not in counted or row == counted[project_id]
        assert left_out is None or left_out >= 0


def test_what_is_left_out_of_a_project_is_beside_what_counts(ask):
    rows, whole = in_file(ask, "projects"), in_list(ask, EVERYTHING)
    for row in rows:
        assert total([row], *MONEY, "left_out_usd") == total([whole[row["project_id"]]], *MONEY), row
    components = in_file(ask, "components")
    for names in (MONEY, ("left_out_usd",)):
        assert total(rows, *names) == total(components, *names)
    found = {row["project_id"]: tuple(row[name] for name in (*MONEY, "left_out_usd")) for row in rows}
    assert {name: found[name] for name in ("SHARED", "DONOR", "DROPPED", "LISTED", "UNPRICED", "P174085")} == {
        "SHARED": (250, 0, 750),
        "DONOR": (0, 0, 90),
        "DROPPED": (Decimal("7000000.01"), 0, 0),
        "LISTED": (40, Decimal("9.50"), Decimal("50.50")),
        "UNPRICED": (None, None, 0),
        "P174085": (Decimal("32987012.99"), 0, Decimal("167012987.01")),
    }


@pytest.mark.parametrize(("query", "names"), [(EVERY_STATUS, MONEY), (EVERYTHING, (*MONEY, "left_out_usd"))])
def test_components_add_up_by_the_status_of_their_projects(ask, query, names):
    money = Counter()
    for row in in_file(ask, "components"):
        money[row["status"]] += total([row], *names)
    spend = read(ask, f"/v1/spend?{query}&group_by=status&format=csv")
    assert money == Counter({row["status"]: total([row], *MONEY) for row in spend})
    assert money["Dropped"] == Decimal("7000000.01")
    assert query == EVERY_STATUS or set(money) == {*STATUSES, ""}


def test_a_component_has_in_the_file_what_the_api_counts_of_it(ask):
    """The share of a row that serves no migration is in no amount of it: not in the file, not of the single one."""
    rows = {row["component_id"]: row for row in in_file(ask, "components")}
    counted, whole = (in_list(ask, query, "component") for query in (EVERY_STATUS, EVERYTHING))
    assert set(rows) == set(whole) > set(counted)
    found = {name: tuple(rows[name][column] for column in APART) for name in MIXED}
    assert found == MIXED
    for component_id, row in rows.items():
        assert total([row], *APART) == total([whole[component_id]], *MONEY), component_id
        in_all = counted.get(component_id)
        assert (row["amount_usd"] or 0, row["partial_usd"] or 0) == tuple(
            (in_all[name] or 0 if in_all else 0) for name in MONEY
        ), component_id
        assert None not in (row[name] for name in APART) or {row[name] for name in APART} == {None}
    for component_id in (*MIXED, "LISTED-3", "P174085-1"):
        single = json.loads(ask(f"/v1/components/{component_id}").text, parse_float=Decimal)["data"]
        assert [single[name] for name in APART] == [rows[component_id][name] for name in APART]
        flat = read(ask, f"/v1/components/{component_id}?format=csv")
        assert flat == [rows[component_id]]


APART = (*MONEY, "left_out_usd")
MIXED = {
    "MIXED-1": (Decimal("30.01"), 0, 20),
    "MIXED-2": (0, 0, 20),
    "MIXED-remainder": (0, 30, 0),
    "PARTLY-whole": (600, 0, 400),
    "SHARED-whole": (250, 0, 750),
    "DONOR-whole": (0, 0, 90),
}


def test_every_format_of_the_file_has_the_same_amounts(ask):
    newest = ask("/v1/releases/latest?fields=release_id").json()["data"]["release_id"]
    rows = in_file(ask, "components")
    bodies = {form: ask(f"/v1/releases/{newest}/files/components.{form}").content for form in ("jsonl", "parquet")}
    lines = [json.loads(line, parse_float=Decimal) for line in bodies["jsonl"].splitlines()]
    parquet = pyarrow.parquet.read_table(io.BytesIO(bodies["parquet"])).to_pylist()
    assert list(lines[0]) == list(parquet[0]) == list(rows[0])
    for name in ("component_id", *APART):
        assert [row[name] for row in rows] == [row[name] for row in lines] == [row[name] for row in parquet]


@pytest.mark.parametrize("project", ["MIXED", "PARTLY", "SHARED", "DONOR", "P174085", "P176157"])
@pytest.mark.parametrize("relevance", ["", "relevance=none", "relevance=direct,none", "relevance=direct,partial,none"])
def test_a_list_sums_to_the_spend_of_its_filter_in_every_format(ask, project, relevance):
    query = f"project={project}&{EVERY_STATUS}&{relevance}"
    spent = json.loads(ask(f"/v1/spend?{query}").text, parse_float=Decimal)["totals"]
    listed = [
        json.loads(ask(f"/v1/components?{query}").text, parse_float=Decimal)["data"],
        [
            json.loads(line, parse_float=Decimal)
            for line in ask(f"/v1/components?{query}&format=jsonl").text.splitlines()
        ],
        read(ask, f"/v1/components?{query}&format=csv"),
    ]
    for rows in listed:
        assert [total(rows, name) for name in MONEY] == [spent[name] for name in MONEY]


def test_the_file_sums_to_the_spend_of_all_statuses(ask):
    rows = in_file(ask, "components")
    spent = json.loads(ask(f"/v1/spend?{EVERY_STATUS}").text, parse_float=Decimal)["totals"]
    assert [total(rows, name) for name in MONEY] == [spent[name] for name in MONEY]
    everything = json.loads(ask(f"/v1/spend?{EVERYTHING}").text, parse_float=Decimal)["totals"]
    assert total(rows, *APART) == total([everything], *MONEY)


def test_rows_of_a_project_tell_how_much_of_their_amounts_serves_nothing(ask):
    told = "includes 20.00 US dollars of 1 project that serves no migration, in rows of which a share does"
    for path in ("projects/MIXED/components", "components?project=MIXED&relevance=direct,partial,none"):
        (warning,) = ask(f"/v1/{path}").json()["meta"]["warnings"]
        assert warning == f"{told}: relevance=direct,partial leaves it out"
    for query in ("", "&relevance=none", "&relevance=direct,partial"):
        assert ask(f"/v1/components?project=MIXED{query}").json()["meta"]["warnings"] == []
    assert ask("/v1/projects/LISTED/components").json()["meta"]["warnings"] == []


def verdict_of(ask, component_id):
    page = Page.of(ask(f"/components/{component_id}").text)
    return " ".join(next(one for one in page.all("p") if one["class"] == "verdict").text.split())


@pytest.mark.parametrize(
    ("component_id", "said"),
    [
        (
            "MIXED-1",
            "$30 counts in full as International worker mobility; $20 more is left out as Not migration; confidence 0.90",
        ),
        ("MIXED-2", "$20 counts not at all as Not migration; confidence 0.70"),
        ("MIXED-remainder", "$0 to $30 counts in part as International worker mobility; confidence 0.70"),
        (
            "PARTLY-whole",
            "$600 counts in full as International worker mobility; $400 more is left out as Not migration, "
            "Refugee costs in donor countries; confidence 0.90",
        ),
        (
            "DONOR-whole",
            "$90 counts in full as Refugee costs in donor countries, which no total holds unless asked for; "
            "confidence 0.90",
        ),
    ],
)
def test_the_page_of_a_component_says_what_of_it_counts(ask, component_id, said):
    assert verdict_of(ask, component_id) == said


def test_pages_have_what_is_left_out_in_a_column_of_its_own(ask):
    rows = table_of(ask("/components/MIXED-1").text, "Its money, row by row")
    assert [row[-3:] for row in rows[:2]] == [["", "", "$20.00"], ["$30.01", "$0.00", ""]]
    rows = table_of(ask("/projects/MIXED").text, "Its rows of money, and what each counts as")
    assert [row[2:5] for row in rows] == [
        ["$30.01", "$30.01", "$20.00"],
        ["$0.00", "$0.00", "$20.00"],
        ["$0.00", "$30.00", ""],
    ]


def table_of(page, title):
    """The cells of the rows of the table that follows a title."""
    after = page.partition(f">{title}</h2>")[2].partition("<tbody>")[2].partition("</tbody>")[0]
    parsed = Page.of(f"<table>{after}</table>")
    rows = [[] for one in parsed.all("tr")]
    places = {id(row): cells for row, cells in zip(parsed.all("tr"), rows, strict=True)}
    for cell in [one for one in parsed.elements if one.tag in {"td", "th"}]:
        places[id(next(one for one in cell.around if one.tag == "tr"))].append(" ".join(cell.text.split()))
    return rows


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_rows_of_components_say_the_status_of_their_project(ask, form):
    stated = {row["project_id"]: row["status"] for row in in_file(ask, "projects")}
    answer = ask(f"/v1/components?{EVERYTHING}&format={form}&fields=project_id,status").text
    rows = {
        "json": lambda: json.loads(answer)["data"],
        "jsonl": lambda: [json.loads(line) for line in answer.splitlines()],
        "csv": lambda: list(csv.DictReader(io.StringIO(answer))),
    }[form]()
    assert len(rows) >= 100
    assert all((row["status"] or "") == stated[row["project_id"]] for row in rows)
    for project_id in ("DROPPED", "UNSAID", "P174085"):
        single = ask(f"/v1/components/{project_id}-whole").json()["data"]
        assert (single["status"] or "") == stated[project_id]


@pytest.mark.parametrize(("day", "fiscal_year"), [("2020-06-30", 2020), ("2020-07-01", 2021)])
def test_rows_of_components_say_the_fiscal_year_by_which_they_are_found(engine, write, day, fiscal_year):
    take(
        engine,
        write("projects.csv", csv_text(PROJECT | {"approval_date": day, "name": "Emergency response for refugees"})),
    )
    get = client_of(engine)
    single = get("/v1/components/X1-whole").json()["data"]
    assert (single["year"], single["fiscal_year"]) == (2020, fiscal_year)
    for year in (2020, 2021):
        asked = f"year_basis=fiscal&year_from={year}&year_to={year}"
        for sort in ("component_id", "-amount_usd", "fiscal_year"):
            found = get(f"/v1/components?{asked}&sort={sort}").json()["data"]
            assert [(row["year"], row["fiscal_year"]) for row in found] == [(2020, year)] * (year == fiscal_year)


def test_projects_say_how_sure_the_verdict_on_them_is(ask):
    """One of four verdicts that rest on recollection which nobody checked."""
    sheet = {row["project_id"]: row for row in in_file(ask, "projects")}
    listed = {row["project_id"]: row for row in ask("/v1/projects?limit=1000").json()["data"]}
    for project_id in ("P163468", "P174085", "DROPPED", "LISTED"):
        single = ask(f"/v1/projects/{project_id}").json()["data"]
        (why,) = [one for one in ask(f"/v1/components/{project_id}-whole").json()["data"]["why"] if one["effective"]]
        verdict = (why["method"], why["confidence"])
        assert (single["method"], single["confidence"]) == verdict
        assert (sheet[project_id]["method"], float(sheet[project_id]["confidence"])) == verdict
        assert project_id == "DROPPED" or (listed[project_id]["method"], listed[project_id]["confidence"]) == verdict
    assert listed["P163468"]["confidence"] == 0.5
    assert listed["LISTED"]["method"] == "derived"
    surest_last = ask("/v1/projects?sort=confidence&limit=1000&fields=project_id,confidence").json()["data"]
    assert [row["confidence"] for row in surest_last] == sorted(row["confidence"] for row in surest_last)
