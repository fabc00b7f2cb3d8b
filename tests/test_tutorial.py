"""The tutorial's notebook is made of its page, runs on a service, and prints what it printed when it was written."""

import nbformat
import pytest

from api.main import create_app
from tests.conftest import watch_of
from tests.data.documents import NOTEBOOK, TUTORIAL, notebook_of, printed, run
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
