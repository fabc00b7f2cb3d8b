"""The command: one object or a list, amounts as numbers, and files that are no text."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.commands import app

CORPUS = Path(__file__).parents[1] / "data" / "extraction"
REPORT = CORPUS / "status_new_form.txt"


def run(*files):
    return CliRunner().invoke(app, ["extract", *map(str, files)])


def test_one_file_gives_an_object():
    result = run(REPORT)
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["project_id"] == "P900001"
    assert list(document) == ["project_id", "components", "warnings"]
    keys = ["ordinal", "title", "amount_usd", "basis", "confidence", "passage", "flags"]
    assert [list(component) for component in document["components"]] == [keys] * len(document["components"])
    assert '"amount_usd":49530000.00' in result.stdout


def test_several_files_give_a_list():
    result = run(REPORT, CORPUS / "french.txt")
    assert [document["project_id"] for document in json.loads(result.stdout)] == ["P900001", "P900040"]


def test_other_encodings(tmp_path):
    old = tmp_path / "old.txt"
    old.write_bytes("Composante 1 : Santé (US$ 1,5 millions). Cette composante".encode("cp1252"))
    document = json.loads(run(old).stdout)
    assert document["components"][0]["title"] == "Santé"
    assert document["warnings"] == ["read_as_windows_1252", "no_project_id"]
    wide = tmp_path / "wide.txt"
    wide.write_bytes("Component 1: Roads (US$5 million). It".encode("utf-16"))
    assert json.loads(run(wide).stdout)["components"][0]["amount_usd"] == 5000000


@pytest.mark.parametrize(("ends", "times"), [(b"\r\n", -1), (b"\r", -1), (b"\n\f", -1), (b"\n\x00", 3)])
def test_ends_of_lines_and_a_few_stray_bytes_change_nothing(tmp_path, ends, times):
    file = tmp_path / "report.txt"
    file.write_bytes(REPORT.read_bytes().replace(b"\n", ends, times))
    read = [json.loads(run(path).stdout)["components"] for path in (REPORT, file)]
    for component in (component for components in read for component in components):
        component["passage"] = component["passage"].split()
    assert read[0] == read[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "cannot be read"),
        (b"", "is empty"),
        (b" \n\xef\xbb\xbf", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"%PDF-1.7 text", "a PDF file"),
        (b"a\x00b\x01\x02" * 50, "is binary"),
        (b"\x81\x8d\x8f text", "neither UTF-8"),
    ],
)
def test_a_file_that_is_no_text(tmp_path, data, words):
    file = tmp_path / "report.txt"
    if data is not None:
        file.write_bytes(data)
    result = run(REPORT, file)
    assert result.exit_code == 1
    assert words in result.stderr
    assert result.stdout == ""
