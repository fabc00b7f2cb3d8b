"""Classifies everything anew, and says what moves before it is applied."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, select

from db import tables
from db.engine import writing
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.figures.rebuild import rebuild_all
from db.ingest.pipeline import close_run, open_run
from db.ingest.reference import load_reference
from db.ingest.report import Report
from db.queries.releases import latest_release
from db.store import make_release, next_release_id
from models.release import Release
from models.versions import present_versions
from models.vocabulary import RunStatus

NAME = "reclassify"


class _UndoError(Exception):
    """Ends a dry run."""


class Counts(NamedTuple):
    """How money counts: how far it serves migration, and its amounts in cents, in full and in part."""

    relevance: str
    amount: int | None
    partial: int | None


class Move(NamedTuple):
    """A row's money under one measure in one category that counts differently, before and after; `None`: not there.

    `moved` names what differs, with blanks between; it is empty where the money came into the category or left it.
    """

    component_id: str
    measure: str
    category: str
    moved: str
    before: Counts | None
    after: Counts | None


def reclassify(engine: Engine, dry_run: bool) -> tuple[list[Move], Release | None]:
    """Apply the present taxonomy and rules to all that is stored. Reviews keep winning over them.

    Args:
        engine: the database.
        dry_run: only say what would move; nothing is written.

    Returns:
        What moves, in the order of its rows, and the new release, or `None` where nothing is to be written.
    """
    moves: list[Move] = []
    release: Release | None = None
    versions = present_versions()
    try:
        with writing(engine) as connection:
            newest = latest_release(connection)
            places = load_reference(connection)
            rebuild_all(connection, places)
            moves = _moves(connection, next_release_id(connection))
            if dry_run or newest is None or (not moves and newest.versions == versions):
                raise _UndoError
            rows = len({move.component_id for move in moves})
            report = Report(open_run(connection, RecordsAdapter(NAME), []), NAME, changed=rows, read=rows)
            release = make_release(connection, report.run_id, versions)
            report.release_id = release.release_id
            close_run(connection, report, RunStatus.DONE)
    except _UndoError:
        pass
    return moves, release


def _moves(connection: Connection, release_id: int) -> list[Move]:
    """Read what was written down of the release to come: whatever a rebuild changes of how money counts."""
    change = tables.release_change
    query = select(change).where(change.c.release_id == release_id).order_by(*change.primary_key)
    return [
        Move(row.component_id, row.measure, row.category, row.moved, _side(row, "old"), _side(row, "new"))
        for row in connection.execute(query)
    ]


def _side(row: Any, name: str) -> Counts | None:
    found = Counts(*(getattr(row, f"{name}_{column}") for column in ("relevance", "amount_cents", "partial_cents")))
    return None if found.relevance is None else found
