"""Whole downloads of /v1/components, beside the database's own fetch and what each library writes by itself."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import msgspec
import pyarrow
import pyarrow.parquet
from sqlalchemy import Engine

from bench.report import Table
from bench.servers import Server, ours, started
from db.engine import make_engine, reading
from db.queries import components as queries
from db.queries.statements.prepared import CHUNK
from models.filters import Filters

FORMATS = ("csv", "jsonl", "parquet")
MB = 1_000_000
SAMPLE = 100_000
"""So many rows at most are held in memory to be written by the libraries alone."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Download:
    """What one download took."""

    first: float
    whole: float
    size: int
    peak: int


SHOWN = (
    "component_id",
    "project_id",
    "granularity",
    "title",
    "stated_cents",
    "stated_measure",
    "source_id",
    "source_url",
    "as_of",
)
"""What a list shows of a component's own row."""


@contextmanager
def _selected(engine: Engine) -> Iterator[Any]:
    """Run the columns that a list shows, in its order, as plain SQL that is easy to check."""
    columns = ", ".join(f"c.{name}" for name in SHOWN)
    text = (
        f"SELECT {columns}, f.category, f.country, f.year, f.amount_cents, f.partial_cents, p.name, p.status "  # noqa: S608
        "FROM component c JOIN spend_fact f ON f.component_id = c.component_id "
        "JOIN project p ON p.project_id = c.project_id WHERE f.measure = 'commitment' ORDER BY c.project_id, c.number"
    )
    with reading(engine) as connection:
        yield connection.execution_options(yield_per=CHUNK).exec_driver_sql(text)


def fetch(engine: Engine) -> float:
    """Seconds to fetch one of those rows with nothing made of it."""
    start, rows = time.perf_counter(), 0
    with _selected(engine) as result:
        for piece in result.partitions():
            rows += len(piece)
    return (time.perf_counter() - start) / rows


def sample(engine: Engine) -> Rows:
    """The rows that the list gives, at most `SAMPLE` of them."""
    with reading(engine) as connection:
        rows = queries.list_components(connection, Filters(), limit=SAMPLE)
        return [{k: v for k, v in row.items() if k != "position"} for row in islice(rows, SAMPLE)]


def _csv(rows: Rows) -> None:
    csv.writer(io.StringIO()).writerows(row.values() for row in rows)


def _jsonl(rows: Rows) -> None:
    msgspec.json.Encoder().encode_lines(rows)


def _parquet(rows: Rows) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), io.BytesIO(), compression="zstd")


ALONE: dict[str, Callable[[Rows], None]] = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}


def download(server: Server, form: str) -> Download:
    """Read a whole answer and throw it away."""
    size, first = 0, 0.0
    start = time.perf_counter()
    query = f"{server.address}/v1/components?format={form}"
    with httpx.stream("GET", query, headers={"accept-encoding": "identity"}, timeout=None) as response:
        response.raise_for_status()
        for piece in response.iter_raw():
            first = first or time.perf_counter() - start
            size += len(piece)
    return Download(first, time.perf_counter() - start, size, server.peak())


def measure_exports(url: str, components: int, folder: Path, rounds: int) -> Table:
    """Measure each format in turn with its floors. Each has a server of its own, so that peaks are its own."""
    engine = make_engine(url)
    rows = sample(engine)
    found: list[dict[str, object]] = []
    for form in FORMATS:
        whole, floors, alone = [], [], []
        # An answer that was kept would be sent again without being made: none is kept here.
        command, ready, environment = ours(url, folder / "files")
        with started("exports", command, ready, {**environment, "ANSWERS_MB": "0"}) as server:
            httpx.get(f"{server.address}/v1/components?limit=1", timeout=None).raise_for_status()
            for _ in range(rounds):
                floors.append(fetch(engine))
                whole.append(download(server, form))
                start = time.perf_counter()
                ALONE[form](rows)
                alone.append((time.perf_counter() - start) / len(rows))
        each = [got.whole / components for got in whole]
        found.append(
            {
                "format": form,
                "rows a second": round(1 / median(each)),
                "× fetch": round(median(low / high for low, high in zip(floors, each, strict=True)), 3),
                "× the library alone": round(median(low / high for low, high in zip(alone, each, strict=True)), 3),
                "first byte, ms": round(median(got.first for got in whole) * 1000),
                "MB": round(whole[0].size / MB),
                "peak, MB": round(max(got.peak for got in whole) / MB),
            }
        )
    note = f"Fetch alone: {1 / median(floors):,.0f} rows a second (driver's rows of the joined tables, nothing made of them)."
    kind = engine.dialect.name
    engine.dispose()
    return Table(f"Export of {components:,} rows, {kind}", note, found)
