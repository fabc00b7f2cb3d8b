"""The tables that answers and bulk files are made of: their columns, and their rows with amounts in dollars."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from api.answers.labels import LABELS, labels_of
from api.answers.negotiation import Format
from api.deps import Snapshot
from api.exports.columns import Column, columns_of
from db.queries.components import AS_JSON, LISTED, component_pieces
from db.queries.projects import project_pieces
from db.queries.spend.spend import spend_pieces, spend_totals
from db.queries.statements.pieces import Piece
from models.filters import Filters, SortKey, SpendQuery
from models.money import all_usd, shares_of
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
