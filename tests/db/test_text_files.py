"""What is no text is refused by what it is; a byte that is no UTF-8 costs its record, and a header may stand again."""

import gzip
import json

import pytest

from db.errors import FileRefusedError
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.adapters.worldbank_export import WorldBankExportAdapter
from tests.data.export_helpers import PROJECT, csv_text, jsonl_text, rejected, rows, take, xlsx_bytes

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

TITLES = ["id", "project_name", "countryshortname", "curr_total_commitment"]
GOOD = [["P000001", "Skills", "Uganda", "5"], ["P000002", "Jobs", "Uganda", "5"]]
PACKED = "is packed with gzip: unpack it, or over HTTP say Content-Encoding: gzip"
GZIP = gzip.compress(csv_text(PROJECT).encode(), mtime=0)
JSON_LINES = [f'{{"type": "project", "project_id": "{key}"}}' for key in ("X1", "Xé", "X3")]
EXPORT = [",".join(cells) for cells in (TITLES, GOOD[0], ["P000003", "Café", "Uganda", "5"], GOOD[1])]
WORKBOOK = xlsx_bytes([TITLES, *GOOD])


def read(path, content):
    """Everything that an adapter reads of a file, by our own form or, where its name begins with "all", the export's."""
    path.write_bytes(content)
    adapter = WorldBankExportAdapter("2024-01-01") if path.name.startswith("all") else RecordsAdapter()
    return list(adapter.read(path))


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        *((name, GZIP, PACKED) for name in ("a.csv", "a.json", "a.jsonl", "all.csv.gz")),
        *((name, WORKBOOK, "is a zip file, as workbooks of Excel are") for name in ("a.csv", "all.csv", "all.xlsm")),
        ("all.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "is a file of Microsoft Office"),
        *((name, jsonl_text(PROJECT).encode("utf-16"), "is UTF-16") for name in ("a.csv", "a.json", "a.jsonl")),
        ("a.json", jsonl_text(PROJECT).encode("utf-16-be"), "is not a text file"),
    ],
)
def test_what_is_no_text_is_refused_by_what_it_is(tmp_path, name, content, found):
    with pytest.raises(FileRefusedError) as refused:
        read(tmp_path / name, content)
    assert str(refused.value).startswith(f"{name} {found}")
    assert "; expected " in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", 'project_id,"no\nté"\n', "a.csv, line 1: column 2 is not UTF-8 from its byte 5 on (0xE9)"),
        ("a.csv", "\n\nproject_id,é\n", "a.csv, line 3: column 2 is not UTF-8 from its byte 1 on"),
        ("a.json", '[{"type": "project",\n"name": "Café"}]', "a.json, line 2, is not UTF-8 from its byte 13 on"),
        ("a.jsonl", '{"type": "project"}\nCafé\n', "a.jsonl, line 2, is not UTF-8 from its byte 4 on"),
    ],
)
def test_a_byte_that_belongs_to_no_record_refuses_the_file_with_its_place(tmp_path, name, content, message):
    with pytest.raises(FileRefusedError) as refused:
        read(tmp_path / name, content.encode("latin-1"))
    assert message in str(refused.value)
    assert str(refused.value).endswith("save the file as UTF-8")


@pytest.mark.parametrize(
    ("name", "lines", "place", "reason"),
    [
        (
            "a.csv",
            ["project_id,name", "X1,Skills", "X2,Café", "X3,Jobs"],
            "line 3",
            "column 2 is not UTF-8 from its byte 4",
        ),
        ("a.csv", ["project_id,name", "X1,Skills", 'X2,"one, ü\nCafé, ""x"""', "X3,Jobs"], "line 3", "column 2 is not"),
        ("a.csv", ["project_id,name", "X1,Skills", "X2,Jobs,é", "X3,Jobs"], "line 3", "column 3 is not UTF-8"),
        ("a.jsonl", JSON_LINES, "line 2", "is not UTF-8 from its byte 37 on (0xE9)"),
        ("all.csv", EXPORT, "line 3", "column 2 is not"),
    ],
)
def test_a_byte_that_is_no_utf_8_costs_its_record_alone(tmp_path, name, lines, place, reason):
    first, second, third = read(tmp_path / name, "\n".join(lines).encode("latin-1"))
    assert first.broken is third.broken is None
    assert second.place == place
    assert reason in second.broken


def test_rows_that_a_stray_quote_took_in_are_looked_over_for_bytes_too(tmp_path):
    text = 'project_id,name,countries\nY-1,"Mig,JOR\nY-2,Café,JOR\nY-3,Mig,JOR\nY-4,Mig",JOR\n'
    found = read(tmp_path / "a.csv", text.encode("latin-1"))
    assert [raw.fields.get("project_id") for raw in found if not raw.broken] == ["Y-3"]
    assert "column 2 is not UTF-8 from its byte 4 on" in found[1].broken


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "all.csv"])
def test_what_cannot_be_opened_is_refused_by_name(tmp_path, name):
    (tmp_path / name).mkdir()
    adapter = WorldBankExportAdapter("2024-01-01") if name == "all.csv" else RecordsAdapter()
    with pytest.raises(FileRefusedError, match=f"{name} cannot be read: Is a directory"):
        list(adapter.read(tmp_path / name))


