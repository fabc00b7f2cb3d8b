"""The code that documents show, and the notebook that is made of the tutorial: `python -m tests.data.documents` writes it."""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from api.main import create_app
from api.openapi.samples import BASE
from db.engine import make_engine
from db.ingest.bundle import load_bundle
from db.migrate import upgrade
from db.settings import ROOT
from tests.data.serving import served

TUTORIAL = ROOT / "docs" / "tutorial.md"
NOTEBOOK = ROOT / "docs" / "tutorial.ipynb"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def pieces(path: Path) -> list[tuple[str, str]]:
    """The pieces of code in a document with their languages, in their order."""
    return FENCE.findall(path.read_text(encoding="utf-8"))


def commands_in(code: str) -> list[str]:
    """The commands of a piece of shell, each with all its lines."""
    found, begun = [], ""
    for line in code.splitlines():
        begun += line + "\n"
        whole = subprocess.run(["bash", "-n", "-c", begun], capture_output=True, check=False).returncode == 0
        if whole and not line.endswith("\\"):
            found.append(begun.strip())
            begun = ""
    assert not begun, f"a command that never ends: {begun}"
    return [command for command in found if command]


def addresses_in_r(code: str, known: dict[str, str]) -> list[str]:
    """The addresses that a piece of R asks: strings, and strings put together of those that it named (kept in `known`)."""
    known |= dict(re.findall(r'^(\w+) <- "([^"]*)"$', code, re.M))
    joined = [
        "".join(text or known[name] for text, name in re.findall(r'"([^"]*)"|(\w+)', inside))
        for inside in re.findall(r"paste0\(([^()]*)\)", code)
    ]
    plain = re.findall(r'"(http[^"]*)"', re.sub(r"paste0\([^()]*\)", "", code))
    return joined + plain


def notebook_of(text: str) -> nbformat.NotebookNode:
    """Make a notebook of a document: its Python becomes cells, all else stays text, and R is for the page alone."""
    cells = []
    for number, (language, part) in enumerate(_parts(text)):
        new = nbformat.v4.new_code_cell if language == "python" else nbformat.v4.new_markdown_cell
        cells.append(new(part.strip(), id=f"part-{number}"))
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def _parts(text: str) -> list[tuple[str, str]]:
    """Split a document at its Python; pieces of R are left out, with the line that announces them."""
    text = re.sub(r"(?:^In R:\n\n)?^```r\n.*?^```\n\n?", "", text, flags=re.M | re.S)
    pieces = re.split(r"^```python\n(.*?)^```$", text, flags=re.M | re.S)
    parts = [("python" if number % 2 else "markdown", piece) for number, piece in enumerate(pieces)]
    return [(language, piece) for language, piece in parts if piece.strip()]


def run(notebook: nbformat.NotebookNode, base: str) -> nbformat.NotebookNode:
    """Run a notebook against a service; addresses in it and in its results are those of the documents."""
    for cell in notebook.cells:
        cell.source = cell.source.replace(BASE, base)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells:
        cell.source = cell.source.replace(base, BASE)
        cell.metadata.clear()
        for output in cell.get("outputs", []):
            if output.output_type == "display_data":
                output.metadata = {}
            if "text" in output:
                output.text = output.text.replace(base, BASE)
    notebook.metadata.pop("language_info", None)
    return notebook


def printed(notebook: Any) -> list[tuple[str, str]]:
    """What each cell of code prints."""
    return [
        (cell.source, "".join(output.get("text", "") for output in cell.outputs))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def main() -> None:
    """Run the tutorial on the bundled data and write its notebook."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/tutorial.db")
        upgrade(engine)
        load_bundle(engine)
        with served(create_app(engine)) as base:
            notebook = run(notebook_of(TUTORIAL.read_text(encoding="utf-8")), base)
        engine.dispose()
    nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    main()
