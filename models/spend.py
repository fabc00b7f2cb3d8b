"""Spend: the facts that aggregates are computed from, and the rows that answers hold."""

from datetime import date

from pydantic import BaseModel
from pydantic import Field as Doc
from sqlalchemy import BigInteger, Index, false, text
from sqlmodel import Field, SQLModel

from models.money import Ratio, Share, Usd
from models.types import Code
from models.vocabulary import Granularity, Lender, Measure, Method, Relevance


def _rare(name: str, mark: str, *more: str) -> Index:
    """An index of the few facts that bear a mark. It names the mark too: SQLite takes the index with most columns asked for."""
    return Index(name, mark, "measure", *more, sqlite_where=text(f"{mark} = 1"), postgresql_where=text(mark))


class SpendFact(SQLModel, table=True):
    """A row's money under one measure, in one category and place, of one lender, with all it can be asked by.

    `amount_cents` counts in full; `partial_cents` is money of which an unknown part serves migration. Both are null
    where the source states no amount. `row_cents` is the whole of the row, over all its facts of the measure.
    `project_id` is the project whose money it is: for the component list of a family it can be an additional financing
    of the project that lists the component, and the component is then `spread` over several. `aim_unmet` marks the money
    of a project that is judged to serve migration while no money of it on the measure does, `several_places` that of one
    that has money of the measure in more than one place.
    """

    __tablename__ = "spend_fact"
    __table_args__ = (
        Index("ix_spend_fact_category", "category", "measure"),
        Index("ix_spend_fact_country", "country", "measure"),
        Index("ix_spend_fact_category_country", "category", "country", "measure"),
        Index("ix_spend_fact_year", "year", "measure", "approval_date"),
        _rare("ix_spend_fact_spread", "spread", "granularity"),
        _rare("ix_spend_fact_aim_unmet", "aim_unmet"),
        _rare("ix_spend_fact_beyond", "exceeds_total"),
        _rare("ix_spend_fact_several_places", "several_places", "category", "country"),
    )

    component_id: str = Field(sa_type=Code, primary_key=True, foreign_key="component.component_id")
    project_id: str = Field(sa_type=Code, primary_key=True, foreign_key="project.project_id", index=True)
    measure: Measure = Field(sa_type=Code, primary_key=True)
    category: str = Field(sa_type=Code, primary_key=True, foreign_key="category.code")
    country: str = Field(sa_type=Code, primary_key=True, foreign_key="country.code")
    lender: Lender = Field(sa_type=Code, primary_key=True)
    granularity: Granularity = Field(sa_type=Code)
    category_group: str = Field(sa_type=Code)
    relevance: Relevance = Field(sa_type=Code)
    method: Method = Field(sa_type=Code)
    confidence: float
    region: str | None = Field(default=None, sa_type=Code)
    income_group: str | None = Field(default=None, sa_type=Code)
    status: str | None = Field(default=None, sa_type=Code)
    instrument: str | None = Field(default=None, sa_type=Code)
    source_id: str = Field(sa_type=Code)
    approval_date: date | None = None
    year: int | None = None
    fiscal_year: int | None = None
    amount_cents: int | None = Field(default=None, sa_type=BigInteger)
    partial_cents: int | None = Field(default=None, sa_type=BigInteger)
    row_cents: int | None = Field(default=None, sa_type=BigInteger)
    scaled: bool = False
    exceeds_total: bool = False
    spread: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    aim_unmet: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    several_places: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


MONEY_COLUMNS = (
    "amount_usd",
    "partial_usd",
    "whole_project_usd",
    "whole_project_partial_usd",
    "remainder_usd",
    "remainder_partial_usd",
    "low_confidence_usd",
    "low_confidence_partial_usd",
)
"""Columns of dollars in a row of spend, in the order of answers."""

COUNT_COLUMNS = ("projects", "components", "components_without_amount")
"""Columns of counts in a row of spend."""


class SpendFigures(BaseModel):
    """The figures of a row or a total. The range of what serves migration is `amount_usd` to their sum with `partial_usd`."""

    amount_usd: Usd = Doc(description="Money that counts in full, US dollars.", examples=[32987012.99])
    partial_usd: Usd = Doc(description="Money of which an unknown part counts, US dollars.", examples=[0.00])
    whole_project_usd: Usd = Doc(description="How much of `amount_usd` rests on whole-project rows.")
    whole_project_partial_usd: Usd = Doc(description="How much of `partial_usd` rests on whole-project rows.")
    remainder_usd: Usd = Doc(description="How much of `amount_usd` rests on remainder rows.")
    remainder_partial_usd: Usd = Doc(description="How much of `partial_usd` rests on remainder rows.")
    low_confidence_usd: Usd = Doc(description="How much of `amount_usd` rests on classifications below 0.7.")
    low_confidence_partial_usd: Usd = Doc(description="How much of `partial_usd` rests on such classifications.")
    projects: int = Doc(description="Distinct projects.", examples=[1])
    components: int = Doc(description="Distinct listed components.", examples=[1])
    components_without_amount: int = Doc(
        description="Those of them that state no amount on this measure: unknown, not zero."
    )


