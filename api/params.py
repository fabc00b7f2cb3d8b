"""The query parameters, one model composed by inheritance, so that every path understands the same words.

Anything these models do not know is refused by name: `extra="forbid"`.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.errors import BadParameterError, unknown_value
from models.classification import load_taxonomy
from models.country import PlaceIndex
from models.filters import COUNTED_STATUSES, STATUSES, Dimension, Filters, SpendQuery
from models.vocabulary import Basis, Granularity, Measure, Relevance, Tag, YearBasis

MAX_LIMIT = 1000
MAX_VALUES = 300
TAXONOMY = load_taxonomy()


def _split(value: object) -> object:
    """Take a repeated parameter, or one with commas, as a list."""
    if value is None:
        return value
    items = value if isinstance(value, list) else [value]
    found = [part.strip() for item in items for part in str(item).split(",")]
    if len(found) > MAX_VALUES:
        context = {"count": len(found), "most": MAX_VALUES, "value": f"{len(found)} values"}
        raise PydanticCustomError("too_many", "has {count} values, at most {most} are allowed", context)
    if any(not part for part in found):
        raise PydanticCustomError("empty_value", "holds an empty value", {"value": str(value)[:100]})
    return list(dict.fromkeys(found))


def _one_of(parameter: str, allowed: Iterable[str]) -> AfterValidator:
    """Check each value against a closed list, ignoring case."""
    spelling = {item.casefold(): item for item in allowed}

    def check(values: list[str]) -> list[str]:
        for value in values:
            if value.casefold() not in spelling:
                item = unknown_value(parameter, value, list(spelling.values()))
                context = {"value": value, "allowed": item.allowed, "suggestion": item.suggestion}
                raise PydanticCustomError("unknown_value", "{value} is not a valid value", context)
        return [spelling[value.casefold()] for value in values]

    return AfterValidator(check)


SPLIT = BeforeValidator(_split)


def _listed(description: str, example: str, allowed: Iterable[str] = ()) -> Any:
    """Describe a parameter that takes several values."""
    known = f" One of: {', '.join(allowed)}." if allowed else ""
    return Field(description=f"{description} Comma-separated or repeated.{known}", examples=[example])


CATEGORIES = list(TAXONOMY.by_code)
GROUPS = [group.code for group in TAXONOMY.groups]
SETS = [one.code for one in TAXONOMY.sets]
Year = Annotated[int, Field(ge=1944, le=2100)]


class Format(StrEnum):
    """How an answer is written."""

    JSON = "json"
    CSV = "csv"


class FormatParams(BaseModel):
    """How the answer is written."""

    model_config = ConfigDict(extra="forbid")

    format: Format = Field(default=Format.JSON, description="`json`, or `csv` with the same rows.")


class FilterParams(FormatParams):
    """Filters. Within one parameter any value matches; all parameters must match."""

    category: Annotated[
        list[str],
        SPLIT,
        _one_of("category", CATEGORIES),
        _listed("Category.", "worker_mobility,mobility_skills", CATEGORIES),
    ] = []
    group: Annotated[
        list[str], SPLIT, _one_of("group", GROUPS), _listed("Group of categories.", "economic_migration", GROUPS)
    ] = []
    set: Annotated[
        list[str], SPLIT, _one_of("set", SETS), _listed("Named set of categories.", "brief_worker_mobility", SETS)
    ] = []
    country: Annotated[
        list[str],
        SPLIT,
        _listed("ISO 3166-1 alpha-3 code, or the code of a region's bucket; case is ignored.", "JOR,LBN"),
    ] = []
    project: Annotated[list[str], SPLIT, _listed("Project id.", "P174085")] = []
    status: Annotated[
        list[str],
        SPLIT,
        _one_of("status", STATUSES),
        _listed(f"Project status; by default {', '.join(COUNTED_STATUSES)}.", "Active", STATUSES),
    ] = []
    granularity: Annotated[
        list[str],
        SPLIT,
        _one_of("granularity", list(Granularity)),
        _listed("What a row stands for.", "component", list(Granularity)),
    ] = []
    relevance: Annotated[
        list[str],
        SPLIT,
        _one_of("relevance", list(Relevance)),
        _listed(
            "How far money serves migration; by default direct and partial, or any where `not_migration` is asked for.",
            "direct",
            list(Relevance),
        ),
    ] = []
    tag: Annotated[
        list[str],
        SPLIT,
        _one_of("tag", list(Tag)),
        _listed("Label set by hand on projects.", "brief_example", list(Tag)),
    ] = []
    min_confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Only classifications at least this sure, 0 to 1; a review counts 0.9 when sure, 0.5 when doubtful.",
        examples=[0.7],
    )
    year_from: Year | None = Field(default=None, description="First year of approval, inclusive.", examples=[2014])
    year_to: Year | None = Field(default=None, description="Last year of approval, inclusive.", examples=[2023])
    year_basis: YearBasis = Field(
        default=YearBasis.CALENDAR,
        description="`calendar`, or `fiscal`: the World Bank's, July to June, named by its end.",
    )
    approved_from: date | None = Field(
        default=None, description="First date of board approval, inclusive.", examples=["2014-01-01"]
    )
    approved_to: date | None = Field(
        default=None, description="Last date of board approval, inclusive.", examples=["2024-03-31"]
    )
    measure: Measure = Field(
        default=Measure.COMMITMENT,
        description="`commitment` (IBRD + IDA + grants), `cost` (with co-financing) or `disbursement`; never mixed.",
    )

    @model_validator(mode="after")
    def _check_ranges(self) -> "FilterParams":
        for first, last in (("year_from", "year_to"), ("approved_from", "approved_to")):
            low, high = getattr(self, first), getattr(self, last)
            if low is not None and high is not None and low > high:
                context = {"value": str(low), "first": first, "last": last, "low": str(low), "high": str(high)}
                raise PydanticCustomError("range", "{first} {low} is after {last} {high}", context)
        return self

    def to_filters(self, places: PlaceIndex) -> Filters:
        """Check what only the database knows and resolve sets into categories.

        Raises:
            BadParameterError: for an unknown place.
        """
        categories = list(self.category)
        if self.set:
            of_sets = [code for name in self.set for code in TAXONOMY.categories_of_set(name)]
            categories = [code for code in of_sets if not categories or code in categories] or ["-"]
        relevance = tuple(Relevance(value) for value in self.relevance)
        if not relevance:
            relevance = (Relevance.DIRECT, Relevance.PARTIAL)
            if "not_migration" in categories or "none" in self.group:
                relevance = tuple(Relevance)
        return Filters(
            categories=tuple(categories),
            groups=tuple(self.group),
            countries=tuple(_place(code, places) for code in self.country),
            projects=tuple(code.upper() for code in self.project),
            relevance=relevance,
            granularity=tuple(Granularity(value) for value in self.granularity),
            tags=tuple(Tag(value) for value in self.tag),
            min_confidence=self.min_confidence,
            statuses=tuple(self.status) or COUNTED_STATUSES,
            year_from=self.year_from,
            year_to=self.year_to,
            approved_from=self.approved_from,
            approved_to=self.approved_to,
            year_basis=self.year_basis,
            measure=self.measure,
        )


def _place(code: str, places: PlaceIndex) -> str:
    if code.upper() in places.by_code:
        return code.upper()
    named = places.find(code)
    hints = {place.name.casefold(): place.code for place in places.by_code.values()}
    item = unknown_value("country", code, sorted(places.by_code), hints)
    if named:
        item = item.model_copy(update={"suggestion": named.code})
    raise BadParameterError(item)


class PageParams(FilterParams):
    """Filters and paging."""

    limit: int = Field(default=100, ge=1, le=MAX_LIMIT, description="Rows of a page; CSV always holds all rows.")
    cursor: str | None = Field(
        default=None, max_length=500, description="Where to go on: `links.next` of the page before holds it."
    )


class SpendParams(FilterParams):
    """A question about spend."""

    group_by: Annotated[
        list[str],
        SPLIT,
        _one_of("group_by", list(Dimension)),
        _listed("What to group by, in this order.", "category,year", list(Dimension)),
    ] = []
    basis: Basis = Field(
        default=Basis.COMPONENT,
        description="`component`: each component's own amount; rows add up. `project`: the whole of each project that "
        "has a matching component; by category rows do not add up, and `meta.additive` says so.",
    )

    def to_query(self, places: PlaceIndex) -> SpendQuery:
        """Build the query; see `to_filters`."""
        group_by = tuple(Dimension(value) for value in self.group_by)
        return SpendQuery(self.to_filters(places), group_by, self.basis)


class CountryParams(FormatParams):
    """Which places to list."""

    kind: Literal["country", "region", "global"] | None = Field(default=None, description="Only places of this kind.")
