"""Writes what was measured, as Markdown and as JSON, each table under the run that it comes from."""

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

INTRODUCTION = """# Performance

Made by `make bench`. A run replaces the tables that it measures anew, and the others stay under the run that they come from.
Data are synthetic. Only ratios travel to another machine: rates are shown to say what they come from. Floors and peers ran in
turn with the service, in the same minutes, and the load (wrk, one thread, 32 connections) came from the same cores. Figures are
medians over the rounds; ratios are medians of the pairs. *Cold* means that nothing kept could be sent: each request asks for
another record, or between other years. CPU is the server's.
"""
PACKAGES = ("fastapi", "uvicorn", "pydantic-core", "sqlalchemy", "pyarrow")


@dataclass(frozen=True)
class Table:
    """A table of figures, with what to know about it."""

    title: str
    note: str
    rows: list[dict[str, object]]


def machine(options: str) -> dict[str, object]:
    """What the figures were measured on, and how busy it was before."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "options": options,
    }


def write(folder: Path, about: dict[str, object], tables: list[Table]) -> None:
    """Write performance.md and performance.json into a folder, with what runs before measured and this one did not."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = folder / "performance.json"
    before = json.loads(stored.read_text("utf-8"))["runs"] if stored.exists() else []
    runs = [{"about": about, "tables": [asdict(table) for table in tables]}, *_without(before, tables)]
    stored.write_text(json.dumps({"runs": runs}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "performance.md").write_text("\n".join([INTRODUCTION, *map(_run, runs)]), "utf-8")


def _without(runs: list[dict[str, Any]], tables: list[Table]) -> Iterator[dict[str, Any]]:
    """Earlier runs with the tables that are not measured anew."""
    titles = {table.title for table in tables}
    for run in runs:
        if kept := [table for table in run["tables"] if table["title"] not in titles]:
            yield run | {"tables": kept}


def _run(run: dict[str, Any]) -> str:
    """A run: when and where it was, and its tables."""
    said = "; ".join(f"{name}: {value}" for name, value in run["about"].items() if name != "date")
    tables = (markdown(Table(**table)) for table in run["tables"])
    return "\n".join([f"## Run of {run['about']['date']}\n", f"{said}.\n", *tables])


def markdown(table: Table) -> str:
    """A table with its title."""
    names = list(table.rows[0])
    lines = [f"### {table.title}\n", *([table.note + "\n"] if table.note else [])]
    lines += [f"| {' | '.join(names)} |", "|---|" + "---:|" * (len(names) - 1)]
    lines += [f"| {' | '.join(_shown(row.get(name)) for name in names)} |" for row in table.rows]
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else "" if value is None else str(value)
