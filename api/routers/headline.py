"""The headline: the published figures, computed again from the rows, each with its query and the difference."""

from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.answers.asked import Asked
from api.answers.encoding import with_dollars
from api.answers.frames import Links, Meta, RowCount
from api.answers.shape import Rows, answer_rows
from api.deps import Snapshot, reads
from api.exports.columns import columns_of
from api.http.base import base_of
from api.params.filters import FormatParams
from api.params.values import TAXONOMY, Codes, fields_of
from api.query_route import QueryRoute
from db.queries.headline import OPERATIONS, RATIO_OF, WINDOW, Figure, Headline, headline
from db.queries.spend.ratio import SIDES, ratio_of, side_of
from models.filters import Filters, SpendQuery
from models.money import Usd, usd
from models.vocabulary import Basis

CENT = Decimal("0.01")
RANGE = {"value": "ratio", "low": "ratio_low", "high": "ratio_high"}
"""What of a ratio stands in which column."""

router = APIRouter(prefix="/v1/headline", tags=["headline"], route_class=QueryRoute)


class HeadlineFigure(BaseModel):
    """One published figure beside ours. For money the range is `value` to `high`."""

    key: str = Field(description="Short name.", examples=["worker_mobility_total"])
    label: str = Field(description="What it is.")
    counts: str = Field(description="What it counts, or why it cannot be computed.")
    unit: str = Field(description="`usd`, `count`, `ratio` or `share`.")
    published: Usd | None = Field(description="The published value; null where only words are published.")
    value: Usd | None = Field(
        description="Ours: for money what counts in full; for the whole value of projects `amount_usd` and `partial_usd` of the "
        "query together. Null: cannot be computed, see `counts`."
    )
    low: Usd | None = Field(description="For a ratio, the least it can be: money in part counts below the line only.")
    high: Usd | None = Field(
        description="For money, the upper end of the range: with what counts in part; null for the whole value of projects, "
        "which is no range. For a ratio, the most it can be."
    )
    stated_components: Usd | None = Field(description="How much of `value` rests on components that state an amount.")
    stated_components_high: Usd | None = Field(description="The upper end of that.")
    whole_projects: Usd | None = Field(description="How much of `value` rests on whole-project rows.")
    numerator: Usd | None = Field(default=None, description="For a ratio.")
    denominator: Usd | None = Field(default=None, description="For a ratio.")
    difference: Usd | None = Field(description="`value` less `published`.")
    query: str | None = Field(description="The address that computes it.")
    source: str | None = Field(description="Where the published value stands.")


class HeadlineParams(FormatParams):
    """How the figures are shown."""

    fields: Codes = fields_of(HeadlineFigure)


class Coverage(BaseModel):
    """How much of the window the rows cover with component amounts."""

    projects: int = Field(description="World Bank projects in the window with a row about migration.")
    projects_with_component_amounts: int = Field(description="Those with at least one component that states an amount.")


class HeadlineAnswer(BaseModel):
    """All figures."""

    data: list[HeadlineFigure] = Field(description="One row a figure.")
    totals: RowCount = Field(description="How many figures.")
    coverage: Coverage = Field(description="What the figures rest on.")
    window: list[str] = Field(description="First and last date of approval that count.")
    meta: Meta = Field(description="What the answer rests on.")
    links: Links = Field(description="Where to go from here.")


@router.get("", operation_id="get_headline", response_model=HeadlineAnswer)
@reads
def get_headline(request: Request, snapshot: Snapshot, params: Annotated[HeadlineParams, Query()]) -> Response:
    """The figures of the study, recomputed from the rows loaded for what it is about: operations of the World Bank
    (`source=worldbank-projects`), approved 2014-01-01 to 2024-03-31."""
    asked = Asked(request, snapshot)
    result = headline(snapshot.connection, TAXONOMY, snapshot.known.sources_of_projects)
    rows = figure_rows(base_of(request.scope), result)

    def wrap() -> dict[str, Any]:
        return {
            "coverage": result.coverage,
            "window": [day.isoformat() for day in WINDOW],
            "meta": asked.meta(Filters(), warnings=result.warnings),
        }

    return answer_rows(asked, params, Rows.of(columns_of(HeadlineFigure), rows), wrap)