def test_utf_8_is_read_as_ever(tmp_path):
    name = "Café Čapek 移民 \U0001f30d"
    for path, text in (
        (tmp_path / "a.csv", csv_text({**PROJECT, "name": name})),
        (tmp_path / "a.jsonl", json.dumps({"type": "project", **PROJECT, "name": name}, ensure_ascii=False)),
        (tmp_path / "a.json", json.dumps({"type": "project", **PROJECT, "name": name}, ensure_ascii=False)),
    ):
        (raw,) = read(path, f"\ufeff{text}".encode())
        assert (raw.broken, raw.fields["name"]) == (None, name)


@on_sqlite
@pytest.mark.parametrize(
    "line",
    [
        "{oops",
        '{"type": "componnt", "project_id": "X1"}',
        '{"type": "component", "project_id": "X1", "title": "é"}',
    ],
)
def test_a_component_whose_line_cannot_be_read_is_not_withdrawn(engine, tmp_path, line):
    """Of a line of which nobody knows the kind nobody knows either that it is none of a list that leaves one out."""
    part = {"project_id": "X1", "amount_usd": "5", "amount_basis": "cost", "as_of": "2024-01-01"}
    one, two = ({**part, "ordinal": str(number), "title": title} for number, title in enumerate(("One", "Two"), 1))
    path = tmp_path / "a.jsonl"
    path.write_text(jsonl_text(PROJECT) + jsonl_text(one, two, kind="component"))
    take(engine, path)
    newer = jsonl_text({**one, "as_of": "2024-02-01"}, kind="component")
    path.write_bytes(f"{newer}{line}\n".encode("latin-1"))
    report = take(engine, path)
    assert (report.changed, report.rejected, report.withdrawn) == (0, 2, 0)
    parts = [row for row in rows(engine, "component") if row["granularity"] == "component"]
    assert [row["withdrawn"] for row in parts] == [False, False]


@on_sqlite
def test_a_refused_byte_can_be_kept_with_its_run(engine, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl_text(PROJECT).encode() + b'{"type": "project", "project_id": "X2", "name": "Caf\xe9"}\n')
    take(engine, path)
    (refused,) = rejected(engine)
    assert (refused["place"], refused["record_id"], refused["record"]["name"]) == ("line 2", "X2", "Caf?")


HEADER = "project_id,name,countries"


@pytest.mark.parametrize("again", [HEADER, HEADER.upper(), f"\ufeff{HEADER}", '"project_id", name,"countries"'])
def test_a_header_that_stands_again_is_told_in_one_sentence(tmp_path, again):
    found = read(tmp_path / "a.csv", f"{HEADER}\nX1,Jobs,UGA\n{again}\nX2,Jobs,UGA\n".encode())
    assert [raw.broken for raw in found] == [None, "is the header again", None]


def test_a_header_that_stands_again_in_an_export_is_told_in_one_sentence(tmp_path):
    table = [TITLES, GOOD[0], TITLES, GOOD[1]]
    for name, content in (("all.csv", "\n".join(map(",".join, table)).encode()), ("all.xlsx", xlsx_bytes(table))):
        assert [raw.broken for raw in read(tmp_path / name, content)] == [None, "is the header again", None]


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_number_of_any_length_costs_its_record_alone(tmp_path, form):
    record = f'{{"type": "project", "project_id": "X1", "commitment_usd": {"9" * 5_000}}}'
    (raw,) = read(tmp_path / f"a.{form}", record.encode())
    assert (raw.broken, raw.fields["commitment_usd"]) == (None, "9" * 5_000)


def test_lists_that_stand_too_deep_in_one_another_are_told_in_words(tmp_path):
    words = "has lists or objects that stand too deep in one another: expected flat records"
    (raw,) = read(tmp_path / "a.jsonl", b"[" * 100_000)
    assert raw.broken == words
    with pytest.raises(FileRefusedError, match=f"a.json {words}"):
        read(tmp_path / "a.json", b"[" * 100_000)


def test_titles_are_read_in_capitals_or_not(tmp_path):
    """As titles of the World Bank's exports are."""
    (raw,) = read(tmp_path / "a.csv", b"Project_ID,NAME,_Mine\nX1,Jobs,x\n")
    assert (raw.broken, raw.fields) == (None, {"project_id": "X1", "name": "Jobs"})


def test_a_missing_column_is_told_with_what_stands_there(tmp_path):
    with pytest.raises(
        FileRefusedError, match=r"lacks the columns project_id; did you mean project_id by project id[?]"
    ):
        read(tmp_path / "a.csv", b"Project ID,name\nX1,Jobs\n")


def test_a_title_in_capitals_beside_its_like_is_repeated(tmp_path):
    with pytest.raises(FileRefusedError, match="repeats name"):
        read(tmp_path / "a.csv", b"project_id,name,Name\nX1,Jobs,Jobs\n")
