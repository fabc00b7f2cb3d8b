"""Runs of the World Bank source against the server of made-up projects, in this process or in one to be killed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from db.engine import make_engine
from db.ingest.report import Report
from db.ingest.sources import worldbank
from db.ingest.sources.manners import Manners
from db.ingest.sources.web import WebClient
from db.ingest.sources.worldbank import Opener, Wanted
from db.ingest.sources.worldbank_changes import ingest_worldbank_changes

ROWS = 30
BRISK = Manners(per_second=10_000, attempts=4, read_timeout=0.4, max_bytes=1_000_000)


def run(
    engine: Engine,
    address: str,
    spool: Path,
    wanted: Wanted | None = None,
    sleep: Callable[[float], Any] = lambda _: None,
    **options: Any,
) -> Report:
    """Fetch and take in by small pages and without waiting."""
    with small_pages(sleep) as open_client:
        return worldbank.ingest_worldbank(
            engine, address, spool, wanted or Wanted(), open_client=open_client, **options
        )


def run_changes(engine: Engine, address: str, spool: Path) -> Report:
    """The same for what changed since the last run."""
    with small_pages() as open_client:
        return ingest_worldbank_changes(engine, address, spool, open_client=open_client)


@contextmanager
def small_pages(sleep: Callable[[float], Any] = lambda _: None) -> Iterator[Opener]:
    """Have the source asked by small pages, by a client that does not wait."""
    kept, worldbank.ROWS = worldbank.ROWS, ROWS
    try:
        yield lambda base: WebClient(base, BRISK, sleep, publisher=worldbank.PUBLISHER)
    finally:
        worldbank.ROWS = kept


def run_alone(database: str, address: str, spool: str) -> None:
    """The same in a process of its own, which may be killed."""
    run(make_engine(database), address, Path(spool))
