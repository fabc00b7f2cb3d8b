"""The tables that answers and bulk files are made of: their columns, and their rows with amounts in dollars."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.answers import shown
from api.deps import Snapshot
from api.exports.columns import Column, columns_of
from api.labels import LABELS, labels_of
from db.queries.components import list_components
from db.queries.projects import list_projects
from db.queries.spend import spend_rows, spend_totals
from models.component import ComponentPublic
from models.filters import STATUSES, Dimension, Filters, SpendQuery
from models.money import share_of, usd
from models.project import ProjectPublic
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS, SpendRow
from models.vocabulary import Relevance

Values = Mapping[str, Any]


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
) -> Iterator[Values]:
    """Iterate over rows of spend with readable names and shares; see `db.queries.spend.spend_rows`.

    `totals`, in cents, are computed if the caller does not know them yet.

    Raises:
        PricesMissingError: at once, before the first row is taken.
    """
    whole = (totals or spend_totals(snapshot.connection, query))["amount_usd"]
    rows = spend_rows(snapshot.connection, query, after, limit)
    labels, groups = labels_of(snapshot), [(d.value, d, LABELS.get(d)) for d in query.group_by]
    return (_spend_row(row, groups, labels, whole) for row in rows)


def _spend_row(
    row: Values,
    groups: Sequence[tuple[str, Dimension, str | None]],
    labels: Mapping[Dimension, Mapping[Any, str]],
    whole: int,
) -> dict[str, Any]:
    """A row in the order of `spend_columns`; whole answers are made of these, so it is one dictionary, filled once."""
    found: dict[str, Any] = {}
    for name, dimension, label in groups:
        found[name] = row[name]
        if label:
            found[label] = labels[dimension].get(row[name])
    for name in MONEY_COLUMNS:
        found[name] = usd(row[name])
    for name in COUNT_COLUMNS:
        found[name] = row[name]
    found["share"] = share_of(row["amount_usd"], whole)
    found["position"] = row["position"]
    return found


def with_labels(
    snapshot: Snapshot, query: SpendQuery, rows: Iterable[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, str | None]]]:
    """Iterate over rows, each with the readable names of the codes that it is grouped by."""
    names = labels_of(snapshot)
    for row in rows:
        yield row, {LABELS[d]: names[d].get(row[d]) for d in query.group_by if d in LABELS}


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a bulk file holds it: `key` tells its rows apart; `query` is the same question to this service."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    query: str
    columns: Sequence[Column]
    rows: Callable[[Snapshot], Iterator[Values]]


EVERYTHING = Filters(relevance=tuple(Relevance), statuses=STATUSES)
BY_ALL = SpendQuery(group_by=(Dimension.CATEGORY, Dimension.YEAR, Dimension.COUNTRY))
ALL_ROWS = f"relevance={','.join(Relevance)}&status={','.join(STATUSES)}"
OVER_ALL = "Over all relevances, so that money under `not_migration` is in it too. "


def _over_all(columns: Iterable[Column]) -> list[Column]:
    """Say of the amounts that nothing is left out of them, which the lists do by default."""
    counted = ("amount_usd", "partial_usd")
    return [replace(c, description=OVER_ALL + c.description) if c.name in counted else c for c in columns]


TABLES = {
    table.name: table
    for table in (
        Table(
            "projects",
            "Projects",
            "Every project with a row of money as a commitment, of any status and relevance. Amounts are current US dollars.",
            ("project_id",),
            f"/v1/projects?{ALL_ROWS}",
            _over_all(columns_of(ProjectPublic)),
            lambda snapshot: (shown(ProjectPublic, row) for row in list_projects(snapshot.connection, EVERYTHING)),
        ),
        Table(
            "components",
            "Components",
            "Every row of money as a commitment, of any status and relevance: components, remainders and whole projects. "
            "What a source no longer lists carries no money and is left out. Amounts are current US dollars.",
            ("component_id",),
            f"/v1/components?{ALL_ROWS}",
            _over_all(columns_of(ComponentPublic)),
            lambda snapshot: (shown(ComponentPublic, row) for row in list_components(snapshot.connection, EVERYTHING)),
        ),
        Table(
            "spend",
            "Spend by category, year and country",
            "Commitments that serve migration, directly or in part, of active, closed and pipeline projects, by component. "
            "Money adds up to the totals; projects and components can count in several rows.",
            ("category", "year", "country"),
            "/v1/spend?group_by=category,year,country",
            spend_columns(BY_ALL),
            lambda snapshot: spend_table(snapshot, BY_ALL),
        ),
    )
}
"""The tables that bulk files hold, by name."""
