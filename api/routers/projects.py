"""Projects: the list, one, and its components."""

from functools import partial
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.answers.asked import Asked
from api.answers.encoding import with_dollars
from api.answers.frames import ListAnswer, OneAnswer
from api.answers.negotiation import Format
from api.answers.pagination import page_to_read
from api.answers.shape import Rows, answer_one, answer_rows, rows_format, shown
from api.answers.tables import project_table
from api.deps import Snapshot, reads
from api.exports.columns import columns_of
from api.params.filters import FormatParams
from api.params.lists import ComponentsParams, ProjectsParams
from api.params.values import Codes, fields_of
from api.query_route import QueryRoute
from api.routers.components import answer_components
from db.queries import projects as queries
from db.queries.project_statements import differing, project_statements
from db.queries.spend.dropped import warnings_of_status
from db.queries.spend.warnings import gap_questions, gap_warnings
from db.queries.statements.asking import ask_ahead
from models.component import ComponentPublic
from models.filters import Filters
from models.project import ProjectDetail, ProjectPublic

router = APIRouter(prefix="/v1/projects", tags=["projects"], route_class=QueryRoute)

PAGE = 100
COLUMNS = columns_of(ProjectPublic)
ALL_COLUMNS = columns_of(ProjectDetail)
"""What a single one has in JSON and JSON lines, and `fields` can choose from."""
ProjectId = Annotated[str, Path(description="Identifier of a project.", examples=["P174085"])]


class ProjectParams(FormatParams):
    """How a project is shown."""

    fields: Codes = fields_of(ProjectDetail)


@router.get("", operation_id="list_projects", response_model=ListAnswer[ProjectPublic])
@reads
def list_projects(request: Request, snapshot: Snapshot, params: Annotated[ProjectsParams, Query()]) -> Response:
    """Projects that have at least one row of money in the filter. Without `sort`, in the order of their ids,
    with `q` those that match best first.
    """
    asked, filters, sort = Asked(request, snapshot), params.to_filters(snapshot), params.sort_keys()
    read = partial(project_table, snapshot, filters, sort)
    if rows_format(request, params.format) is Format.JSON:
        after, limit = page_to_read(request, snapshot.release.release_id, params, PAGE)
        questions = queries.list_questions(snapshot.connection, filters, sort, after, limit)
        ask_ahead(snapshot.connection, chain(questions, gap_questions(snapshot.connection, filters)), last=True)
    rows = Rows(COLUMNS, read, lambda: queries.count_projects(snapshot.connection, filters), PAGE)
    return answer_rows(
        asked, params, rows, lambda: {"meta": asked.meta(filters, warnings=gap_warnings(snapshot.connection, filters))}
    )


def project_row(snapshot: Snapshot, project_id: str) -> tuple[dict[str, Any], list[str]]:
    """One project as `ProjectDetail` has it, and what to be warned of.

    Raises:
        NotFoundError: if there is none of this identifier.
    """
    found = queries.get_project(snapshot.connection, project_id)
    said = project_statements(snapshot.connection, found["project_id"])
    found |= {"statements": [with_dollars(line) for line in said], "differing": differing(said)}
    row = shown(ProjectDetail, found)
    row.pop("position", None)
    return row, warnings_of_status(row["status"])


@router.get("/{project_id}", operation_id="get_project", response_model=OneAnswer[ProjectDetail])
@reads
def get_project(
    request: Request, snapshot: Snapshot, project_id: ProjectId, params: Annotated[ProjectParams, Query()]
) -> Response:
    """One project with its amounts, as stated and as counted, and what each of its sources said of it.

    JSON lines hold the same; `csv`, `parquet` and `xlsx` have the columns of the list of projects, unless `fields` names some.
    """
    ask_ahead(snapshot.connection, queries.project_questions(snapshot.connection, project_id), last=True)
    asked, (row, warnings) = Asked(request, snapshot), project_row(snapshot, project_id)
    return answer_one(
        asked, params, COLUMNS, row, lambda: {"meta": asked.meta(Filters(), warnings=warnings)}, ALL_COLUMNS
    )


@router.get(
    "/{project_id}/components", operation_id="list_project_components", response_model=ListAnswer[ComponentPublic]
)
@reads
def list_project_components(
    request: Request, snapshot: Snapshot, project_id: ProjectId, params: Annotated[ComponentsParams, Query()]
) -> Response:
    """All rows of a project's money, whatever their relevance, unless filters say otherwise."""
    return answer_components(Asked(request, snapshot), params, of_project=project_id)
