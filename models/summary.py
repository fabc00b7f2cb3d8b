"""What is kept of spend beside the facts: figures of the cells of a few chosen groupings, exact after every change."""

from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from models.groupings import Scope
from models.types import Code

MONEY = (
    "amount",
    "partial",
    "whole_project",
    "whole_project_partial",
    "remainder",
    "remainder_partial",
    "low_confidence",
    "low_confidence_partial",
    "by_review",
    "by_review_partial",
    "by_rules",
    "by_rules_partial",
)
"""Columns of cents; what is neither by review nor by rules is derived."""

ENTIRE: dict[str, str] = {
    column: f"entire_{column}"
    for column in (
        "amount",
        "partial",
        "whole_project",
        "whole_project_partial",
        "low_confidence",
        "low_confidence_partial",
    )
}
"""The columns of cents where the whole of every project in a cell is counted, by those that they stand in for."""

BY_METHOD = ("facts_by_review", "facts_by_rules", "facts_derived")
"""Columns of numbers of facts, by the way of classifying."""

DISTINCT = ("projects", "rows", "components", "components_without_amount")
"""Columns of distinct counts: projects, rows of any granularity, listed components, and those that state no amount."""

SUMS = (*MONEY, *BY_METHOD)
"""Columns that add up over facts."""

FIGURES = (*SUMS, *ENTIRE.values(), *DISTINCT)


def _cents() -> Any:
    return Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class SpendSummary(SQLModel, table=True):
    """The figures of one cell of one grouping, under one measure and in one scope; see ADR 23.

    `cell` is the values of the grouping's dimensions as one text, that tells cells apart; a dimension that is no part of
    the grouping is null. `touched` is the members of the kind that a grouping is `touching`, with a blank around each;
    `confidence` or `granularity` is that of the money whose share in the figures a cell holds, see `Grouping`.
    `entire_…` is the money of whole projects: of each, what it has in every place and of every lender of which any of its money
    is in the cell. Rows whose money is spread over several projects are not counted here, their money is.
    """

    __tablename__ = "spend_summary"
    __table_args__ = (
        Index("ix_spend_summary_category", "grouping", "measure", "scope", "category", "country"),
        Index("ix_spend_summary_country", "grouping", "measure", "scope", "country"),
        {"sqlite_with_rowid": False},
    )

    grouping: str = Field(sa_type=Code, primary_key=True)
    measure: str = Field(sa_type=Code, primary_key=True)
    scope: Scope = Field(sa_type=Code, primary_key=True)
    cell: str = Field(sa_type=Code, primary_key=True)
    category: str | None = Field(default=None, sa_type=Code)
    category_group: str | None = Field(default=None, sa_type=Code)
    set_code: str | None = Field(default=None, sa_type=Code)
    country: str | None = Field(default=None, sa_type=Code)
    region: str | None = Field(default=None, sa_type=Code)
    income_group: str | None = Field(default=None, sa_type=Code)
    lender: str | None = Field(default=None, sa_type=Code)
    status: str | None = Field(default=None, sa_type=Code)
    instrument: str | None = Field(default=None, sa_type=Code)
    source_id: str | None = Field(default=None, sa_type=Code)
    year: int | None = None
    fiscal_year: int | None = None
    touched: str | None = Field(default=None, sa_type=Code)
    confidence: float | None = None
    granularity: str | None = Field(default=None, sa_type=Code)
    amount: int = Field(sa_type=BigInteger)
    partial: int = Field(sa_type=BigInteger)
    whole_project: int = Field(sa_type=BigInteger)
    whole_project_partial: int = Field(sa_type=BigInteger)
    remainder: int = Field(sa_type=BigInteger)
    remainder_partial: int = Field(sa_type=BigInteger)
    low_confidence: int = Field(sa_type=BigInteger)
    low_confidence_partial: int = Field(sa_type=BigInteger)
    by_review: int = Field(sa_type=BigInteger)
    by_review_partial: int = Field(sa_type=BigInteger)
    by_rules: int = Field(sa_type=BigInteger)
    by_rules_partial: int = Field(sa_type=BigInteger)
    entire_amount: int = _cents()
    entire_partial: int = _cents()
    entire_whole_project: int = _cents()
    entire_whole_project_partial: int = _cents()
    entire_low_confidence: int = _cents()
    entire_low_confidence_partial: int = _cents()
    facts_by_review: int
    facts_by_rules: int
    facts_derived: int
    projects: int
    rows: int
    components: int
    components_without_amount: int
