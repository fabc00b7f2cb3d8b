"""The query parameters, one model composed by inheritance, so that every path understands the same words.

Anything these models do not know is refused by name: `extra="forbid"`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from api.deps import Snapshot
from api.errors import BadParameterError, ProblemItem, unknown_value
from api.negotiation import Format
from db.queries.components import SORTABLE as SORTABLE_COMPONENTS
from db.queries.projects import SORTABLE as SORTABLE_PROJECTS
from db.queries.projects import unknown_projects
from models.classification import load_taxonomy
from models.country import PlaceIndex
from models.filters import COUNTED_STATUSES, INCOME_GROUPS, STATUSES, Dimension, Filters, SortKey, SpendQuery
from models.money import MAX_DOLLARS
from models.search import MAX_QUERY, parse_query
from models.spend import COUNT_COLUMNS, MONEY_COLUMNS
from models.vocabulary import Basis, Granularity, Lender, Measure, Relevance, Tag, YearBasis

MAX_LIMIT = 1000
AMOUNT_SCHEMA = {"type": "number", "minimum": 0, "maximum": MAX_DOLLARS, "multipleOf": 0.01}
RANGES = (("year_from", "year_to"), ("approved_from", "approved_to"), ("min_amount", "max_amount"))
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
    if any("\x00" in part for part in found):
        raise PydanticCustomError("null_character", "holds a null character", {"value": str(value)[:100]})
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
    one_of = list(allowed)
    known = f" One of: {', '.join(one_of)}." if 0 < len(one_of) < 20 else ""
    items: dict[str, Any] = {"type": "string", "minLength": 1} | ({"enum": one_of} if one_of else {})
    return Field(
        description=f"{description} Comma-separated or repeated.{known}",
        examples=[[example]] if example else None,
        json_schema_extra={"items": items, "maxItems": MAX_VALUES},
    )


CATEGORIES = list(TAXONOMY.by_code)
GROUPS = [group.code for group in TAXONOMY.groups]
SETS = [one.code for one in TAXONOMY.sets]
Year = Annotated[int, Field(ge=1944, le=2100)]
Amount = Annotated[Decimal, Field(ge=0, le=MAX_DOLLARS, decimal_places=2), WithJsonSchema(AMOUNT_SCHEMA)]


def _search_words(text: str) -> str:
    try:
        parse_query(text)
    except ValueError as error:
        raise PydanticCustomError("no_words", "{reason}", {"reason": str(error), "value": text}) from None
    return text


class FormatParams(BaseModel):
    """How the answer is written, and which of its columns."""

    model_config = ConfigDict(extra="forbid")

    format: Format | None = Field(
        default=None,
        description="`json`, or the same rows as `jsonl`, `csv`, `parquet` or `xlsx`. Without it the header Accept "
        "decides, and without that it is JSON.",
        examples=["json"],
    )
    fields: Annotated[list[str], SPLIT, _listed("Only these columns, in this order; by default all.", "")] = []


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
    region: Annotated[
        list[str],
        SPLIT,
        _listed("World Bank region in which the place lies, by its code (AFE, AFW, EAP, ECA, LCN, MEA, SAS …).", "MEA"),
    ] = []
    income_group: Annotated[
        list[str],
        SPLIT,
        _one_of("income_group", INCOME_GROUPS),
        _listed("World Bank income group of the country.", "low,lower_middle", INCOME_GROUPS),
    ] = []
    project: Annotated[list[str], SPLIT, _listed("Project id.", "P174085")] = []
    source: Annotated[
        list[str], SPLIT, _listed("Source of the project's record; see /v1/sources.", "worldbank-projects")
    ] = []
    instrument: Annotated[
        list[str],
        SPLIT,
        _listed("Lending instrument; /v1/dimensions/instrument/values lists them.", "Investment Project Financing"),
    ] = []
    lender: Annotated[
        list[str],
        SPLIT,
        _one_of("lender", list(Lender)),
        _listed("Out of which pocket the commitment comes; costs have `not_stated` only.", "ida,grant", list(Lender)),
    ] = []
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
    q: Annotated[str, AfterValidator(_search_words)] | None = Field(
        default=None,
        max_length=MAX_QUERY,
        description="Words to find in project names, objectives and component titles: all must occur, in any form of the "
        'word, accents and case ignored; "words in quotes" must stand in a row. Lists put the best matches first.',
        examples=["skills abroad"],
    )
    min_amount: Amount | None = Field(
        default=None,
        description="Only rows (components, remainders, whole projects) of at least this much in all, current US dollars.",
        examples=[10000000],
    )
    max_amount: Amount | None = Field(
        default=None, description="Only rows of at most this much in all, current US dollars.", examples=[50000000]
    )
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
        for first, last in RANGES:
            low, high = getattr(self, first), getattr(self, last)
            if low is not None and high is not None and low > high:
                context = {
                    "parameter": first,
                    "value": str(low),
                    "first": first,
                    "last": last,
                    "low": str(low),
                    "high": str(high),
                }
                raise PydanticCustomError("range", "{first} {low} is after {last} {high}", context)
        return self

    def to_filters(self, snapshot: Snapshot) -> Filters:
        """Check what only the data know and resolve sets into categories.

        Raises:
            BadParameterError: for a place, region, instrument, source or project that is not there.
        """
        categories = list(self.category)
        if self.set:
            of_sets = [code for name in self.set for code in TAXONOMY.categories_of_set(name)]
            categories = [code for code in of_sets if not categories or code in categories] or ["-"]
        known = snapshot.known
        return Filters(
            categories=tuple(categories),
            groups=tuple(self.group),
            countries=tuple(_place(code, known.places) for code in self.country),
            regions=_known("region", self.region, known.regions, {name: code for code, name in known.regions.items()}),
            income_groups=tuple(self.income_group),
            projects=_projects(self.project, snapshot),
            sources=_known("source", self.source, known.sources),
            instruments=_known("instrument", self.instrument, known.instruments),
            lenders=tuple(Lender(value) for value in self.lender),
            relevance=self._relevance(categories),
            granularity=tuple(Granularity(value) for value in self.granularity),
            tags=tuple(Tag(value) for value in self.tag),
            search=None if self.q is None else parse_query(self.q),
            min_confidence=self.min_confidence,
            min_cents=None if self.min_amount is None else int(self.min_amount * 100),
            max_cents=None if self.max_amount is None else int(self.max_amount * 100),
            statuses=tuple(self.status) or COUNTED_STATUSES,
            year_from=self.year_from,
            year_to=self.year_to,
            approved_from=self.approved_from,
            approved_to=self.approved_to,
            year_basis=self.year_basis,
            measure=self.measure,
        )

    def _relevance(self, categories: Sequence[str]) -> tuple[Relevance, ...]:
        """What is no migration is left out unless it is asked for."""
        if self.relevance:
            return tuple(Relevance(value) for value in self.relevance)
        if "not_migration" in categories or "none" in self.group:
            return tuple(Relevance)
        return (Relevance.DIRECT, Relevance.PARTIAL)


def _place(code: str, places: PlaceIndex) -> str:
    if code.upper() in places.by_code:
        return code.upper()
    named = places.find(code)
    hints = {place.name.casefold(): place.code for place in places.by_code.values()}
    item = unknown_value("country", code, sorted(places.by_code), hints)
    if named:
        item = item.model_copy(update={"suggestion": named.code})
    raise BadParameterError(item)


def _known(
    parameter: str, values: Sequence[str], allowed: Iterable[str], hints: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Check values against a closed list that only the data know, ignoring case."""
    spelling = {item.casefold(): item for item in allowed}
    for value in values:
        if value.casefold() not in spelling:
            further = {name.casefold(): code for name, code in (hints or {}).items()}
            raise BadParameterError(unknown_value(parameter, value, sorted(spelling.values()), further))
    return tuple(spelling[value.casefold()] for value in values)


