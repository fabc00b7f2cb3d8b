"""Components: the activities that a project's money is spent on, and the rows that stand in where none are stated."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic import Field as Doc
from sqlalchemy import JSON, BigInteger, Index, Text, false, text
from sqlmodel import Field, SQLModel

from models.money import Usd
from models.types import Code
from models.vocabulary import Granularity, Measure, Relevance

WHOLE = "whole"
REMAINDER = "remainder"


def stands_in(component_id: str) -> bool:
    """True for the id of a row that stands for a project or the rest of it; it is reviewed under the project's own id."""
    return component_id.endswith((f"-{WHOLE}", f"-{REMAINDER}"))


class Component(SQLModel, table=True):
    """A component as its source lists it, or the row of a project (`…-whole`) or of a remainder (`…-remainder`).

    `component_id` is the project's id, a dash and a number that stays the same for ever and is never used again.
    """

    __tablename__ = "component"
    __table_args__ = (Index("ix_component_place", "project_id", "number"),)

    component_id: str = Field(sa_type=Code, primary_key=True)
    project_id: str = Field(sa_type=Code, foreign_key="project.project_id")
    number: int
    ordinal: int | None = None
    granularity: Granularity = Field(sa_type=Code)
    title: str = Field(sa_type=Text)
    description: str | None = Field(default=None, sa_type=Text)
    stated_cents: int | None = Field(default=None, sa_type=BigInteger)
    stated_measure: Measure | None = Field(default=None, sa_type=Code)
    list_complete: bool = True
    withdrawn: bool = False
    note: str | None = Field(default=None, sa_type=Text)
    source_id: str = Field(sa_type=Code, foreign_key="source.source_id", index=True)
    source_url: str | None = Field(default=None, sa_type=Text)
    as_of: str | None = Field(default=None, sa_type=Code)
    passage: str | None = Field(default=None, sa_type=Text)
    passage_start: int | None = None
    passage_end: int | None = None
    extraction_confidence: float | None = None
    extraction_flags: list[str] | None = Field(default=None, sa_type=JSON(none_as_null=True), nullable=True)
    content_sha256: str = ""
    run_id: int | None = Field(default=None, foreign_key="ingest_run.run_id")


class Counted(StrEnum):
    """Whose money the usual question counts of a row."""

    HERE = "here"  # that of the project which lists it, and no other's
    ELSEWHERE = "elsewhere"  # that of an additional financing of it too, or alone
    NOWHERE = "nowhere"


IS_HERE, IS_ELSEWHERE = (text(f"counted = '{where}'") for where in (Counted.HERE, Counted.ELSEWHERE))
"""Conditions of indexes: a statement that is to find rows by one has to say the same in the same words."""


class ListedRow(SQLModel, table=True):
    """A row of money as lists show it, with all of it that does not depend on the question: its amounts do (`SpendFact`).

    It is computed from what the other tables say (`db/ingest/figures/listing.py`), so that a list reads one row for each of
    its own.
    `categories`, `secondary_categories` and `countries` are codes with blanks between them. `shown` is all of it as JSON, but for
    its amounts (`models/listed.py`). Of the usual question (`Filters()`) the amounts stand here too, in cents, with what
    `scaled` and `exceeds_total` say of them; `counted` tells whose money that is. Further indexes, in the orders of lists
    (`ix_order_…`), stand in migrations alone: where nulls come in them each kind of database is told in its own words.
    """

    __tablename__ = "listed_row"
    __table_args__ = (
        Index("ix_listed_row_elsewhere", "component_id", sqlite_where=IS_ELSEWHERE, postgresql_where=IS_ELSEWHERE),
        {"sqlite_with_rowid": False},
    )

    project_id: str = Field(sa_type=Code, primary_key=True)
    number: int = Field(primary_key=True)
    component_id: str = Field(sa_type=Code, foreign_key="component.component_id", unique=True)
    project_name: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    granularity: Granularity = Field(sa_type=Code)
    category: str = Field(sa_type=Code)
    categories: str = Field(sa_type=Code)
    secondary_categories: str = Field(sa_type=Code)
    relevance: Relevance = Field(sa_type=Code)
    stated_cents: int | None = Field(default=None, sa_type=BigInteger)
    stated_measure: Measure | None = Field(default=None, sa_type=Code)
    countries: str = Field(sa_type=Code)
    status: str | None = Field(default=None, sa_type=Code)
    year: int | None = None
    fiscal_year: int | None = None
    method: str = Field(sa_type=Code)
    confidence: float
    source_id: str = Field(sa_type=Code)
    source_url: str | None = Field(default=None, sa_type=Text)
    as_of: str | None = Field(default=None, sa_type=Code)
    shown: str = Field(sa_type=Text)
    counted: Counted = Field(sa_type=Code, sa_column_kwargs={"server_default": Counted.NOWHERE.value})
    amount_cents: int | None = Field(default=None, sa_type=BigInteger)
    partial_cents: int | None = Field(default=None, sa_type=BigInteger)
    scaled: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    exceeds_total: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class Listed(NamedTuple):
    """What a run needs to know of a component as it is stored: `Component`, without what nothing is computed from."""

    component_id: str
    project_id: str
    number: int
    ordinal: int | None
    title: str
    description: str | None
    stated_cents: int | None
    stated_measure: str | None
    list_complete: bool
    withdrawn: bool
    as_of: str | None
    extraction_confidence: float | None
    content_sha256: str


