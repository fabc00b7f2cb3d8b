"""What summaries and changes need of facts, each with the whole of its project: as it is stored, or as a run has just made it."""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, and_, select

from db import tables
from db.bulk import Row
from db.ingest.figures.contributions import Line
from db.store import batches
from models.groupings import COLUMNS, OF_PROJECTS

fact, whole = tables.spend_fact, tables.project_amount

NAMES = (
    *Line._fields,
    *(COLUMNS[dimension] for dimension in OF_PROJECTS),
    *("project_id", "component_id", "method", "amount_cents", "partial_cents", "spread", "approval_date"),
)
"""Columns of facts, in the order of a `CountedFact`."""

CountedFact = Sequence[Any]
"""The columns of a fact, and last of all the amount of its project as a whole in its place and of its lender, in cents."""

_SAME = {"project_id": "project_id", "country_code": "country", "measure": "measure", "lender": "lender"}
"""By which columns the amount of a whole project is found for a fact."""

_of_fact, _of_whole, _found_by = itemgetter(*NAMES), itemgetter(*_SAME), itemgetter(*_SAME.values())


def stored_facts(connection: Connection, project_ids: Sequence[str]) -> Iterator[CountedFact]:
    """Read the facts of some projects."""
    same = [whole.c[theirs] == fact.c[ours] for theirs, ours in _SAME.items()]
    query = select(*(fact.c[name] for name in NAMES), whole.c.amount_cents).select_from(
        fact.outerjoin(whole, and_(*same))
    )
    for piece in batches(project_ids):
        yield from connection.execute(query.where(fact.c.project_id.in_(piece)))


def made_facts(facts: Iterable[Row], amounts: Iterable[Row]) -> list[CountedFact]:
    """The same of rows of facts and of whole amounts that are about to be written."""
    wholes = {_of_whole(row): row["amount_cents"] for row in amounts}
    return [(*_of_fact(row), wholes.get(_found_by(row))) for row in facts]
