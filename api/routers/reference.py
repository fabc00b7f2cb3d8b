"""Reference tables: categories and countries."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.answers import ListAnswer, csv_answer, json_answer, links_of, meta_of, shown, wants_csv
from api.deps import CurrentSnapshot
from api.params import TAXONOMY, CountryParams, FormatParams
from db.queries import reference as queries
from models.category import CategoryPublic
from models.country import CountryPublic

router = APIRouter(prefix="/v1", tags=["reference"])


@router.get("/categories", operation_id="list_categories", response_model=ListAnswer[CategoryPublic])
def list_categories(request: Request, snapshot: CurrentSnapshot, params: Annotated[FormatParams, Query()]) -> Response:
    """The taxonomy: categories with definitions, boundaries, codes of other systems, and how much is stored under each."""
    counts = queries.category_counts(snapshot.connection)
    rows = [_category(code, counts.get(code, {"projects": 0, "components": 0})) for code in TAXONOMY.by_code]
    if wants_csv(params.format):
        flat = [row | {"mappings": [f"{k}={v}" for k, vs in row["mappings"].items() for v in vs]} for row in rows]
        return csv_answer(request, list(CategoryPublic.model_fields), flat)
    totals = {"rows": len(rows)}
    return json_answer({"data": rows, "totals": totals, "meta": meta_of(snapshot), "links": links_of(request)})


def _category(code: str, counts: dict[str, int]) -> dict[str, Any]:
    category = TAXONOMY.by_code[code]
    row = category.model_dump(mode="json") | counts
    row["sets"] = [one.code for one in TAXONOMY.sets if code in one.categories]
    row["taxonomy_version"] = TAXONOMY.version
    return shown(CategoryPublic, row)


@router.get("/countries", operation_id="list_countries", response_model=ListAnswer[CountryPublic])
def list_countries(request: Request, snapshot: CurrentSnapshot, params: Annotated[CountryParams, Query()]) -> Response:
    """Places that money can be counted in: countries, and the buckets of regional and global projects."""
    rows = [shown(CountryPublic, row) for row in queries.list_countries(snapshot.connection, params.kind)]
    if wants_csv(params.format):
        return csv_answer(request, list(CountryPublic.model_fields), rows)
    totals = {"rows": len(rows)}
    return json_answer({"data": rows, "totals": totals, "meta": meta_of(snapshot), "links": links_of(request)})