class ComponentPublic(BaseModel):
    """A row of money with its classification, as lists show it."""

    component_id: str = Doc(description="Permanent identifier.", examples=["P174085-3"])
    project_id: str = Doc(
        description="The project that lists it. Money of its row can count on an additional financing of that project: "
        "`amounts` of the single component names it, and a list that holds such money warns.",
        examples=["P174085"],
    )
    project_name: str = Doc(description="That project's name.")
    title: str = Doc(description="Title.", examples=["Reintegration of returning migrants"])
    granularity: Granularity = Doc(
        description="`component` as listed, `remainder` of a project beyond its listed amounts, or `project`: the whole."
    )
    category: str = Doc(description="Primary category.", examples=["worker_return"])
    categories: list[str] = Doc(description="All categories that carry its money.", examples=[["worker_return"]])
    secondary_categories: list[str] = Doc(description="Further categories; they are for finding and carry no money.")
    relevance: Relevance = Doc(description="How far it serves migration.")
    amount_usd: Usd | None = Doc(
        description="Money in the filter that counts in full, US dollars; null: none is stated on this measure. Where "
        "`relevance=none` is asked for, money that serves no migration is in it, also of rows of which a part does.",
        examples=[32987012.99],
    )
    partial_usd: Usd | None = Doc(description="Money in the filter of which an unknown part serves migration.")
    scaled: bool = Doc(description="True where the amount was converted from another measure or spread over a family.")
    exceeds_total: bool = Doc(description="True where the listed amounts pass the project's total.")
    stated_usd: Usd | None = Doc(description="Amount as the source states it.", examples=[49530000.00])
    stated_measure: Measure | None = Doc(description="What the stated amount measures.", examples=["cost"])
    countries: list[str] = Doc(description="Places in which its money is counted.", examples=[["BGD"]])
    status: str | None = Doc(
        description="Status of the project that lists it: Active, Closed, Pipeline or Dropped, whose money counts only where "
        "`status` asks for it; null: no source states one. Money that counts on an additional financing of that project "
        "counts by the status of the financing.",
        examples=["Active"],
    )
    year: int | None = Doc(
        description="Calendar year of approval of the project that lists it; money that counts on an additional financing "
        "of that project counts in the year of the financing.",
        examples=[2021],
    )
    fiscal_year: int | None = Doc(
        description="World Bank fiscal year of the same approval (July to June, named by its end).", examples=[2021]
    )
    method: str = Doc(description="`review`, `rules` or `derived`.", examples=["review"])
    confidence: float = Doc(description="0 to 1; a review counts 0.9 when sure and 0.5 when doubtful.", examples=[0.9])
    source_id: str = Doc(description="Where it comes from.", examples=["worldbank-documents"])
    source_url: str | None = Doc(description="Address of the document.")
    as_of: str | None = Doc(description="Date on which the source said it.", examples=["2024-05-17"])


class ComponentInFile(ComponentPublic):
    """A row of money where no filter is asked for, as in the file of all components: nothing of it is out of sight."""

    amount_usd: Usd | None = Doc(
        description="Money of the row that counts in full as migration, US dollars; null: no commitment is stated.",
        examples=[32987012.99],
    )
    partial_usd: Usd | None = Doc(description="Money of the row of which an unknown part serves migration, US dollars.")
    left_out_usd: Usd | None = Doc(
        description="Money of the row that is in neither, US dollars: it serves no migration, or is the cost of refugees inside "
        "donor countries (`in_donor_refugee_costs`), which no total holds; null: no commitment is stated.",
        examples=[0.00],
    )


