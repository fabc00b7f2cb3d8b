"""Reviews: what is most worth a person's hour."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers.asked import Asked
from api.answers.encoding import with_dollars
from api.answers.frames import Links, ListAnswer, Meta, RowCount
from api.answers.negotiation import Format
from api.answers.shape import Rows, answer_rows, rows_format, shown
from api.deps import Snapshot, reads
from api.exports.columns import Column, Kind, columns_of
from api.params.filters import FilterParams
from api.params.lists import MAX_LIMIT
from api.params.values import Codes, fields_of, listed
from api.query_route import QueryRoute
from db.queries.components import count_components, count_question
from db.queries.reviews import FORM, STATED, as_form, queue_question, review_queue
from db.queries.spend.warnings import gap_questions, gap_warnings
from db.queries.statements.asking import ask_ahead
from models.filters import Filters
from models.money import Usd
from models.vocabulary import Granularity, Relevance
from models.words import counted

router = APIRouter(prefix="/v1/reviews", tags=["components"], route_class=QueryRoute)


class QueueItem(BaseModel):
    """A row of money whose classification is worth a look."""

    subject_id: str = Field(description="What a review of it has to name: the component, or the project for stand-ins.")
    component_id: str = Field(description="The row.", examples=["P167506-1"])
    project_id: str = Field(description="Its project.")
    project_name: str = Field(description="Its project's name.")
    title: str = Field(description="Its title.")
    granularity: Granularity = Field(description="What the row stands for.")
    category: str = Field(description="What it is counted as now; the first of several in the alphabet.")
    relevance: Relevance = Field(description="How far it is counted now.")
    method: str = Field(description="Who said so: `review`, `rules` or `derived`.")
    confidence: float = Field(description="How sure, 0 to 1.")
    money_usd: Usd = Field(description="Its money at most, US dollars.")
    at_stake_usd: Usd = Field(description="Money times what the confidence lacks to 1: the order of the queue.")
    source_url: str | None = Field(description="Where to read about it.")


class QueueParams(FilterParams):
    """Filters, and how long the queue may be."""

    fields: Codes = fields_of(QueueItem)
    limit: int = Field(
        default=100, ge=1, le=MAX_LIMIT, description="Rows at most, the most worthwhile first.", examples=[20]
    )


class FormAnswer(BaseModel):
    """The form; its empty columns are those of a review."""

    data: list[dict[str, Any]] = Field(description="One row a subject, or one each category where it has a review.")
    totals: RowCount = Field(description="How many rows.")
    meta: Meta = Field(description="What the answer rests on.")
    links: Links = Field(description="Where to go from here.")


FORM_COLUMNS = [Column(name, Kind.TEXT, "To fill in; see docs/records.md.") for name in FORM]
CONTEXT_COLUMNS = [
    replace(column, name=f"_{column.name}") for column in columns_of(QueueItem) if column.name not in FORM
]


@router.get("/queue", operation_id="list_review_queue", response_model=ListAnswer[QueueItem])
@reads
def list_review_queue(request: Request, snapshot: Snapshot, params: Annotated[QueueParams, Query()]) -> Response:
    """What to review next, ordered by money × uncertainty, so that an hour of reviewing moves the totals most."""
    asked, filters = Asked(request, snapshot), params.to_filters(snapshot)
    _ask_ahead(asked, params, filters, last=True)
    rows = [shown(QueueItem, row) for row in review_queue(snapshot.connection, filters, params.limit)]
    return answer_rows(asked, params, Rows.of(columns_of(QueueItem), rows), lambda: _beside(asked, filters, len(rows)))


def _ask_ahead(asked: Asked, params: QueueParams, filters: Filters, last: bool = False) -> None:
    """Ask at once for the queue and, in JSON, for what stands beside it; `last`: nothing else will be asked."""
    if rows_format(asked.request, params.format) is Format.JSON:
        connection = asked.snapshot.connection
        beside = [count_question(connection, filters), *gap_questions(connection, filters)]
        ask_ahead(connection, [queue_question(filters, params.limit), *beside], last)


def _beside(asked: Asked, filters: Filters, shown: int, lines: int | None = None) -> dict[str, Any]:
    """What stands beside the queue, or beside the lines of a form; where it is cut, also how long it is."""
    connection = asked.snapshot.connection
    warnings, waiting = gap_warnings(connection, filters), count_components(connection, filters)
    if shown < waiting:
        these = "these are" if lines is None else f"this form has {counted(lines, 'row')} for"
        of_what = "rows" if lines is None else "rows of the queue"
        warnings.append(f"{these} the first {shown:,} of {waiting:,} {of_what}; limit says how many")
    return {"meta": asked.meta(filters, warnings=warnings)}


class FormParams(QueueParams):
    """The same for the form."""

    fields: Codes = listed(
        "Only these columns, in this order; by default all.",
        "subject_id,category",
        [column.name for column in (*FORM_COLUMNS, *CONTEXT_COLUMNS)],
    )


@router.get("/form", operation_id="get_review_form", response_model=FormAnswer)
@reads
def get_review_form(request: Request, snapshot: Snapshot, params: Annotated[FormParams, Query()]) -> Response:
    """The queue as a form to fill in: take it as CSV, and `python -m api reviews import` takes it back.

    A subject that has a review has a row for each category of it, with its share, since what is imported replaces a review
    as a whole. `limit` counts rows of the queue; a subject that several of them name has the money of all these. Columns whose
    names begin with `_` are for the reader; the import passes them over.
    """
    asked, filters = Asked(request, snapshot), params.to_filters(snapshot)
    _ask_ahead(asked, params, filters)
    queue = review_queue(snapshot.connection, filters, params.limit)
    rows = [_form(with_dollars(row)) for row in as_form(snapshot.connection, queue)]
    columns = [*FORM_COLUMNS, *CONTEXT_COLUMNS]
    return answer_rows(asked, params, Rows.of(columns, rows), lambda: _beside(asked, filters, len(queue), len(rows)))


def _form(row: dict[str, object]) -> dict[str, object]:
    """Put what is known now into the form; what a reviewer has to say stays empty."""
    known = {name: row[name] for name in ("subject_id", *STATED)}
    return dict.fromkeys(FORM) | known | {f"_{name}": value for name, value in row.items()}
