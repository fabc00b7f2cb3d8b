"""The shape of every answer: rows under `data`, then `totals`, `meta` and `links`, in JSON or CSV."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api.deps import Snapshot
from api.encoding import csv_chunks, to_json
from api.pagination import encode_cursor, page_link
from api.params import Format, PageParams
from models.filters import Filters, SpendQuery

Row = TypeVar("Row", bound=BaseModel)
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


class Meta(BaseModel):
    """What an answer rests on."""

    release: int = Field(description="Release of the data; equal questions of one release have equal answers.")
    as_of: str | None = Field(
        description="Newest date on which a source loaded said something.", examples=["2025-03-31"]
    )
    taxonomy_version: str = Field(description="Version of the taxonomy.", examples=["1.0.0"])
    rules_version: str = Field(description="Version of the classification rules.", examples=["1.0.0"])
    currency: str = Field(default="USD", description="Currency of all amounts.")
    prices: str = Field(default="current", description="Prices of all amounts.")
    measure: str | None = Field(default=None, description="What the amounts measure.", examples=["commitment"])
    basis: str | None = Field(default=None, description="Whether components or whole projects are counted.")
    additive: bool | None = Field(default=None, description="True where the rows sum to the totals.")
    group_by: list[str] | None = Field(default=None, description="What the rows are grouped by.")
    warnings: list[str] = Field(default_factory=list, description="What to know before using the figures.")


class Links(BaseModel):
    """Where to go from an answer."""

    self: str = Field(description="This answer.")
    next: str | None = Field(default=None, description="The next page; null on the last.")
    csv: str | None = Field(default=None, description="The same rows as CSV, all pages.")
    licence: str = Field(default=LICENCE, description="Terms of use of the data.")


class RowCount(BaseModel):
    """How many rows the whole filter has."""

    rows: int = Field(description="Rows over all pages.")


class ListAnswer(BaseModel, Generic[Row]):
    """A list, or a page of one."""

    data: list[Row] = Field(description="Flat rows.")
    totals: RowCount = Field(description="Counts over the whole filter, not the page.")
    meta: Meta = Field(description="What the answer rests on.")
    links: Links = Field(description="Where to go from here.")


class OneAnswer(BaseModel, Generic[Row]):
    """A single thing."""

    data: Row = Field(description="What was asked for.")
    meta: Meta = Field(description="What the answer rests on.")
    links: Links = Field(description="Where to go from here.")


def meta_of(snapshot: Snapshot, filters: Filters | None = None, query: SpendQuery | None = None) -> dict[str, Any]:
    """Describe what an answer rests on."""
    release = snapshot.release
    meta: dict[str, Any] = {
        "release": release.release_id,
        "as_of": release.as_of,
        "taxonomy_version": release.taxonomy_version,
        "rules_version": release.rules_version,
        "currency": "USD",
        "prices": "current",
    }
    if filters is not None:
        meta["measure"] = filters.measure.value
    if query is not None:
        meta |= {"basis": query.basis.value, "additive": query.additive, "group_by": [d.value for d in query.group_by]}
    return meta | {"warnings": []}


def links_of(request: Request, next_page: str | None = None, csv: bool = True) -> dict[str, Any]:
    """Link an answer to itself, the next page and its other form."""
    as_csv = str(request.url.remove_query_params(["cursor", "limit"]).include_query_params(format="csv"))
    return {"self": str(request.url), "next": next_page, "csv": as_csv if csv else None, "licence": LICENCE}


def page_document(
    request: Request,
    snapshot: Snapshot,
    params: PageParams,
    filters: Filters,
    rows: Sequence[dict[str, Any]],
    total: int,
    position: Callable[[dict[str, Any]], list[Any]],
    shape: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """Wrap a page of a list, given one row more than it holds where there is a next one.

    `position` says where a row stands, for the cursor; `shape` turns a row into what the public sees.
    """
    page, more = rows[: params.limit], len(rows) > params.limit
    following = page_link(request, encode_cursor(request, snapshot.release, position(page[-1]))) if more else None
    return {
        "data": [shape(row) for row in page],
        "totals": {"rows": total},
        "meta": meta_of(snapshot, filters),
        "links": links_of(request, following),
    }


def shown(model: type[BaseModel], row: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a row what the public model names, in its order."""
    return {name: row.get(name) for name in model.model_fields}


def json_answer(document: Mapping[str, Any]) -> Response:
    """Write an answer as JSON."""
    return Response(to_json(document), media_type="application/json")


def csv_answer(request: Request, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """Write rows as a CSV file named after the path."""
    name = request.url.path.strip("/").replace("/", "-")
    headers = {"Content-Disposition": f'inline; filename="{name}.csv"'}
    return StreamingResponse(csv_chunks(columns, rows), media_type="text/csv; charset=utf-8", headers=headers)


def wants_csv(chosen: Format) -> bool:
    """True where the answer is to be CSV."""
    return chosen is Format.CSV
