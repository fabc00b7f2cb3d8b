"""Components: the list with the money each carries in the filter, and the single one with its reasons."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.answers import (
    ListAnswer,
    OneAnswer,
    csv_answer,
    json_answer,
    links_of,
    meta_of,
    page_document,
    shown,
    wants_csv,
)
from api.deps import CurrentSnapshot, Snapshot
from api.encoding import with_dollars
from api.errors import BadParameterError, ProblemItem
from api.pagination import decode_cursor
from api.params import FormatParams, PageParams
from db.queries import components as queries
from models.component import ComponentDetail, ComponentPublic
from models.filters import STATUSES, Filters
from models.vocabulary import Relevance

router = APIRouter(prefix="/v1/components", tags=["components"])


@router.get("", operation_id="list_components", response_model=ListAnswer[ComponentPublic])
def list_components(request: Request, snapshot: CurrentSnapshot, params: Annotated[PageParams, Query()]) -> Response:
    """Rows of money in the filter, in the order of project and number; they sum to the spend of the same filter."""
    return answer_components(request, snapshot, params)


def answer_components(
    request: Request, snapshot: Snapshot, params: PageParams, of_project: str | None = None
) -> Response:
    """Answer with components, of one project or of all."""
    filters = params.to_filters(snapshot.places)
    if of_project is not None:
        filters = replace(filters, projects=(of_project,), statuses=tuple(params.status) or STATUSES)
        if not params.relevance:
            filters = replace(filters, relevance=tuple(Relevance))
    if wants_csv(params.format):
        rows = (_row(row) for row in queries.all_components(snapshot.connection, filters))
        return csv_answer(request, list(ComponentPublic.model_fields), rows)
    return json_answer(_page(request, snapshot, filters, params))


def _page(request: Request, snapshot: Snapshot, filters: Filters, params: PageParams) -> dict[str, Any]:
    position = decode_cursor(request, snapshot.release, params.cursor)
    after = None if position is None else _position(position, params.cursor)
    rows = queries.list_components(snapshot.connection, filters, after, params.limit + 1)
    total = queries.count_components(snapshot.connection, filters)
    return page_document(
        request, snapshot, params, filters, rows, total, lambda row: [row["project_id"], row["number"]], _row
    )


def _position(position: list[Any], cursor: str | None) -> queries.Position:
    if len(position) != 2 or not isinstance(position[1], int):
        raise BadParameterError(ProblemItem(parameter="cursor", value=cursor, message="the cursor holds no position"))
    return str(position[0]), position[1]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return shown(ComponentPublic, with_dollars(row))


@router.get("/{component_id}", operation_id="get_component", response_model=OneAnswer[ComponentDetail])
def get_component(
    request: Request, snapshot: CurrentSnapshot, component_id: str, params: Annotated[FormatParams, Query()]
) -> Response:
    """One component with *why* it is counted as it is: who or what decided, on which words, in which version."""
    filters = Filters()
    found = queries.get_component(snapshot.connection, component_id, filters)
    found["amounts"] = [with_dollars(line) for line in found["amounts"]]
    row = shown(ComponentDetail, with_dollars(found))
    if wants_csv(params.format):
        return csv_answer(request, list(ComponentPublic.model_fields), iter([row]))
    return json_answer({"data": row, "meta": meta_of(snapshot, filters), "links": links_of(request)})