class RatioGroupColumns(BaseModel):
    """The columns that say which group a row is, of those that a ratio can be grouped by."""

    year: int | None = Doc(
        default=None,
        description="Calendar year of approval, when grouped by it, or fiscal year with `year_basis=fiscal`; null: no date of "
        "approval.",
    )
    fiscal_year: int | None = Doc(default=None, description="World Bank fiscal year of approval, when grouped by it.")
    country: str | None = Doc(default=None, description="Place, when grouped by it: ISO alpha-3 or a bucket's code.")
    country_name: str | None = Doc(default=None, description="Its readable name.")
    region: str | None = Doc(default=None, description="World Bank region of the place, when grouped by it.")
    region_name: str | None = Doc(default=None, description="Its readable name.")
    income_group: str | None = Doc(
        default=None,
        description="Income group, when grouped by it; null: a bucket, or a place that the World Bank does not classify.",
    )
    lender: str | None = Doc(default=None, description="Lender, when grouped by it.")


class GroupColumns(RatioGroupColumns):
    """The columns that say which group a row is: those that were asked for in `group_by`."""

    category: str | None = Doc(default=None, description="Category, when grouped by it.", examples=["worker_return"])
    category_label: str | None = Doc(default=None, description="Its readable name.")
    group: str | None = Doc(default=None, description="Group of categories, when grouped by it.")
    group_label: str | None = Doc(default=None, description="Its readable name.")
    set: str | None = Doc(
        default=None, description="Named set of categories, when grouped by it; null: in no set. Sets overlap."
    )
    set_label: str | None = Doc(default=None, description="Its readable name.")
    source: str | None = Doc(default=None, description="Source of the project's record, when grouped by it.")
    instrument: str | None = Doc(default=None, description="Lending instrument, when grouped by it.")
    status: str | None = Doc(default=None, description="Project status, when grouped by it.")
    relevance: str | None = Doc(default=None, description="How far the money serves migration, when grouped by it.")


class SpendRow(GroupColumns, SpendFigures):
    """One group of an answer: the columns asked for in `group_by`, then the figures."""

    share: Share | None = Doc(
        default=None,
        description="`amount_usd` as a part of the total's, 0 to 1: six decimals, or more for four significant digits; null "
        "where the total is 0.",
    )


RATIO_COLUMNS = (
    "numerator_amount_usd",
    "numerator_partial_usd",
    "numerator_projects",
    "denominator_amount_usd",
    "denominator_partial_usd",
    "denominator_projects",
    "ratio",
    "ratio_low",
    "ratio_high",
)


class RatioFigures(BaseModel):
    """Both sides of a ratio and the ratio."""

    numerator_amount_usd: Usd = Doc(description="Above the line: money that counts in full, US dollars.")
    numerator_partial_usd: Usd = Doc(description="Above the line: money of which an unknown part counts.")
    numerator_projects: int = Doc(description="Above the line: distinct projects.")
    denominator_amount_usd: Usd = Doc(description="Below the line: money that counts in full, US dollars.")
    denominator_partial_usd: Usd = Doc(description="Below the line: money of which an unknown part counts.")
    denominator_projects: int = Doc(description="Below the line: distinct projects.")
    ratio: Ratio | None = Doc(
        description="Of what counts in full: four decimals, or more for four significant digits; null where nothing stands below "
        "the line."
    )
    ratio_low: Ratio | None = Doc(
        description="The least it can be: partial money counts below the line only, or on both sides if on both."
    )
    ratio_high: Ratio | None = Doc(
        description="The most it can be: partial money counts above the line only, or on both sides if on both; null: no bound."
    )


class RatioRow(RatioGroupColumns, RatioFigures):
    """One group of a ratio."""


class RatioTotals(RatioFigures):
    """The ratio over the whole filter."""

    rows: int = Doc(description="Rows of the answer.", examples=[11])


class MethodMoney(BaseModel):
    """How much of a total rests on one way of classifying."""

    method: str = Doc(description="`review`: coded by hand; `rules`; `derived` from other rows.", examples=["review"])
    amount_usd: Usd = Doc(description="Part of `amount_usd`.")
    partial_usd: Usd = Doc(description="Part of `partial_usd`.")


class SpendTotals(SpendFigures):
    """The figures over the whole filter: each project and component counted once."""

    by_method: list[MethodMoney] = Doc(
        description="The money by the method that classified it; empty for `basis=project`, where rows of several "
        "methods can belong to one project."
    )

    rows: int = Doc(description="Rows of the answer.", examples=[42])