class Share(BaseModel):
    """One category of a component."""

    category: str = Doc(description="Category.")
    share_percent: float = Doc(description="Share of the component's money, in percent.", examples=[100.0])
    share_known: bool = Doc(description="False where the whole stands under the category for want of a stated share.")
    relevance: Relevance = Doc(description="How far this share serves migration.")


class Ground(BaseModel):
    """A row that a derived verdict rests on; `/v1/components/{component_id}` says why it is judged as it is."""

    component_id: str = Doc(description="Its identifier.", examples=["P149242-2"])
    project_id: str = Doc(description="The project that lists it: for a list that covers a family, the parent.")
    title: str = Doc(description="Its title.")


class Why(BaseModel):
    """One answer to the question why a component is counted as it is."""

    method: str = Doc(description="`review`, `rules` or `derived`.")
    effective: bool = Doc(description="True for the one that counts; reviews win over rules.")
    shares: list[Share] = Doc(description="Categories with their shares.")
    secondary_categories: list[str] = Doc(description="Further categories, which carry no money.")
    confidence: float = Doc(description="0 to 1.")
    certainty: str | None = Doc(description="What a reviewer says of it: `sure` or `doubtful`.")
    reason: str | None = Doc(description="In words.")
    reviewer: str | None = Doc(description="Who decided, for a review.")
    reviewed_on: str | None = Doc(description="When, for a review.")
    evidence: list[dict[str, Any]] = Doc(description="What the rules matched: rule, words, field, offsets.")
    derived_from: list[Ground] = Doc(
        description="For `derived`: the rows whose verdicts it rests on, the project's own (`…-whole`) among them where that "
        "was asked; none for others."
    )
    taxonomy_version: str = Doc(description="Version of the taxonomy that it speaks.")
    rules_version: str | None = Doc(description="Version of the rules, for `rules`.")


class PastReview(BaseModel):
    """A line of a person's decision, whether it still counts or was replaced."""

    category: str = Doc(description="Category.")
    share_percent: float | None = Doc(description="Share of the money, where one was stated.")
    relevance: Relevance = Doc(description="How far it serves migration.")
    certainty: str = Doc(description="`sure` or `doubtful`.")
    reason: str = Doc(description="In words.")
    reviewer: str = Doc(description="Who decided.")
    reviewed_on: str = Doc(description="When.")
    counts: bool = Doc(description="False where a later decision took its place.")
    run_id: int = Doc(description="The ingest run that brought it.")


class ComponentDetail(ComponentInFile):
    """A component with the reasons for its classification."""

    description: str | None = Doc(description="Description, where a source gives it.")
    note: str | None = Doc(description="What to keep in mind when reading it.")
    list_complete: bool = Doc(
        description="False where only a part of the project's list is known: the source shows no more, or a line was refused."
    )
    withdrawn: bool = Doc(description="True where the source no longer lists it.")
    run_id: int | None = Doc(description="The ingest run that brought it; null: a row that stands in.", examples=[1])
    retrieved_at: datetime | None = Doc(description="When that run took it from its source.")
    passage: str | None = Doc(
        description="The words of the document it was read from by the program; null: it was not read from a text.",
        examples=["Component 3: Reintegration of returning migrants:(Cost 49,530,000.00)"],
    )
    passage_start: int | None = Doc(description="Where the passage begins in the document's text, in characters.")
    passage_end: int | None = Doc(description="Where it ends: the place after its last character.")
    extraction_confidence: float | None = Doc(
        description="0 to 1: how far the shape of the passage can be trusted.", examples=[0.9]
    )
    extraction_flags: list[str] | None = Doc(
        description="Doubts about what was read, as docs/extraction.md names them.", examples=[["mismatch"]]
    )
    why: list[Why] = Doc(description="The effective classification first, then what others would have said.")
    review_history: list[PastReview] = Doc(description="Every decision ever made on it, the newest first.")
    amounts: list[dict[str, Any]] = Doc(
        description="Its rows of money: by measure, project that it counts on, with its status, category, with its relevance, "
        "place and lender. What is of relevance `none` serves no migration."
    )
