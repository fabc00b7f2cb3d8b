"""Ingest of a synthetic file by the command, and once more where it changes nothing, beside what is least to do."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

import psutil
import psycopg
from pydantic import BaseModel
from sqlalchemy import make_url

from bench.report import Table
from bench.servers import PYTHON, ROOT, peak_of
from bench.synthetic import records
from db.ingest.adapters.records import RecordsAdapter


class Plain(BaseModel):
    """A record with plain types and no rules: what pydantic-core does when it has only itself to care for."""

    type: str
    project_id: str
    name: str | None = None
    title: str | None = None
    ordinal: int | None = None
    description: str | None = None
    objective: str | None = None
    countries: str | None = None
    status: str | None = None
    approval_date: date | None = None
    commitment_usd: Decimal | None = None
    amount_usd: Decimal | None = None
    amount_basis: str | None = None
    as_of: date


def measure_ingest(new_database: Callable[[], str], components: int, folder: Path, rounds: int) -> Table:
    """Time the command on a file; each round has a new database."""
    path = folder / "synthetic.jsonl"
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records(components):
            count += 1
            file.write(json.dumps(record) + "\n")
    firsts, seconds, floors, ours, copies, peaks = [], [], [], [], [], []
    for _ in range(rounds):
        url = new_database()
        _command(url, "migrate")
        floors.append(_timed(lambda: _validate(path)))
        ours.append(_timed(lambda: _validate_as_here(path)))
        first, peak = _command(url, "ingest", "records", str(path))
        copies.append(_copy(url, path))
        second, _ = _command(url, "ingest", "records", str(path))
        firsts.append(first), seconds.append(second), peaks.append(peak)
    rates = [("pydantic-core alone, plain types", floors), ("COPY alone (PostgreSQL)", copies)]
    rates += [("read and validated alone, by the models here", ours)]
    rates += [("ingest, the whole command", firsts), ("again, nothing changes", seconds)]
    rows: list[dict[str, object]] = [
        {
            "what": name,
            "records a second": round(count / median(times)),
            "× pydantic-core": round(median(low / high for low, high in zip(floors, times, strict=True)), 3),
            "× COPY": round(median(low / high for low, high in zip(copies, times, strict=True)), 3)
            if all(copies)
            else None,
            "peak, MB": round(max(peaks) / 1e6) if times is firsts else None,
        }
        for name, times in rates
        if all(times)
    ]
    kind = make_url(url).get_backend_name()
    return Table(f"Ingest of {count:,} records, {kind}", "The command's time holds the start of its process.", rows)


def _command(url: str, *words: str) -> tuple[float, int]:
    """Run a command of ours; return its seconds, and the most bytes that it had resident."""
    environment = {**os.environ, "DATABASE_URL": url}
    start = time.perf_counter()
    with subprocess.Popen(
        [PYTHON, "-m", "api", *words], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        peaks = [0]
        watch = Thread(target=_watch, args=(psutil.Process(process.pid), peaks))
        watch.start()
        process.wait()
        seconds = time.perf_counter() - start
        watch.join()
    if process.returncode:
        raise RuntimeError(f"{words} ended with {process.returncode}")
    return seconds, peaks[-1]


def _watch(process: psutil.Process, peaks: list[int]) -> None:
    """Note the most that is resident until a process ends. (What the system tells of an ended one counts its parent's too.)"""
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            peaks.append(max(peaks[-1], peak_of(process)))
            time.sleep(0.02)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _validate(path: Path) -> None:
    with path.open("rb") as file:
        for line in file:
            Plain.model_validate_json(line)


def _validate_as_here(path: Path) -> None:
    for raw in RecordsAdapter().read(path):
        raw.kind.model_validate(raw.fields)


def _rows(path: Path) -> Iterator[tuple[Any, ...]]:
    names = list(Plain.model_fields)
    with path.open("rb") as file:
        for line in file:
            record = json.loads(line)
            yield tuple(record.get(name) for name in names)


def _copy(url: str, path: Path) -> float:
    """The same values by the database's own COPY into a plain table; 0 where there is none."""
    if make_url(url).get_backend_name() == "sqlite":
        return 0.0
    rows = list(_rows(path))
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection, connection.cursor() as cursor:
        columns = ", ".join(f"{name} text" for name in Plain.model_fields)
        cursor.execute(f"CREATE TEMPORARY TABLE copied ({columns})".encode())
        start = time.perf_counter()
        with cursor.copy("COPY copied FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return time.perf_counter() - start
