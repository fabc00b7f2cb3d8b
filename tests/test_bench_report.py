"""The report of the benchmark: what a run did not measure stays, under the run that it comes from."""

import json
from pathlib import Path

from bench.report import Table, write

DOCS = Path(__file__).parents[1] / "docs"


def _table(title: str, rate: int) -> Table:
    return Table(title, "", [{"case": "record", "a second": rate}])


def test_a_run_replaces_what_it_measures_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, {"date": "2026-01-01", "cores": 2}, [_table("Reads", 1_000), _table("Exports", 2_000)])
    write(tmp_path, {"date": "2026-02-02", "cores": 8}, [_table("Reads", 3_000)])
    newest, before = json.loads((tmp_path / "performance.json").read_text())["runs"]
    assert newest["about"]["date"] == "2026-02-02"
    assert [table["title"] for table in newest["tables"]] == ["Reads"]
    assert before["about"]["cores"] == 2
    assert [table["title"] for table in before["tables"]] == ["Exports"]
    shown = (tmp_path / "performance.md").read_text()
    assert (
        shown.index("Run of 2026-02-02")
        < shown.index("3,000")
        < shown.index("Run of 2026-01-01")
        < shown.index("2,000")
    )
    assert "1,000" not in shown


def test_the_document_shows_the_stored_figures(tmp_path: Path) -> None:
    (tmp_path / "performance.json").write_text((DOCS / "performance.json").read_text())
    newest = json.loads((DOCS / "performance.json").read_text())["runs"][0]
    write(tmp_path, newest["about"], [Table(**table) for table in newest["tables"]])
    assert (tmp_path / "performance.md").read_text() == (DOCS / "performance.md").read_text()
