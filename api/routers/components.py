"""Components: the list with the money each carries in the filter, and the single one with its reasons."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Path, Query, Request, Response

from api.answers.asked import Asked
from api.answers.encoding import with_dollars
from api.answers.frames import ListAnswer, OneAnswer
from api.answers.negotiation import Format
from api.answers.pagination import page_to_read
from api.answers.shape import Rows, answer_one, answer_rows, rows_format, shown
from api.answers.tables import component_names, component_table
from api.deps import Snapshot, reads
from api.exports.columns import columns_of
from api.params.filters import FormatParams
from api.params.lists import ComponentsParams
from api.params.values import Codes, fields_of
from api.query_route import QueryRoute
from db.queries import components as queries
from db.queries import why
from db.queries.project_ids import require_project, stored_question
from db.queries.spend.warnings import gap_questions, gap_warnings
from db.queries.statements.asking import ask_ahead
from db.queries.statements.pieces import rows_of
from db.queries.statements.prepared import Question
from db.queries.suggest import printable
from models.component import ComponentDetail, ComponentInFile, ComponentPublic
from models.filters import STATUSES, Filters
from models.money import usd
from models.vocabulary import Relevance

router = APIRouter(prefix="/v1/components", tags=["components"], route_class=QueryRoute)

PAGE = 100
COLUMNS = columns_of(ComponentPublic)
OF_ONE = columns_of(ComponentInFile)
ALL_COLUMNS = columns_of(ComponentDetail)
"""What a single one has in flat formats; in JSON and JSON lines, and what `fields` can choose from."""
ComponentId = Annotated[str, Path(description="Identifier of a component.", examples=["P174085-3"])]


class ComponentParams(FormatParams):
    """How a component is shown."""

    fields: Codes = fields_of(ComponentDetail)


@router.get("", operation_id="list_components", response_model=ListAnswer[ComponentPublic])
@reads
def list_components(request: Request, snapshot: Snapshot, params: Annotated[ComponentsParams, Query()]) -> Response:
    """Rows of money in the filter; they sum to the spend of the same filter. Without `sort`, in the order of their ids,
    with `q` those that match best first.
    """
    return answer_components(Asked(request, snapshot), params)


def answer_components(asked: Asked, params: ComponentsParams, of_project: str | None = None) -> Response:
    """Answer with components, of one project or of all.

    Raises:
        NotFoundError: if there is no such project.
    """
    if of_project is None:
        filters = params.to_filters(asked.snapshot)
    else:
        filters = replace(params.to_all(asked.snapshot), projects=(printable(of_project),))
    any_status = of_project is not None and not params.status
    connection, sort = asked.snapshot.connection, params.sort_keys()
    form = rows_format(asked.request, params.format)
    only = component_names(form, params.fields)
    read = partial(component_table, asked.snapshot, filters, sort, only=only)
    if form is Format.JSON:
        after, limit = page_to_read(asked.request, asked.snapshot.release.release_id, params, PAGE)
        questions = queries.list_questions(connection, filters, sort, after, limit, only)
        known = [] if of_project is None else [stored_question([of_project])]
        gaps = gap_questions(connection, filters, of_rows=True, any_status=any_status)
        ask_ahead(connection, chain(known, questions, gaps), last=True)
    if of_project is not None:
        require_project(connection, of_project)
    rows = Rows(COLUMNS, read, lambda: queries.count_components(connection, filters), PAGE)
    warnings = partial(gap_warnings, connection, filters, of_rows=True, any_status=any_status)
    return answer_rows(asked, params, rows, lambda: {"meta": asked.meta(filters, warnings=warnings())})


def project_rows(snapshot: Snapshot, project_id: str) -> list[dict[str, Any]]:
    """All rows of a project's money as `ComponentInFile` has them, whatever its status and their relevance, in the order of their
    ids."""
    return list(rows_of(component_table(snapshot, _all_of(project_id), only=queries.IN_FILE)))


def project_rows_questions(snapshot: Snapshot, project_id: str) -> Iterator[Question]:
    """What `project_rows` asks."""
    return queries.whole_questions(snapshot.connection, _all_of(project_id), queries.IN_FILE)


def _all_of(project_id: str) -> Filters:
    return replace(Filters(), projects=(printable(project_id),), statuses=STATUSES, relevance=tuple(Relevance))


class Found(NamedTuple):
    """One component as `ComponentDetail` has it, what to be warned of, and by measure what is stated of its whole project, in
    US dollars."""

    row: dict[str, Any]
    warnings: list[str]
    of_project: dict[str, Decimal | None]


def find_component(snapshot: Snapshot, component_id: str) -> Found:
    """Find one component.

    Raises:
        NotFoundError: if there is none of this identifier.
    """
    found = why.get_component(snapshot.connection, component_id, Filters())
    found["amounts"] = [with_dollars(line) for line in found["amounts"]]
    of_project = {measure: usd(cents) for measure, cents in found["of_project"].items()}
    return Found(shown(ComponentDetail, found), found["warnings"], of_project)


@router.get("/{component_id}", operation_id="get_component", response_model=OneAnswer[ComponentDetail])
@reads
def get_component(
    request: Request, snapshot: Snapshot, component_id: ComponentId, params: Annotated[ComponentParams, Query()]
) -> Response:
    """One component with the reasons why it is counted as it is: who or what decided, on which words, in which version.

    Amounts are what counts of its commitment as migration, whatever the status of its project; the rest is in `left_out_usd`.
    JSON lines hold the same; `csv`, `parquet` and `xlsx` have `left_out_usd` beside the columns of the list of components, unless
    `fields` names some.
    """
    asked, found = Asked(request, snapshot), find_component(snapshot, component_id)
    return answer_one(
        asked, params, OF_ONE, found.row, lambda: {"meta": asked.meta(Filters(), warnings=found.warnings)}, ALL_COLUMNS
    )
