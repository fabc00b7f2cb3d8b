"""Projects: the list, one, and its components."""

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
from api.pagination import decode_cursor
from api.params import FormatParams, PageParams
from api.routers.components import answer_components
from db.queries import projects as queries
from models.component import ComponentPublic
from models.filters import Filters
from models.project import ProjectPublic

router = APIRouter(prefix="/v1/projects", tags=["projects"])


@router.get("", operation_id="list_projects", response_model=ListAnswer[ProjectPublic])
def list_projects(request: Request, snapshot: CurrentSnapshot, params: Annotated[PageParams, Query()]) -> Response:
    """Projects that have at least one row of money in the filter, in the order of their ids."""
    filters = params.to_filters(snapshot.places)
    if wants_csv(params.format):
        rows = (_row(row) for row in queries.all_projects(snapshot.connection, filters))
        return csv_answer(request, list(ProjectPublic.model_fields), rows)
    return json_answer(_page(request, snapshot, filters, params))


def _page(request: Request, snapshot: Snapshot, filters: Filters, params: PageParams) -> dict[str, Any]:
    position = decode_cursor(request, snapshot.release, params.cursor)
    after = None if position is None else str(position[0])
    rows = queries.list_projects(snapshot.connection, filters, after, params.limit + 1)
    total = queries.count_projects(snapshot.connection, filters)
    return page_document(request, snapshot, params, filters, rows, total, lambda row: [row["project_id"]], _row)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return shown(ProjectPublic, with_dollars(row))


@router.get("/{project_id}", operation_id="get_project", response_model=OneAnswer[ProjectPublic])
def get_project(
    request: Request, snapshot: CurrentSnapshot, project_id: str, params: Annotated[FormatParams, Query()]
) -> Response:
    """One project with its amounts, as stated and as counted."""
    row = _row(queries.get_project(snapshot.connection, project_id))
    if wants_csv(params.format):
        return csv_answer(request, list(ProjectPublic.model_fields), iter([row]))
    return json_answer({"data": row, "meta": meta_of(snapshot), "links": links_of(request)})


@router.get(
    "/{project_id}/components", operation_id="list_project_components", response_model=ListAnswer[ComponentPublic]
)
def list_project_components(
    request: Request, snapshot: CurrentSnapshot, project_id: str, params: Annotated[PageParams, Query()]
) -> Response:
    """All rows of a project's money, whatever their relevance, unless filters say otherwise."""
    found = queries.get_project(snapshot.connection, project_id)
    return answer_components(request, snapshot, params, of_project=found["project_id"])
