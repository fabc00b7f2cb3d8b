"""The filters, one model for every path, so that all understand the same words.

Anything these models do not know is refused by name: `extra="forbid"`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.answers.negotiation import Format
from api.deps import Snapshot
from api.params.known import NEAR_NAME, known_place, known_projects, known_values, region_hints
from api.params.values import (
    CATEGORIES,
    GROUPS,
    NUMBER,
    SETS,
    SPLIT,
    TAXONOMY,
    Amount,
    Codes,
    Identifiers,
    Texts,
    Words,
    Year,
    listed,
    one_of,
    parted,
)
from models.classification import NOT_MIGRATION
from models.dates import Day
from models.filters import COUNTED_STATUSES, INCOME_GROUPS, STATUSES, Filters
from models.search import parse_query
from models.vocabulary import Granularity, Lender, Measure, Relevance, Tag, YearBasis

PLACE = "^[A-Za-z]{3}$"
A_BASE_YEAR = 2023
"""For suggestions."""

RANGES = (("year_from", "year_to"), ("approved_from", "approved_to"), ("min_amount", "max_amount"))


class FormatParams(BaseModel):
    """How the answer is written, and which of its columns."""

    model_config = ConfigDict(extra="forbid")

    format: Format | None = Field(
        default=None,
        description="`json`, or the same rows as `jsonl`, `csv`, `parquet` or `xlsx`. Without it the header Accept "
        "decides, and without that it is JSON.",
        examples=["json"],
    )
    fields: list[str] = Field(default_factory=list, description="Only these columns.")


ASK_FOR_ALL = {"category": NOT_MIGRATION, "group": "none"}
"""Values of filters that ask for what serves no migration: with one of them every relevance counts by default."""


class FilterParams(FormatParams):
    """Filters. Within one parameter any value matches; all parameters must match."""

    category: Annotated[
        list[str],
        SPLIT,
        one_of("category", CATEGORIES),
        listed("Category.", "worker_mobility,mobility_skills", CATEGORIES),
    ]
    group: Annotated[
        list[str], SPLIT, one_of("group", GROUPS), listed("Group of categories.", "economic_migration", GROUPS)
    ]
    set: Annotated[
        list[str], SPLIT, one_of("set", SETS), listed("Named set of categories.", "brief_worker_mobility", SETS)
    ]
    country: Codes = listed(
        "ISO 3166-1 alpha-3 code, or the code of a region's bucket; case is ignored.", "JOR,LBN", pattern=PLACE
    )
    region: Codes = listed(
        "World Bank region in which the place lies, by its code (AFE, AFW, EAS, ECS, LCN, MEA, SAS …). The world's bucket "
        "lies in none: `country` has it.",
        "MEA",
        pattern=PLACE,
    )
    income_group: Annotated[
        list[str],
        SPLIT,
        one_of("income_group", INCOME_GROUPS),
        listed("World Bank income group of the country.", "low,lower_middle", INCOME_GROUPS),
    ]
    project: Identifiers = listed("Project id.", "P174085")
    source: Codes = listed("Source of the project's record; see /v1/sources.", "worldbank-projects")
    instrument: Texts = listed(
        "Lending instrument; /v1/dimensions/instrument/values lists them. One that holds a comma itself is sent on its own.",
        "Investment Project Financing",
        pattern=None,
    )
    lender: Annotated[
        list[str],
        SPLIT,
        one_of("lender", list(Lender)),
        listed("Out of which pocket the commitment comes; costs have `not_stated` only.", "ida,grant", list(Lender)),
    ]
    status: Annotated[
        list[str],
        SPLIT,
        one_of("status", STATUSES),
        listed(
            f"Project status; by default {', '.join(COUNTED_STATUSES)}, and with all of these projects that state none.",
            "Active",
            STATUSES,
        ),
    ]
    granularity: Annotated[
        list[str],
        SPLIT,
        one_of("granularity", list(Granularity)),
        listed("What a row stands for.", "component", list(Granularity)),
    ]
    relevance: Annotated[
        list[str],
        SPLIT,
        one_of("relevance", list(Relevance)),
        listed(
            "How far money serves migration; by default direct and partial, or any where `not_migration` is asked for.",
            "direct",
            list(Relevance),
        ),
    ]
    tag: Annotated[
        list[str],
        SPLIT,
        one_of("tag", list(Tag)),
        listed("Label set by hand on projects.", "brief_example", list(Tag)),
    ]
    q: Words | None = Field(
        default=None,
        description="Words to find in project names, objectives and component titles: all must occur, in any form of the "
        'word, accents and case ignored; "words in quotes" must stand in a row; no word can be left out, so none '
        "begins with a minus. Lists put the best matches first.",
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
    min_confidence: Annotated[float, Field(ge=0, le=1), NUMBER] | None = Field(
        default=None,
        description="Only classifications at least this sure, 0 to 1; a review counts 0.9 when sure, 0.5 when doubtful.",
        examples=[0.7],
    )
    year_from: Year | None = Field(default=None, description="First year of approval, inclusive.", examples=[2014])
    year_to: Year | None = Field(default=None, description="Last year of approval, inclusive.", examples=[2023])
    year_basis: YearBasis = Field(
        default=YearBasis.CALENDAR,
        description="`calendar`, or `fiscal`: the World Bank's, July to June, named by its end.",
        examples=["fiscal"],
    )
    approved_from: Day | None = Field(
        default=None, description="First date of board approval, inclusive.", examples=["2014-01-01"]
    )
    approved_to: Day | None = Field(
        default=None, description="Last date of board approval, inclusive.", examples=["2024-03-31"]
    )
    measure: Measure = Field(
        default=Measure.COMMITMENT,
        description="`commitment` (IBRD + IDA + grants), `cost` (with co-financing) or `disbursement`; never mixed.",
        examples=["cost"],
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
                raise PydanticCustomError("range", "{first} {low} is beyond {last} {high}", context)
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
            countries=tuple(known_place(code, known.places, known.loaded_places) for code in self.country),
            regions=known_values("region", self.region, known.regions, region_hints(known.regions), NEAR_NAME),
            income_groups=tuple(self.income_group),
            projects=known_projects(self.project, snapshot),
            sources=known_values("source", self.source, known.sources),
            instruments=known_values("instrument", parted(self.instrument, known.instruments), known.instruments),
            lenders=tuple(Lender(value) for value in self.lender),
            relevance=self.relevance_of(categories, self.group),
            granularity=tuple(Granularity(value) for value in self.granularity),
            tags=tuple(Tag(value) for value in self.tag),
            search=None if self.q is None else parse_query(self.q),
            min_confidence=self.min_confidence,
            min_cents=None if self.min_amount is None else math.ceil(self.min_amount * 100),
            max_cents=None if self.max_amount is None else math.floor(self.max_amount * 100),
            statuses=tuple(self.status) or COUNTED_STATUSES,
            year_from=self.year_from,
            year_to=self.year_to,
            approved_from=self.approved_from,
            approved_to=self.approved_to,
            year_basis=self.year_basis,
            measure=self.measure,
        )

    def to_all(self, snapshot: Snapshot) -> Filters:
        """See `to_filters`; but what names no status or relevance leaves none out."""
        found = replace(self.to_filters(snapshot), statuses=tuple(self.status) or STATUSES)
        return found if self.relevance else replace(found, relevance=tuple(Relevance))

    def relevance_of(self, categories: Sequence[str], groups: Sequence[str]) -> tuple[Relevance, ...]:
        """What is no migration is left out unless it is asked for, by `relevance` or by what is in `ASK_FOR_ALL`."""
        if self.relevance:
            return tuple(Relevance(value) for value in self.relevance)
        asked = {"category": categories, "group": groups}
        if any(value in asked[name] for name, value in ASK_FOR_ALL.items()):
            return tuple(Relevance)
        return (Relevance.DIRECT, Relevance.PARTIAL)


class PricedParams(FilterParams):
    """Filters, and the prices in which amounts are told."""

    prices: Literal["current", "constant"] = Field(
        default="current",
        description="`current`, or `constant`: in the prices of `base_year`, by the US consumer price index and the year "
        "of approval.",
        examples=["constant"],
    )
    base_year: Year | None = Field(
        default=None, description="Year in whose prices amounts are told; needs `prices=constant`.", examples=[2023]
    )

    @model_validator(mode="after")
    def _check_prices(self) -> "PricedParams":
        if self.prices == "constant" and self.base_year is None:
            context = {
                "parameter": "prices",
                "value": "constant",
                "suggestion": f"prices=constant&base_year={A_BASE_YEAR}",
            }
            message = "constant prices need base_year, the year in whose prices amounts are told"
            raise PydanticCustomError("prices", message, context)
        if self.prices == "current" and self.base_year is not None:
            suggestion = f"prices=constant&base_year={self.base_year}"
            context = {"parameter": "base_year", "value": str(self.base_year), "suggestion": suggestion}
            raise PydanticCustomError("prices", "base_year needs prices=constant", context)
        return self

    def to_filters(self, snapshot: Snapshot) -> Filters:
        """See `FilterParams.to_filters`."""
        found = super().to_filters(snapshot)
        return found if self.base_year is None else replace(found, base_year=self.base_year)