def figure_rows(base: str, result: Headline) -> list[dict[str, Any]]:
    """Shape every figure; money as dollars, the query as an address."""
    by_key = {figure.key: figure for figure in result.figures}
    rows = []
    for figure in result.figures:
        row: dict[str, Any] = dict.fromkeys(HeadlineFigure.model_fields)
        row |= {name: figure.published.get(name) for name in ("label", "counts", "unit", "source")}
        row |= {"key": figure.key, "published": figure.published.get("value")}
        row["label"] = row["label"] or figure.key.replace("_", " ").capitalize()
        row["unit"] = row["unit"] or "usd"
        row["counts"] = row["counts"] or "One side of the ratio."
        row |= _value(figure, by_key)
        if row["value"] is not None and row["published"] is not None:
            row["difference"] = row["value"] - row["published"]
        row["query"] = query_address(base, figure.query) if figure.query else row["query"] and base + row["query"]
        rows.append(row)
    return rows


def _value(figure: Figure, by_key: dict[str, Figure]) -> dict[str, Any]:
    if figure.key == "ratio":
        return _ratio(by_key["refugee_response"], by_key["economic_migration"])
    if figure.totals is None:
        return {
            "counts": f"{figure.published.get('counts')}. Not computed: no dated list of the Bank's clients is loaded"
        }
    if figure.key == "projects":
        return {"value": figure.totals["projects"]}
    money = with_dollars(figure.totals)
    if figure.key == "project_total":
        return _whole_value(figure, money)
    found = {
        "value": money["amount_usd"],
        "high": money["amount_usd"] + money["partial_usd"],
        "whole_projects": money["whole_project_usd"],
    }
    if figure.stated_components:
        stated = with_dollars(figure.stated_components)
        found["stated_components"] = stated["amount_usd"]
        found["stated_components_high"] = stated["amount_usd"] + stated["partial_usd"]
    return found


def _whole_value(figure: Figure, money: dict[str, Any]) -> dict[str, Any]:
    """What projects are worth is no range: all of each counts, however much of it is about migration."""
    return {
        "counts": f"{figure.published['counts']}. Here: amount_usd and partial_usd of the query together",
        "value": money["amount_usd"] + money["partial_usd"],
        "whole_projects": money["whole_project_usd"] + money["whole_project_partial_usd"],
    }


def _ratio(above: Figure, below: Figure) -> dict[str, Any]:
    """Refugee response over economic migration, both in full, and the least and most that it can be."""
    sides: dict[str, Any] = {}
    for side, figure in zip(SIDES, (above, below), strict=True):
        sides |= side_of(side, figure.totals or dict.fromkeys(("amount_usd", "partial_usd", "projects"), 0))
    found = ratio_of(sides)
    since, until = (day.isoformat() for day in WINDOW)
    window = {"source": ",".join(OPERATIONS), "approved_from": since, "approved_to": until}
    return {
        **{name: found[column] and found[column].quantize(CENT) for name, column in RANGE.items()},
        "query": f"/v1/spend/ratio?{urlencode(RATIO_OF | window)}",
        "numerator": usd(found["numerator_amount_usd"]),
        "denominator": usd(found["denominator_amount_usd"]),
    }


def query_address(base: str, query: SpendQuery) -> str:
    """Write the address of /v1/spend that answers a query."""
    filters = query.filters
    items = {
        "group_by": ",".join(query.group_by),
        "category": ",".join(filters.categories),
        "source": ",".join(filters.sources),
        "approved_from": filters.approved_from.isoformat() if filters.approved_from else "",
        "approved_to": filters.approved_to.isoformat() if filters.approved_to else "",
        "granularity": ",".join(filters.granularity),
        "basis": query.basis.value if query.basis is not Basis.COMPONENT else "",
    }
    return f"{base}/v1/spend?{urlencode({name: value for name, value in items.items() if value}, safe=',')}"
