"""Lists: which page, in which order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.deps import Snapshot
from api.params.filters import FormatParams, PricedParams
from api.params.values import NUMBER, SPLIT, TAXONOMY, Codes, Truth, fields_of, one_of, sort_of, with_minus
from db.queries.components import SORTABLE as SORTABLE_COMPONENTS
from db.queries.projects import SORTABLE as SORTABLE_PROJECTS
from models.component import ComponentPublic
from models.filters import Filters, SortKey
from models.project import ProjectPublic

MAX_LIMIT = 1000
PROJECT_SORTS = with_minus((*SORTABLE_PROJECTS, "rank"))
COMPONENT_SORTS = with_minus((*SORTABLE_COMPONENTS, "rank"))
OF_COMPONENT_ID = (
    " `component_id` orders by project: its whole first, then its components by number, then its remainder."
)


MAX_CURSOR = 16_200
"""Characters. It holds two texts of 2,000 characters of three bytes each, in base64, and fits into `paths.MAX_TARGET`."""

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT), NUMBER] | None
LIMIT = Field(
    default=None,
    description="Rows of a page. Without it JSON has pages, and every other format holds all rows.",
    examples=[100],
)
CURSOR = Field(
    default=None,
    max_length=MAX_CURSOR,
    description="Where to go on: `links.next` of the page before holds it. It belongs to one query and one release.",
    examples=["WzEsIjNjM2M5ZTA4YTc2NWU4YmQiLFs4Nzg0ODAwMDAwMCwiaG9zdF9jb21tdW5pdGllcyJdXQ"],
)


class PageParams(FormatParams):
    """A page of a list that has one order."""

    limit: Limit = LIMIT
    cursor: str | None = CURSOR


class CursorParams(PricedParams):
    """Filters and paging."""

    limit: Limit = LIMIT
    cursor: str | None = CURSOR


def sort_keys(names: Sequence[str]) -> tuple[SortKey, ...]:
    """Return the order that names of columns ask for."""
    return tuple(SortKey(name.lstrip("-"), name.startswith("-")) for name in names)


class _ListParams(CursorParams):
    include_secondary: Truth = Field(
        default=False,
        description="`true`: `category`, `group` and `set`, of which it needs one, find rows by their secondary categories "
        "too. These carry no money: such rows come with 0.00, or null where no amount is stated, and sums stay as they are. "
        "So spend, which has nothing to count by them, refuses it.",
        examples=[False],
    )
    sort: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_secondary(self) -> "_ListParams":
        if self.include_secondary and not (self.category or self.group or self.set):
            context = {"parameter": "include_secondary", "value": "true"}
            message = "include_secondary needs category, group or set, which say what to find"
            raise PydanticCustomError("include_secondary", message, context)
        return self

    @model_validator(mode="after")
    def _check_rank(self) -> "_ListParams":
        if "rank" in [name.lstrip("-") for name in self.sort] and self.q is None:
            context = {"parameter": "sort", "value": "rank"}
            raise PydanticCustomError("sort", "sort by rank needs q, the words to rank by", context)
        return self

    def to_filters(self, snapshot: Snapshot) -> Filters:
        """See `FilterParams.to_filters`; with what rows may have as a further category, where these are to be found."""
        found = super().to_filters(snapshot)
        if not self.include_secondary:
            return found
        return replace(found, secondary=TAXONOMY.categories_in(found.categories, found.groups))

    def sort_keys(self) -> tuple[SortKey, ...]:
        """The order asked for."""
        return sort_keys(self.sort)


class ProjectsParams(_ListParams):
    """Which projects, in which order."""

    fields: Codes = fields_of(ProjectPublic)
    sort: Annotated[list[str], SPLIT, one_of("sort", PROJECT_SORTS), sort_of(PROJECT_SORTS, "-amount_usd,project_id")]


class ComponentsParams(_ListParams):
    """Which components, in which order."""

    fields: Codes = fields_of(ComponentPublic)
    sort: Annotated[
        list[str], SPLIT, one_of("sort", COMPONENT_SORTS), sort_of(COMPONENT_SORTS, "-amount_usd", OF_COMPONENT_ID)
    ]
