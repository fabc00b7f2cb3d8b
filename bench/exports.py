"""Speed and memory of whole downloads of /v1/components from a real server, on synthetic data.

    python -m bench.exports 1000000                                  # a new SQLite file in a temporary folder
    python -m bench.exports 100000 postgresql://user@host/database   # an empty database, which is filled

Tests need more packages than the service does, and pyarrow loads pandas (50 MB) where it is there. So memory is measured
with `--python` of an environment that has requirements/run.txt only.

The floor is what fetching the rows of the very same statement takes, with nothing made of them. Rows a second belong to
one machine; the ratio to the floor and the peak of memory travel.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil
from sqlalchemy import Engine

from bench.synthetic import fill
from db.engine import make_engine, reading
from db.migrate import upgrade
from db.queries import components as queries
from db.queries.ordering import CHUNK, ordered
from models.filters import Filters

FORMATS = ("csv", "jsonl", "parquet", "xlsx")
PAUSE = 0.02
MB = 1_000_000


@dataclass
class Download:
    """What one download took."""

    first: float
    whole: float
    size: int
    peak: int


def floor(engine: Engine) -> float:
    """Fetch every row of the statement behind the list, and time it."""
    filters = Filters()
    with reading(engine) as connection:
        statement, columns = queries._listing(filters, with_rank=False)
        statement = ordered(connection, statement, columns, queries.sort_keys(filters, ()))
        start = time.perf_counter()
        for piece in connection.execute(statement.execution_options(yield_per=CHUNK)).partitions():
            del piece
        return time.perf_counter() - start


@contextmanager
def served(url: str, python: str) -> Iterator[tuple[psutil.Process, str]]:
    """Run a server on a port of its own."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [python, "-m", "api", "serve", "--port", str(port)]
    environment = {**os.environ, "DATABASE_URL": url}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                httpx.get(f"{address}/readyz", timeout=None).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield psutil.Process(server.pid), address
    finally:
        server.terminate()
        server.wait()


@contextmanager
def watched(process: psutil.Process, peaks: list[int]) -> Iterator[None]:
    """Note the most memory that a process has resident."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(PAUSE):
            peaks.append(process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def download(process: psutil.Process, address: str, form: str) -> Download:
    """Read a whole answer and throw it away."""
    size, peaks, first = 0, [process.memory_info().rss], 0.0
    with watched(process, peaks):
        start = time.perf_counter()
        query = f"{address}/v1/components?format={form}"
        with httpx.stream("GET", query, headers={"accept-encoding": "identity"}, timeout=None) as response:
            response.raise_for_status()
            for piece in response.iter_raw():
                first = first or time.perf_counter() - start
                size += len(piece)
        whole = time.perf_counter() - start
    return Download(first, whole, size, max(peaks))


def measure(url: str, rows: int, formats: list[str], python: str) -> None:
    """Fill a database, measure, and print the table. Each format has a server of its own, so that peaks are its own."""
    engine = make_engine(url)
    upgrade(engine)
    start = time.perf_counter()
    fill(engine, rows)
    print(f"{rows:,} synthetic components on {engine.dialect.name}, filled in {time.perf_counter() - start:.0f} s\n")
    least = floor(engine)
    engine.dispose()
    print("| format | rows/s | × floor | first byte, s | whole, s | MB | peak, MB resident | of which at rest |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    print(f"| floor: fetch the statement | {rows / least:,.0f} | 1 | | {least:.1f} | | | |", flush=True)
    for form in formats:
        with served(url, python) as (process, address):
            httpx.get(f"{address}/v1/components?limit=1", timeout=None).raise_for_status()
            rest = process.memory_info().rss
            got = download(process, address, form)
        print(
            f"| {form} | {rows / got.whole:,.0f} | {got.whole / least:.1f} | {got.first:.2f} | {got.whole:.1f} "
            f"| {got.size / MB:,.0f} | {got.peak / MB:.0f} | {rest / MB:.0f} |",
            flush=True,
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("database", nargs="?", help="address of an empty database; without it, SQLite in a new file")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument(
        "--python", default=sys.executable, help="the server's, for an environment of requirements/run.txt"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="synthetic-") as folder:
        url = chosen.database or f"sqlite:///{folder}/synthetic.db"
        measure(url, chosen.rows, chosen.formats.split(","), chosen.python)


if __name__ == "__main__":
    main()
