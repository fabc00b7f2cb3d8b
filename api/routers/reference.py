"""Reference tables: what categories, places, sources and dimensions there are, and what is known of which place and year."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers import Asked, ListAnswer, OneAnswer, Rows, answer_one, answer_rows, shown
from api.deps import CurrentSnapshot
from api.exports.columns import columns_of
from api.params.filters import FormatParams
from api.params.values import TAXONOMY, Codes, fields_of
from db.errors import NotFoundError
from db.queries import reference as queries
from db.queries.suggest import nearest_of
from models.category import CategoryPublic
from models.country import CountryPublic

router = APIRouter(prefix="/v1", tags=["reference"])
CategoryCode = Annotated[str, Path(description="Code of a category.", examples=["worker_mobility"])]


class CategoryParams(FormatParams):
    """How categories are shown."""

    fields: Codes = fields_of(CategoryPublic)


class CountryParams(FormatParams):
    """Which places to list."""

    fields: Codes = fields_of(CountryPublic)
    kind: Literal["country", "region", "global"] | None = Field(
        default=None, description="Only places of this kind.", examples=["region"]
    )


def answer_table(
    asked: Asked, params: FormatParams, model: type[BaseModel], rows: Sequence[Mapping[str, Any]]
) -> Response:
    """Answer with a table that is small enough to be on one page."""
    kept = [shown(model, row) for row in rows]
    return answer_rows(asked, params, Rows.of(columns_of(model), kept), lambda: {"meta": asked.meta()})


@router.get("/categories", operation_id="list_categories", response_model=ListAnswer[CategoryPublic])
def list_categories(
    request: Request, snapshot: CurrentSnapshot, params: Annotated[CategoryParams, Query()]
) -> Response:
    """The taxonomy: categories with definitions, boundaries, codes of other systems, and how much is stored under each."""
    counts = queries.category_counts(snapshot.connection)
    rows = [_category(code, counts) for code in TAXONOMY.by_code]
    return answer_table(Asked(request, snapshot), params, CategoryPublic, rows)


@router.get("/categories/{code}", operation_id="get_category", response_model=OneAnswer[CategoryPublic])
def get_category(
    request: Request, snapshot: CurrentSnapshot, code: CategoryCode, params: Annotated[CategoryParams, Query()]
) -> Response:
    """One category with its definition, its boundaries, codes of other systems, and how much is stored under it."""
    wanted = code.lower()
    if wanted not in TAXONOMY.by_code:
        raise NotFoundError("category", code, nearest_of(wanted, list(TAXONOMY.by_code)))
    asked = Asked(request, snapshot)
    row = shown(CategoryPublic, _category(wanted, queries.category_counts(snapshot.connection)))
    return answer_one(asked, params, columns_of(CategoryPublic), row, lambda: {"meta": asked.meta()})


def _category(code: str, counts: Mapping[str, dict[str, int]]) -> dict[str, Any]:
    category = TAXONOMY.by_code[code]
    row: dict[str, Any] = category.model_dump(mode="json") | counts.get(code, {"projects": 0, "components": 0})
    row["sets"] = [one.code for one in TAXONOMY.sets if code in one.categories]
    return row | {"taxonomy_version": TAXONOMY.version}


@router.get("/countries", operation_id="list_countries", response_model=ListAnswer[CountryPublic])
def list_countries(request: Request, snapshot: CurrentSnapshot, params: Annotated[CountryParams, Query()]) -> Response:
    """Places that money can be counted in: countries, and the buckets of regional and global projects."""
    rows = queries.list_countries(snapshot.connection, params.kind)
    return answer_table(Asked(request, snapshot), params, CountryPublic, rows)
