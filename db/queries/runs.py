"""Ingest runs and what they refused."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from db import tables
from db.errors import NotFoundError


def list_runs(connection: Connection, limit: int = 20) -> list[dict[str, Any]]:
    """Return the newest runs first."""
    query = select(tables.ingest_run).order_by(tables.ingest_run.c.run_id.desc()).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def rejected_records(connection: Connection, run_id: int) -> Iterator[dict[str, Any]]:
    """Yield what a run refused, in the order of the file.

    Raises:
        NotFoundError: if there is no such run.
    """
    run = tables.ingest_run
    if connection.scalar(select(run.c.run_id).where(run.c.run_id == run_id)) is None:
        raise NotFoundError("ingest run", str(run_id))
    table = tables.rejected_record
    query = select(table).where(table.c.run_id == run_id).order_by(table.c.rejected_id)
    for row in connection.execute(query).mappings():
        yield dict(row)
