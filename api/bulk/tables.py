"""The tables that bulk files hold: their columns, keys and descriptions, and how each is read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from api.answers.negotiation import Format
from api.answers.tables import component_table, in_dollars, spend_columns, spend_table
from api.deps import Snapshot
from api.exports.columns import Column, columns_of
from db.queries.all_projects import ALL, all_project_pieces
from db.queries.components import IN_FILE, IN_FILE_AS_JSON
from db.queries.statements.pieces import Piece
from models.component import ComponentInFile
from models.filters import STATUSES, Dimension, SpendQuery
from models.project import ProjectInFile


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a bulk file holds it: `key` tells its rows apart; `query` is the question to this service that has the same
    rows, or those of them that count; `read` reads it for a format."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    query: str
    columns: Sequence[Column]
    read: Callable[[Snapshot, Format], Iterator[Piece]]


BY_ALL = SpendQuery(group_by=(Dimension.CATEGORY, Dimension.YEAR, Dimension.COUNTRY))
ANY_STATUS = f"status={','.join(STATUSES)}"


def _all_components(snapshot: Snapshot, form: Format) -> Iterator[Piece]:
    """All components as `ComponentInFile` has them, as JSON where the format is."""
    return component_table(snapshot, ALL, only=IN_FILE_AS_JSON if form is Format.JSONL else IN_FILE)


TABLES = {
    table.name: table
    for table in (
        Table(
            "projects",
            "Projects",
            "Every project with a row of money as a commitment, of any status and relevance. Amounts are current US dollars of "
            "commitments; what serves no migration has a column of its own.",
            ("project_id",),
            f"/v1/projects?{ANY_STATUS}",
            columns_of(ProjectInFile),
            lambda snapshot, _form: in_dollars(all_project_pieces(snapshot.connection)),
        ),
        Table(
            "components",
            "Components",
            "Every row of money as a commitment, of any status and relevance: components, remainders and whole projects. "
            "What a source no longer lists carries no money and is left out. Amounts are current US dollars; what serves no "
            "migration has a column of its own, and what is of dropped projects is in no total of spend. `status` is, as "
            "`year`, that of the project which lists the row; money that counts on an additional financing of that project "
            "counts by the status of the financing.",
            ("component_id",),
            f"/v1/components?{ANY_STATUS}",
            columns_of(ComponentInFile),
            _all_components,
        ),
        Table(
            "spend",
            "Spend by category, year and country",
            "Commitments that serve migration, directly or in part, of active, closed and pipeline projects, by component. "
            "Money adds up to the totals; projects and components can count in several rows.",
            (),  # a row without a year is of what has no date of approval, and a key may hold no nulls
            "/v1/spend?group_by=category,year,country",
            spend_columns(BY_ALL),
            lambda snapshot, _form: spend_table(snapshot, BY_ALL),
        ),
    )
}
"""The tables that bulk files hold, by name."""
