"""Files that commands take in, with their progress and the report."""

import os
from pathlib import Path

from api.cli.database import ready_engine
from api.cli.reporting import print_report, progress_bar
from db.ingest.adapters.adapter import Adapter
from db.ingest.pipeline import ingest

LINED = {".csv", ".jsonl"}
"""Endings of files that have about a record a line."""


def ingest_file(adapter: Adapter, file: Path) -> None:
    """Take a file in and print the report."""
    with ready_engine() as engine, progress_bar(file.name, records_in(file)) as advance:
        report = ingest(engine, adapter, [file], advance)
    print_report(report)


def records_in(*files: Path) -> int | None:
    """Count the lines of tables, which are about as many as their records; `None` where a form has no such lines, or where
    one cannot be read: the run says why."""
    if any(file.suffix.lower() not in LINED or not os.path.isfile(file) for file in files):
        return None
    lines = 0
    try:
        for file in files:
            with file.open("rb") as source:
                lines += sum(block.count(b"\n") for block in iter(lambda: source.read(1 << 20), b""))
    except OSError:
        return None
    return lines or None