def _projects(values: Sequence[str], snapshot: Snapshot) -> tuple[str, ...]:
    ids = tuple(value.upper() for value in values)
    for wrong, near in unknown_projects(snapshot.connection, ids).items():
        message = f"there is no project {wrong[:100]!r}"
        raise BadParameterError(ProblemItem(parameter="project", value=wrong[:100], message=message, suggestion=near))
    return ids


class PricedParams(FilterParams):
    """Filters, and the prices in which amounts are told."""

    prices: Literal["current", "constant"] = Field(
        default="current",
        description="`current`, or `constant`: in the prices of `base_year`, by the US consumer price index and the year "
        "of approval.",
    )
    base_year: Year | None = Field(
        default=None, description="Year in whose prices amounts are told; needs `prices=constant`.", examples=[2023]
    )

    @model_validator(mode="after")
    def _check_prices(self) -> "PricedParams":
        if (self.prices == "constant") != (self.base_year is not None):
            parameter = "prices" if self.base_year else "base_year"
            context = {
                "parameter": parameter,
                "value": str(self.base_year or self.prices),
                "suggestion": "prices=constant&base_year=2023",
            }
            raise PydanticCustomError("prices", "prices=constant and base_year go together", context)
        return self

    def to_filters(self, snapshot: Snapshot) -> Filters:
        """See `FilterParams.to_filters`."""
        return replace(super().to_filters(snapshot), base_year=self.base_year)


class CursorParams(PricedParams):
    """Filters and paging."""

    limit: int | None = Field(
        default=None,
        ge=1,
        le=MAX_LIMIT,
        description="Rows of a page. Without it JSON has pages, and every other format holds all rows.",
        examples=[100],
    )
    cursor: str | None = Field(
        default=None,
        max_length=1000,
        description="Where to go on: `links.next` of the page before holds it. It belongs to one query and one release.",
    )


def _sort_field(sortable: Sequence[str], example: str) -> Any:
    return _listed(
        "Columns to order by; `-` before a name for descending; rows without a value last.", example, sortable
    )


def _with_minus(names: Iterable[str]) -> list[str]:
    return [sign + name for name in names for sign in ("", "-")]


