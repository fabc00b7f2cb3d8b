"""Reads what a run needs of the components that are stored."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from db import tables
from models.component import Listed
from models.vocabulary import Granularity


def listed_components(connection: Connection, project_ids: Sequence[str], *order: str) -> Iterator[Listed]:
    """Yield the components that sources list for some projects, withdrawn ones too, in the order of some columns."""
    table = tables.component
    query = select(*(table.c[name] for name in Listed._fields))
    query = query.where(table.c.project_id.in_(project_ids), table.c.granularity == Granularity.COMPONENT)
    for row in connection.execute(query.order_by(*(table.c[name] for name in order))):
        yield Listed(*row)
