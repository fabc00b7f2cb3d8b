"""What is known of the money of projects whose reports are to be read."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from db import tables
from db.errors import NotFoundError
from db.queries.suggest import nearest_id, printable
from models.extraction.judging import Totals
from models.vocabulary import Relevance


def totals_of(connection: Connection, named: Sequence[str] = (), limit: int | None = None) -> dict[str, Totals]:
    """Return commitment and cost (cents of US dollars) of projects by their ids: of those named, else of all of
    the World Bank's that concern migration, at most `limit`.

    Raises:
        NotFoundError: if a named project is not stored; with the nearest id that is.
    """
    project = tables.project
    query = select(project.c.project_id, project.c.commitment_cents, project.c.cost_cents).order_by(
        project.c.project_id
    )
    if not named:
        of_the_bank = project.c.project_id.like("P______")  # only the World Bank's own projects have reports there
        rows = connection.execute(query.where(project.c.relevance != Relevance.NONE, of_the_bank).limit(limit))
        return {row.project_id: Totals(row.commitment_cents, row.cost_cents) for row in rows}
    found: dict[str, Totals] = {}
    for project_id in map(printable, named):
        row = connection.execute(query.where(project.c.project_id == project_id)).first()
        if row is None:
            raise NotFoundError("project", project_id, nearest_id(connection, project.c.project_id, project_id))
        found[project_id] = Totals(row.commitment_cents, row.cost_cents)
    return dict(list(found.items())[:limit])
