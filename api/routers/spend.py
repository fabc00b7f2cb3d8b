"""Spend: the one question that this service exists for."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers import Links, Meta, csv_answer, json_answer, links_of, meta_of, wants_csv
from api.deps import CurrentSnapshot, Snapshot
from api.encoding import with_dollars
from api.params import TAXONOMY, SpendParams
from db.queries.reference import country_names
from db.queries.spend import spend
from models.filters import Dimension, SpendQuery
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS, SpendRow, SpendTotals

router = APIRouter(prefix="/v1/spend", tags=["spend"])

LABELS = {
    Dimension.CATEGORY: "category_label",
    Dimension.GROUP: "group_label",
    Dimension.COUNTRY: "country_name",
}


class SpendAnswer(BaseModel):
    """Spend by the dimensions asked for, with totals over the whole filter."""

    data: list[SpendRow] = Field(description="One row a group; flat.")
    totals: SpendTotals = Field(
        description="Over the whole filter; where `meta.additive`, equal to the sum of the rows."
    )
    meta: Meta = Field(description="What the answer rests on.")
    links: Links = Field(description="Where to go from here.")


@router.get("", operation_id="get_spend", response_model=SpendAnswer)
def get_spend(request: Request, snapshot: CurrentSnapshot, params: Annotated[SpendParams, Query()]) -> Response:
    """Spend by any of category, group, year and country, exact to the cent.

    Each row is a range: `amount_usd` is what counts in full, `amount_usd + partial_usd` its upper end.
    """
    query = params.to_query(snapshot.places)
    result = spend(snapshot.connection, query)
    rows = labelled(snapshot, query, result.rows)
    if wants_csv(params.format):
        return csv_answer(request, columns(query), rows)
    meta = meta_of(snapshot, query.filters, query) | {"warnings": result.warnings}
    totals = with_dollars(result.totals) | {"by_method": [with_dollars(row) for row in result.totals["by_method"]]}
    document = {"data": rows, "totals": totals, "meta": meta, "links": links_of(request)}
    return json_answer(document)


def columns(query: SpendQuery) -> list[str]:
    """Name the columns of an answer in their order."""
    groups = [name for d in query.group_by for name in (d.value, LABELS.get(d)) if name]
    return [*groups, *MONEY_COLUMNS, *COUNT_COLUMNS]


def labelled(snapshot: Snapshot, query: SpendQuery, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Turn cents into dollars and set readable names beside codes."""
    names = {
        Dimension.CATEGORY: {category.code: category.label for category in TAXONOMY.categories},
        Dimension.GROUP: {group.code: group.label for group in TAXONOMY.groups},
        Dimension.COUNTRY: country_names(snapshot.connection) if Dimension.COUNTRY in query.group_by else {},
    }
    order = columns(query)
    found = []
    for row in rows:
        labels = {LABELS[d]: names[d].get(row[d]) for d in query.group_by if d in LABELS}
        full = with_dollars(row | labels)
        found.append({name: full[name] for name in order})
    return found
