"""Reviews: what is most worth a person's hour."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers import ListAnswer, csv_answer, json_answer, links_of, meta_of, shown, wants_csv
from api.deps import CurrentSnapshot
from api.encoding import with_dollars
from api.params import MAX_LIMIT, FilterParams
from db.queries.reviews import FORM, review_queue
from models.money import Usd
from models.vocabulary import Granularity, Relevance

router = APIRouter(prefix="/v1/reviews", tags=["components"])


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

    limit: int = Field(default=100, ge=1, le=MAX_LIMIT, description="Rows at most, the most worthwhile first.")


@router.get("/queue", operation_id="list_review_queue", response_model=ListAnswer[QueueItem])
def list_review_queue(request: Request, snapshot: CurrentSnapshot, params: Annotated[QueueParams, Query()]) -> Response:
    """What to review next, ordered by money × uncertainty, so that an hour of reviewing moves the totals most.

    As CSV it is a form to fill in: `python -m api reviews import` takes it back.
    """
    filters = params.to_filters(snapshot.places)
    rows = review_queue(snapshot.connection, filters, params.limit)
    if wants_csv(params.format):
        context = [f"_{name}" for name in QueueItem.model_fields if name not in FORM]
        filled = [dict.fromkeys(FORM) | _form(with_dollars(row)) for row in rows]
        return csv_answer(request, [*FORM, *context], filled)
    data = [shown(QueueItem, with_dollars(row)) for row in rows]
    meta = meta_of(snapshot, filters)
    return json_answer({"data": data, "totals": {"rows": len(data)}, "meta": meta, "links": links_of(request)})


def _form(row: dict[str, object]) -> dict[str, object]:
    """Put what is known now into the form; what a reviewer has to say stays empty."""
    known = {name: row[name] for name in ("subject_id", "category", "relevance")}
    return known | {f"_{name}": value for name, value in row.items()}
