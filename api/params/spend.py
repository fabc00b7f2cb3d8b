"""Questions about spend, and about one side of it over another."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.answers.asked import OF_PICTURES
from api.charts.choice import Chart, Scale, Theme, Wishes
from api.charts.frame import LEAST_HEIGHT, LEAST_WIDTH, MOST_HEIGHT, MOST_WIDTH, WIDTH
from api.deps import Snapshot
from api.params.filters import PricedParams
from api.params.lists import CursorParams, sort_keys
from api.params.values import (
    CATEGORIES,
    GROUPS,
    SETS,
    SPLIT,
    TAXONOMY,
    Codes,
    fields_of,
    listed,
    one_of,
    sort_of,
    with_minus,
)
from api.problems.kinds import BadParameterError, ProblemItem
from models.filters import KEPT_APART, Dimension, Filters, SpendQuery
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS, RatioRow, SpendRow
from models.vocabulary import Basis

FIGURES = (*MONEY_COLUMNS, *COUNT_COLUMNS, "share")
SPEND_SORTS = with_minus((*Dimension, *FIGURES))
GROUP_BY = listed("What to group by, in this order.", "category,year", list(Dimension))
BASIS = Field(
    default=Basis.COMPONENT,
    description="`component`: each component's own amount; rows add up. `project`: the whole of each project that "
    "has a matching component; by category rows do not add up, and `meta.additive` says so.",
    examples=["project"],
)


class SpendParams(CursorParams):
    """A question about spend."""

    format: Literal["json", "jsonl", "csv", "parquet", "xlsx", "svg", "png"] | None = Field(  # type: ignore[assignment]
        default=None,
        description="`json`, or the same rows as `jsonl`, `csv`, `parquet` or `xlsx`, or a picture of them as `svg` or "
        "`png`. Without it the header Accept decides, and without that it is JSON.",
        examples=["json"],
    )
    fields: Codes = fields_of(SpendRow)
    group_by: Annotated[list[str], SPLIT, one_of("group_by", list(Dimension)), GROUP_BY]
    basis: Basis = BASIS
    sort: Annotated[
        list[str],
        SPLIT,
        one_of("sort", SPEND_SORTS),
        sort_of(SPEND_SORTS, "-amount_usd"),
    ]
    fill: Literal["year", "fiscal_year"] | None = Field(
        default=None,
        description="Rows of zeros for empty years too, from the first to the last that `year_from` and `year_to` name, or "
        "those of `approved_from` and `approved_to`, or else those that have rows; the year must be in `group_by`, and no year "
        "of the other kind.",
        examples=["year"],
    )
    chart: Chart | None = Field(
        default=None,
        description="Of pictures: `bar`, `line` over years, or `stacked` bars; by default what fits the dimensions.",
        examples=["bar"],
    )
    scale: Scale | None = Field(
        default=None,
        description="Of pictures: `linear`, or `log`, on which equal distances are equal ratios.",
        examples=["log"],
    )
    width: int | None = Field(
        default=None,
        ge=LEAST_WIDTH,
        le=MOST_WIDTH,
        description=f"Of pictures: width in CSS pixels, by default {WIDTH}. A PNG has two of its pixels for each.",
        examples=[800],
    )
    height: int | None = Field(
        default=None,
        ge=LEAST_HEIGHT,
        le=MOST_HEIGHT,
        description="Of pictures: height in CSS pixels, by default what the rows need.",
        examples=[480],
    )
    theme: Theme | None = Field(
        default=None, description="Of pictures: for a `light` ground, the default, or a `dark` one.", examples=["dark"]
    )

    @model_validator(mode="after")
    def _check_columns(self) -> "SpendParams":
        others = set(Dimension) - set(self.group_by)
        for name in self.sort:
            if name.lstrip("-") in others:
                context = {
                    "parameter": "sort",
                    "value": name,
                    "allowed": with_minus((*self.group_by, *FIGURES)),
                }
                raise PydanticCustomError("sort", "sort by {value} needs it in group_by", context)
        other = "year" if self.fill == "fiscal_year" else "fiscal_year"
        left = [name for name in self.group_by if name != other]
        if self.fill and self.fill not in self.group_by:
            context = {
                "parameter": "fill",
                "value": self.fill,
                "suggestion": f"group_by={','.join([*left, self.fill])}",
            }
            raise PydanticCustomError("fill", "fill {value} needs it in group_by", context)
        if self.fill and other in self.group_by:
            context = {
                "parameter": "fill",
                "value": self.fill,
                "suggestion": f"group_by={','.join(left)}",
                "other": other,
            }
            message = "fill {value} needs group_by without {other}: not every year goes with every fiscal year"
            raise PydanticCustomError("fill", message, context)
        return self

    def to_query(self, snapshot: Snapshot) -> SpendQuery:
        """Build the query; see `to_filters`. Where sets are asked for, no other has rows of its own."""
        group_by = tuple(Dimension(value) for value in self.group_by)
        fill = Dimension(self.fill) if self.fill else None
        sets = tuple(self.set) if Dimension.SET in group_by else ()
        return SpendQuery(self.to_filters(snapshot), group_by, self.basis, sort_keys(self.sort), fill, sets)

    def wishes(self) -> Wishes:
        """What the picture should look like.

        Raises:
            BadParameterError: if something is asked for that only rows have.
        """
        for name in ("cursor", "limit", "fields"):
            if getattr(self, name):
                message = f"{name}: a picture shows all rows, and its own columns; {name} is for the other formats"
                value = getattr(self, name)
                shown = ",".join(value) if isinstance(value, list) else str(value)
                raise BadParameterError(ProblemItem(parameter=name, value=shown[:100], message=message))
        return Wishes(self.chart, self.scale or Scale.LINEAR, self.width, self.height, self.theme or Theme.LIGHT)

    def refuse_wishes(self) -> None:
        """Refuse what only pictures have, where the answer is none.

        Raises:
            BadParameterError: naming the first such parameter.
        """
        for name in OF_PICTURES:
            if getattr(self, name) is not None:
                message = f"{name}: only a picture has it: add format=svg or format=png"
                raise BadParameterError(
                    ProblemItem(
                        parameter=name, value=str(getattr(self, name)), message=message, suggestion="format=svg"
                    )
                )


SELECTORS = [*CATEGORIES, *GROUPS, *SETS]
RATIO_DIMENSIONS = (
    Dimension.YEAR,
    Dimension.FISCAL_YEAR,
    Dimension.COUNTRY,
    Dimension.REGION,
    Dimension.INCOME_GROUP,
    Dimension.LENDER,
)


class RatioParams(PricedParams):
    """One side of spend over another."""

    fields: Codes = fields_of(RatioRow)
    numerator: Annotated[
        list[str],
        SPLIT,
        one_of("numerator", SELECTORS),
        listed("Above the line: categories, groups or sets.", "brief_refugee_response", SELECTORS, required=True),
    ]
    denominator: Annotated[
        list[str],
        SPLIT,
        one_of("denominator", SELECTORS),
        listed("Below the line: categories, groups or sets.", "brief_economic_migration", SELECTORS, required=True),
    ]
    group_by: Annotated[
        list[str],
        SPLIT,
        one_of("group_by", list(RATIO_DIMENSIONS)),
        listed("What to group by.", "year", list(RATIO_DIMENSIONS)),
    ]
    basis: Basis = BASIS

    def to_queries(self, snapshot: Snapshot) -> tuple[SpendQuery, SpendQuery]:
        """Build the query of each side; see `to_filters`. What filters name of categories and groups limits both."""
        filters, group_by = self.to_filters(snapshot), tuple(Dimension(value) for value in self.group_by)
        above, below = (self._side(filters, selectors) for selectors in (self.numerator, self.denominator))
        return SpendQuery(above, group_by, self.basis), SpendQuery(below, group_by, self.basis)

    def _side(self, filters: Filters, selectors: Sequence[str]) -> Filters:
        if set(selectors) <= set(
            GROUPS
        ):  # asked for as such, so that what no group holds unasked is left out with a warning
            found = replace(filters, groups=_of_both(selectors, filters.groups))
        else:
            found = replace(filters, categories=_of_both(_categories_of(selectors), filters.categories))
        return replace(found, relevance=self.relevance_of(found.categories, found.groups))


def _of_both(members: Sequence[str], asked: Sequence[str]) -> tuple[str, ...]:
    """The members that are asked for, or all where nothing is asked; the name of nothing where there are none."""
    return tuple(member for member in members if not asked or member in asked) or ("-",)


def _categories_of(selectors: Sequence[str]) -> tuple[str, ...]:
    """The categories of groups, sets and categories; those that are kept apart only where they are named."""
    found: list[str] = []
    for name in selectors:
        if name in GROUPS:
            members = [code for code, category in TAXONOMY.by_code.items() if category.group == name]
            found += [code for code in members if code not in KEPT_APART]
        else:
            found += [name] if name in CATEGORIES else TAXONOMY.categories_of_set(name)
    return tuple(dict.fromkeys(found))
