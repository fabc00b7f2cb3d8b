"""The tutorial's notebook is made of its page and prints what it printed when it was written, as does the R of the page."""

import re

import nbformat
import pytest

from api.main import create_app
from api.openapi.samples import BASE
from tests.conftest import watch_of
from tests.data.documents import NOTEBOOK, TUTORIAL, notebook_of, pieces, printed, run
from tests.data.r import run_r
from tests.data.serving import served

MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def kept():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_holds_what_the_page_says(kept):
    made = notebook_of(TUTORIAL.read_text(encoding="utf-8"))
    assert [(cell.cell_type, cell.source) for cell in kept.cells] == [
        (cell.cell_type, cell.source) for cell in made.cells
    ], "renew it: python -m tests.data.documents"
    nbformat.validate(kept)
    assert NOTEBOOK.stat().st_size < MOST_BYTES


def test_the_notebook_runs_and_prints_the_same_figures(kept, loaded_engines):
    engine = loaded_engines["sqlite"]
    with served(create_app(engine, watch_of(engine))) as base:
        again = run(notebook_of(TUTORIAL.read_text(encoding="utf-8")), base)
    assert printed(again) == printed(kept)
    assert any("True" in text for _, text in printed(again))
    pictures = [
        output for cell in again.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 1


def words_in(text):
    """The words of what is printed, without the commas in numbers, in the spelling of Python."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", text.replace("[1] TRUE", "True").replace("[1] FALSE", "False"))
    return sorted(plain.split())  # rows of equal money have no order of their own


def test_r_of_the_page_prints_what_the_notebook_prints(kept, loaded_engines, tmp_path):
    engine = loaded_engines["sqlite"]
    code = "\n".join(code for language, code in pieces(TUTORIAL) if language == "r")
    with served(create_app(engine, watch_of(engine))) as base:
        in_r = run_r(code.replace(BASE, base), tmp_path)
    assert words_in(in_r) == words_in("\n".join(text for _, text in printed(kept)))
    assert re.search(rb"/Count 1\b", (tmp_path / "Rplots.pdf").read_bytes()), "one picture"