PROJECT_SORTS = _with_minus((*SORTABLE_PROJECTS, "rank"))
COMPONENT_SORTS = _with_minus((*SORTABLE_COMPONENTS, "rank"))
SPEND_SORTS = _with_minus((*Dimension, *MONEY_COLUMNS, *COUNT_COLUMNS, "share"))


class _ListParams(CursorParams):
    sort: list[str] = []

    @model_validator(mode="after")
    def _check_rank(self) -> "_ListParams":
        if "rank" in [name.lstrip("-") for name in self.sort] and self.q is None:
            context = {"parameter": "sort", "value": "rank"}
            raise PydanticCustomError("sort", "sort by rank needs q, the words to rank by", context)
        return self

    def sort_keys(self) -> tuple[SortKey, ...]:
        """The order asked for."""
        return _sort_keys(self.sort)


def _sort_keys(names: Sequence[str]) -> tuple[SortKey, ...]:
    return tuple(SortKey(name.lstrip("-"), name.startswith("-")) for name in names)


class ProjectsParams(_ListParams):
    """Which projects, in which order."""

    sort: Annotated[
        list[str], SPLIT, _one_of("sort", PROJECT_SORTS), _sort_field(PROJECT_SORTS, "-amount_usd,project_id")
    ] = []


class ComponentsParams(_ListParams):
    """Which components, in which order."""

    sort: Annotated[
        list[str], SPLIT, _one_of("sort", COMPONENT_SORTS), _sort_field(COMPONENT_SORTS, "-amount_usd")
    ] = []


GROUP_BY = _listed("What to group by, in this order.", "category,year", list(Dimension))
BASIS = Field(
    default=Basis.COMPONENT,
    description="`component`: each component's own amount; rows add up. `project`: the whole of each project that "
    "has a matching component; by category rows do not add up, and `meta.additive` says so.",
)


class SpendParams(CursorParams):
    """A question about spend."""

    group_by: Annotated[list[str], SPLIT, _one_of("group_by", list(Dimension)), GROUP_BY] = []
    basis: Basis = BASIS
    sort: Annotated[
        list[str],
        SPLIT,
        _one_of("sort", SPEND_SORTS),
        _sort_field(SPEND_SORTS, "-amount_usd"),
    ] = []
    fill: Literal["year", "fiscal_year"] | None = Field(
        default=None,
        description="Rows of zeros for empty years too; the year must be in `group_by`.",
        examples=["year"],
    )

    @model_validator(mode="after")
    def _check_columns(self) -> "SpendParams":
        others = set(Dimension) - set(self.group_by)
        for name in self.sort:
            if name.lstrip("-") in others:
                context = {
                    "parameter": "sort",
                    "value": name,
                    "allowed": _with_minus((*self.group_by, *MONEY_COLUMNS, *COUNT_COLUMNS)),
                }
                raise PydanticCustomError("sort", "sort by {value} needs it in group_by", context)
        if self.fill and self.fill not in self.group_by:
            context = {
                "parameter": "fill",
                "value": self.fill,
                "suggestion": f"group_by={','.join([*self.group_by, self.fill])}",
            }
            raise PydanticCustomError("fill", "fill {value} needs it in group_by", context)
        return self

    def to_query(self, snapshot: Snapshot) -> SpendQuery:
        """Build the query; see `to_filters`."""
        group_by = tuple(Dimension(value) for value in self.group_by)
        fill = Dimension(self.fill) if self.fill else None
        return SpendQuery(self.to_filters(snapshot), group_by, self.basis, _sort_keys(self.sort), fill)


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

    numerator: Annotated[
        list[str],
        SPLIT,
        _one_of("numerator", SELECTORS),
        _listed("Above the line: categories, groups or sets.", "brief_refugee_response", SELECTORS),
    ]
    denominator: Annotated[
        list[str],
        SPLIT,
        _one_of("denominator", SELECTORS),
        _listed("Below the line: categories, groups or sets.", "brief_economic_migration", SELECTORS),
    ]
    group_by: Annotated[
        list[str],
        SPLIT,
        _one_of("group_by", list(RATIO_DIMENSIONS)),
        _listed("What to group by.", "year", list(RATIO_DIMENSIONS)),
    ] = []
    basis: Basis = BASIS

    def to_query(self, snapshot: Snapshot) -> SpendQuery:
        """Build the query that both sides share; see `to_filters`."""
        group_by = tuple(Dimension(value) for value in self.group_by)
        return SpendQuery(self.to_filters(snapshot), group_by, self.basis)

    def sides(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The categories that each side stands for."""
        return _categories_of(self.numerator), _categories_of(self.denominator)


def _categories_of(selectors: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for name in selectors:
        if name in GROUPS:
            found += [code for code, category in TAXONOMY.by_code.items() if category.group == name]
        else:
            found += [name] if name in CATEGORIES else TAXONOMY.categories_of_set(name)
    return tuple(dict.fromkeys(found))


class CountryParams(FormatParams):
    """Which places to list."""

    kind: Literal["country", "region", "global"] | None = Field(
        default=None, description="Only places of this kind.", examples=["region"]
    )
