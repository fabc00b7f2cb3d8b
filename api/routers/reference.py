"""Reference tables: what categories, places, sources and dimensions there are, and what is known of which place and year."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers.asked import Asked
from api.answers.frames import ListAnswer, OneAnswer
from api.answers.labels import labels_of, spelled
from api.answers.negotiation import Format
from api.answers.shape import Rows, answer_one, answer_rows, rows_format, shown
from api.deps import Snapshot, reads
from api.exports.columns import columns_of
from api.http.base import base_of
from api.params.filters import FilterParams, FormatParams
from api.params.values import TAXONOMY, Codes, fields_of
from api.query_route import QueryRoute
from db.errors import NotFoundError
from db.queries import reference as queries
from db.queries.spend.warnings import gap_questions, gap_warnings
from db.queries.statements.asking import ask_ahead
from db.queries.suggest import nearest_of
from models.category import CategoryPublic
from models.classification.text import fold
from models.country import CountryPublic
from models.dimensions import MEANING, AvailabilityRow, DimensionPublic, MemberPublic
from models.filters import Dimension
from models.source import SourcePublic

router = APIRouter(prefix="/v1", tags=["reference"], route_class=QueryRoute)
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


class SourceParams(FormatParams):
    """How sources are shown."""

    fields: Codes = fields_of(SourcePublic)


class DimensionParams(FormatParams):
    """How dimensions are shown."""

    fields: Codes = fields_of(DimensionPublic)


class MemberParams(FormatParams):
    """Which members of a dimension."""

    fields: Codes = fields_of(MemberPublic)
    q: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Only members whose code or name holds this text, case and accents ignored: for autocomplete.",
        examples=["wor"],
    )


class AvailabilityParams(FilterParams):
    """Of which rows."""

    fields: Codes = fields_of(AvailabilityRow)


def answer_table(
    asked: Asked,
    params: FormatParams,
    model: type[BaseModel],
    rows: Sequence[Mapping[str, Any]],
    warnings: Callable[[], Sequence[str]] = tuple,
) -> Response:
    """Answer with a table that is small enough to be on one page."""
    kept = [shown(model, row) for row in rows]
    return answer_rows(
        asked, params, Rows.of(columns_of(model), kept), lambda: {"meta": asked.meta(warnings=warnings())}
    )


@router.get("/categories", operation_id="list_categories", response_model=ListAnswer[CategoryPublic])
@reads
def list_categories(request: Request, snapshot: Snapshot, params: Annotated[CategoryParams, Query()]) -> Response:
    """The taxonomy: categories with definitions, boundaries, codes of other systems, and how much is stored under each."""
    counts = queries.category_counts(snapshot.connection)
    rows = [_category(code, counts) for code in TAXONOMY.by_code]
    return answer_table(Asked(request, snapshot), params, CategoryPublic, rows)


@router.get("/categories/{code}", operation_id="get_category", response_model=OneAnswer[CategoryPublic])
@reads
def get_category(
    request: Request, snapshot: Snapshot, code: CategoryCode, params: Annotated[CategoryParams, Query()]
) -> Response:
    """One category with its definition, its boundaries, codes of other systems, and how much is stored under it."""
    wanted = code.lower()
    if wanted not in TAXONOMY.by_code:
        raise NotFoundError("category", code, nearest_of(wanted, list(TAXONOMY.by_code)), parameter="code")
    asked = Asked(request, snapshot)
    row = shown(CategoryPublic, _category(wanted, queries.category_counts(snapshot.connection)))
    return answer_one(asked, params, columns_of(CategoryPublic), row, lambda: {"meta": asked.meta()})


def _category(code: str, counts: Mapping[str, dict[str, int]]) -> dict[str, Any]:
    category = TAXONOMY.by_code[code]
    row: dict[str, Any] = category.model_dump(mode="json") | counts.get(code, {"projects": 0, "components": 0})
    row["sets"] = [one.code for one in TAXONOMY.sets if code in one.categories]
    return row | {"taxonomy_version": TAXONOMY.version}


@router.get("/countries", operation_id="list_countries", response_model=ListAnswer[CountryPublic])
@reads
def list_countries(request: Request, snapshot: Snapshot, params: Annotated[CountryParams, Query()]) -> Response:
    """Places that money can be counted in: countries, and the buckets of regional and global projects."""
    rows = queries.list_countries(snapshot.connection, params.kind)
    return answer_table(Asked(request, snapshot), params, CountryPublic, rows)


@router.get("/sources", operation_id="list_sources", response_model=ListAnswer[SourcePublic])
@reads
def list_sources(request: Request, snapshot: Snapshot, params: Annotated[SourceParams, Query()]) -> Response:
    """Where the records come from, with licences, how to name each source, and how much of it is loaded."""
    rows = queries.list_sources(snapshot.connection)
    return answer_table(Asked(request, snapshot), params, SourcePublic, rows)


@router.get("/dimensions", operation_id="list_dimensions", response_model=ListAnswer[DimensionPublic])
@reads
def list_dimensions(request: Request, snapshot: Snapshot, params: Annotated[DimensionParams, Query()]) -> Response:
    """What spend can be grouped by, with the number of members that have rows."""
    counts = queries.count_members(snapshot.connection)
    base = base_of(request.scope)
    filters = set(FilterParams.model_fields)
    rows = [
        {
            "name": dimension.value,
            "meaning": meaning,
            "parameter": dimension.value if dimension.value in filters else None,
            "members": counts[dimension],
            "values_url": f"{base}/v1/dimensions/{dimension}/values",
        }
        for dimension, meaning in MEANING.items()
    ]
    return answer_table(Asked(request, snapshot), params, DimensionPublic, rows)


@router.get("/dimensions/{name}/values", operation_id="list_dimension_values", response_model=ListAnswer[MemberPublic])
@reads
def list_dimension_values(
    request: Request,
    snapshot: Snapshot,
    name: Annotated[Dimension, Path(description="Name of a dimension.", examples=["category"])],
    params: Annotated[MemberParams, Query()],
) -> Response:
    """The members of a dimension that have rows, those with most projects first."""
    labels = labels_of(snapshot).get(name, {})
    rows = [
        row | {"value": str(row["value"]), "label": labels.get(row["value"]) or spelled(str(row["value"]))}
        for row in queries.dimension_members(snapshot.connection, name)
    ]
    if params.q is not None:
        wanted = fold(params.q).folded.strip()
        rows = [row for row in rows if wanted in fold(f"{row['value']} {row['label']}").folded]
    return answer_table(Asked(request, snapshot), params, MemberPublic, rows)


@router.get("/availability", operation_id="list_availability", response_model=ListAnswer[AvailabilityRow])
@reads
def list_availability(request: Request, snapshot: Snapshot, params: Annotated[AvailabilityParams, Query()]) -> Response:
    """What is loaded of which place, year and source, so that empty is not read as zero; and how much of it has amounts.

    Without filters every row counts, whatever its relevance and status.
    """
    filters, names = params.to_all(snapshot), snapshot.known.place_names
    if rows_format(request, params.format) is Format.JSON:
        gaps = gap_questions(snapshot.connection, filters, any_status=not params.status)
        ask_ahead(snapshot.connection, [queries.availability_question(filters), *gaps], last=True)
    rows = [
        row | {"country_name": names.get(row["country"])} for row in queries.availability(snapshot.connection, filters)
    ]
    warnings = partial(gap_warnings, snapshot.connection, filters, any_status=not params.status)
    return answer_table(Asked(request, snapshot), params, AvailabilityRow, rows, warnings)
