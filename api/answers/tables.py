"""The tables that answers and bulk files are made of: their columns, and their rows with amounts in dollars."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.answers.labels import LABELS, labels_of
from api.answers.negotiation import Format
from api.deps import Snapshot
from api.exports.columns import Column, columns_of
from db.queries.all_projects import ALL, all_project_pieces
from db.queries.components import AS_JSON, IN_FILE, IN_FILE_AS_JSON, LISTED, component_pieces
from db.queries.projects import project_pieces
from db.queries.spend.spend import spend_pieces, spend_totals
from db.queries.statements.pieces import Piece
from models.component import ComponentInFile
from models.filters import STATUSES, Dimension, Filters, SortKey, SpendQuery
from models.money import all_usd, shares_of
from models.project import ProjectInFile
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS, SpendRow

Values = Mapping[str, Any]


def in_dollars(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same rows, with dollars for the cents under `…_usd` names."""
    for piece in pieces:
        yield piece | {name: all_usd(values) for name, values in piece.items() if name.endswith("_usd")}


def component_table(
    snapshot: Snapshot,
    filters: Filters,
    sort: Sequence[SortKey] = (),
    after: list[Any] | None = None,
    limit: int | None = None,
    only: Collection[str] = LISTED,
) -> Iterator[Piece]:
    """Iterate over components as `ComponentPublic` has them; see `db.queries.components.component_pieces`."""
    return in_dollars(component_pieces(snapshot.connection, filters, sort, after, limit, only))


def component_names(form: Format, fields: Sequence[str]) -> Sequence[str]:
    """What is read of each component for a format: the fields asked for, or all of them; JSON finds these written already."""
    return fields or (AS_JSON if form in {Format.JSON, Format.JSONL} else LISTED)


def project_table(
    snapshot: Snapshot,
    filters: Filters,
    sort: Sequence[SortKey] = (),
    after: list[Any] | None = None,
    limit: int | None = None,
) -> Iterator[Piece]:
    """Iterate over projects with the columns of `ProjectPublic`; see `db.queries.projects.project_pieces`."""
    return in_dollars(project_pieces(snapshot.connection, filters, sort, after, limit))


def group_columns(query: SpendQuery) -> list[str]:
    """Name the columns that say which group a row is, each code with its readable name."""
    return [name for d in query.group_by for name in (d.value, LABELS.get(d)) if name]


def spend_columns(query: SpendQuery) -> list[Column]:
    """The columns of spend."""
    return columns_of(SpendRow, [*group_columns(query), *MONEY_COLUMNS, *COUNT_COLUMNS, "share"])


def spend_table(
    snapshot: Snapshot,
    query: SpendQuery,
    after: list[Any] | None = None,
    limit: int | None = None,
    totals: Values | None = None,
) -> Iterator[Piece]:
    """Iterate over spend with readable names and shares; see `db.queries.spend.spend.spend_pieces`.

    `totals`, in cents, are computed if the caller does not know them yet.

    Raises:
        PricesMissingError: at once, before the first row is taken.
    """
    whole = (totals or spend_totals(snapshot.connection, query))["amount_usd"]
    pieces = spend_pieces(snapshot.connection, query, after, limit)
    names = labels_of(snapshot)
    labels = [(d.value, LABELS[d], names[d]) for d in query.group_by if d in LABELS]
    return in_dollars(_with_shares(piece, labels, whole) for piece in pieces)


def _with_shares(piece: Piece, labels: Sequence[tuple[str, str, Mapping[Any, str]]], whole: int) -> Piece:
    """Rows of spend, in cents, with the readable names of their groups and what part of the whole each is."""
    named = {label: list(map(names.get, piece[code])) for code, label, names in labels}
    return piece | named | {"share": shares_of(piece["amount_usd"], whole)}


def with_labels(
    snapshot: Snapshot, query: SpendQuery, rows: Iterable[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, str | None]]]:
    """Iterate over rows, each with the readable names of the codes that it is grouped by."""
    names = labels_of(snapshot)
    for row in rows:
        yield row, {LABELS[d]: names[d].get(row[d]) for d in query.group_by if d in LABELS}


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
