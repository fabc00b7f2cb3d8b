"""Spend: the one question that this service exists for, and the ratio of two of its answers."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers.asked import Asked
from api.answers.encoding import with_dollars
from api.answers.frames import DrawnLinks, Links, Meta
from api.answers.negotiation import Format, Picture
from api.answers.pagination import page_to_read
from api.answers.shape import Rows, answer_picture, answer_rows, chosen_format
from api.answers.tables import group_columns, spend_columns, spend_table, with_labels
from api.charts.choice import drawable
from api.charts.picture import picture_of
from api.deps import Snapshot, reads
from api.exports.columns import columns_of
from api.params.spend import RatioParams, SpendParams
from api.query_route import QueryRoute
from db.queries.spend.ratio import spend_ratio
from db.queries.spend.spend import ask_spend_ahead, count_rows, spend_totals
from db.queries.spend.warnings import spend_warnings
from models.spend import RATIO_COLUMNS, RatioRow, RatioTotals, SpendRow, SpendTotals

router = APIRouter(prefix="/v1/spend", tags=["spend"], route_class=QueryRoute)

PAGE = 1000


class SpendAnswer(BaseModel):
    """Spend by the dimensions asked for, with totals over the whole filter."""

    data: list[SpendRow] = Field(description="One row a group; flat.")
    totals: SpendTotals = Field(
        description="Over the whole filter; where `meta.additive`, equal to the sum of the rows."
    )
    meta: Meta = Field(description="What the answer rests on.")
    links: DrawnLinks = Field(description="Where to go from here.")


class RatioAnswer(BaseModel):
    """One side of spend over another."""

    data: list[RatioRow] = Field(description="One row a group, with both sides.")
    totals: RatioTotals = Field(description="Both sides over the whole filter.")
    meta: Meta = Field(description="What the answer rests on.")
    links: Links = Field(description="Where to go from here.")


@router.get("", operation_id="get_spend", response_model=SpendAnswer)
@reads
def get_spend(request: Request, snapshot: Snapshot, params: Annotated[SpendParams, Query()]) -> Response:
    """Spend by any dimensions, exact to the cent.

    Each row is a range: `amount_usd` is what counts in full, `amount_usd + partial_usd` its upper end.
    """
    asked, query = Asked(request, snapshot), params.to_query(snapshot)
    connection = snapshot.connection
    form = chosen_format(request, params.format, pictures=True)
    if isinstance(form, Picture):
        return answer_picture(asked, form, picture_of(snapshot, query, params.wishes(), form))
    params.refuse_wishes()
    if form is Format.JSON:
        after, limit = page_to_read(request, snapshot.release.release_id, params, PAGE)
        counted = params.limit is not None or after is not None
        ask_spend_ahead(connection, query, after, limit, counted)
    whole = spend_totals(connection, query)

    def wrap() -> dict[str, Any]:
        totals = with_dollars(whole) | {"by_method": list(map(with_dollars, whole["by_method"]))}
        return {"totals": totals, "meta": asked.meta(query.filters, query, spend_warnings(connection, query))}

    read = partial(spend_table, snapshot, query, totals=whole)
    rows = Rows(spend_columns(query), read, lambda: count_rows(connection, query), PAGE, drawable(query))
    return answer_rows(asked, params, rows, wrap)


@router.get("/ratio", operation_id="get_spend_ratio", response_model=RatioAnswer)
@reads
def get_spend_ratio(request: Request, snapshot: Snapshot, params: Annotated[RatioParams, Query()]) -> Response:
    """The spend of some categories over that of others, with both sides shown. Over zero there is no ratio: null."""
    asked, (query, below) = Asked(request, snapshot), params.to_queries(snapshot)
    result = spend_ratio(snapshot.connection, query, below)
    rows = [with_dollars(row) | labels for row, labels in with_labels(snapshot, query, result.rows)]

    def wrap() -> dict[str, Any]:
        return {"totals": with_dollars(result.totals), "meta": asked.meta(query.filters, query, result.warnings)}

    return answer_rows(
        asked, params, Rows.of(columns_of(RatioRow, [*group_columns(query), *RATIO_COLUMNS]), rows), wrap
    )
