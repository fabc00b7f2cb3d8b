"""Classifies everything anew, and says what moves before it is applied."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from db import tables
from db.engine import writing
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.figures.rebuild import rebuild_all
from db.ingest.pipeline import close_run, open_run
from db.ingest.reference import load_reference
from db.ingest.report import Report
from db.queries.releases import latest_release
from db.store import make_release
from models.release import Release
from models.versions import present_versions
from models.vocabulary import Measure, RunStatus

NAME = "reclassify"


class _UndoError(Exception):
    """Ends a dry run."""


@dataclass(frozen=True, slots=True)
class Move:
    """A row that is counted differently: category, relevance and money in cents (in full, in part), before and after."""

    component_id: str
    before: tuple[Any, ...] | None
    after: tuple[Any, ...] | None


def reclassify(engine: Engine, dry_run: bool) -> tuple[list[Move], Release | None]:
    """Apply the present taxonomy and rules to all that is stored. Reviews keep winning over them.

    Args:
        engine: the database.
        dry_run: only say what would move; nothing is written.

    Returns:
        The rows that move, and the new release, or `None` where nothing is to be written.
    """
    moves: list[Move] = []
    release: Release | None = None
    versions = present_versions()
    try:
        with writing(engine) as connection:
            newest = latest_release(connection)
            places = load_reference(connection)
            before = _counted(connection)
            rebuild_all(connection, places)
            after = _counted(connection)
            ids = sorted(before.keys() | after.keys())
            moves += [Move(i, before.get(i), after.get(i)) for i in ids if before.get(i) != after.get(i)]
            if dry_run or newest is None or (not moves and newest.versions == versions):
                raise _UndoError
            report = Report(open_run(connection, RecordsAdapter(NAME), []), NAME, changed=len(moves), read=len(moves))
            release = make_release(connection, report.run_id, versions)
            report.release_id = release.release_id
            close_run(connection, report, RunStatus.DONE)
    except _UndoError:
        pass
    return moves, release


def _counted(connection: Connection) -> dict[str, tuple[Any, ...]]:
    """How each row is counted: its categories and relevances with their commitment in cents, in full and in part."""
    fact = tables.spend_fact
    query = (
        select(
            fact.c.component_id,
            fact.c.category,
            fact.c.relevance,
            func.sum(fact.c.amount_cents),
            func.sum(fact.c.partial_cents),
        )
        .where(fact.c.measure == Measure.COMMITMENT)
        .group_by(fact.c.component_id, fact.c.category, fact.c.relevance)
        .order_by(fact.c.component_id, fact.c.category)
    )
    found: dict[str, tuple[Any, ...]] = {}
    for component_id, category, relevance, amount, partial in connection.execute(query):
        money = tuple(None if cents is None else int(cents) for cents in (amount, partial))
        found[component_id] = (*found.get(component_id, ()), (category, relevance, *money))
    return found
