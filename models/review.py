"""Decisions as they come in over HTTP and are shown: one on a subject, with a line for each category of its money."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.component import ComponentDetail
from models.dates import Day
from models.texts import LONGEST_ID, LONGEST_WORDS
from models.vocabulary import Certainty, Relevance

Category = Annotated[str, Field(max_length=100)]
Share = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,4})?$")]


class ReviewLine(BaseModel):
    """A category of a decision."""

    model_config = ConfigDict(extra="forbid")

    category: Category = Field(description="A category of the taxonomy.", examples=["mobility_skills"])
    relevance: Relevance = Field(description="`direct`, `partial`, or `none` exactly for `not_migration`.")
    share_percent: Share | None = Field(
        default=None,
        description="Its share of the money, as text with up to four decimals; the lines sum to 100.",
        examples=["25"],
    )
    secondary_categories: list[Category] = Field(
        default=[], max_length=20, description="Further categories, which carry no money."
    )


Lines = Annotated[list[ReviewLine], Field(min_length=1, max_length=20)]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS, pattern=r"\S")]


class ReviewRequest(BaseModel):
    """A decision on a component or a project."""

    model_config = ConfigDict(extra="forbid")

    subject_id: str = Field(
        max_length=LONGEST_ID, description="A component's id, or a project's for its own row.", examples=["P167506-1"]
    )
    lines: Lines = Field(description="Its categories; several share the money.")
    certainty: Certainty = Field(description="`sure` (counts as confidence 0.9) or `doubtful` (0.5).")
    reason: Words = Field(description="Why, in words.", examples=["appraisal document, table 2"])
    reviewer: Words | None = Field(default=None, description="Who decided; by default the name of the key.")
    reviewed_on: Day | None = Field(default=None, description="When; by default today, UTC.", examples=["2026-11-25"])


class ReviewChange(BaseModel):
    """What is to be different in a decision; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    lines: Lines | None = Field(default=None, description="All its categories, in place of those of before.")
    certainty: Certainty | None = Field(default=None, description="`sure` or `doubtful`.")
    reason: Words | None = Field(default=None, description="Why, in words.", examples=["appraisal document, table 2"])
    reviewer: Words | None = Field(default=None, description="Who decided; by default the name of the key.")
    reviewed_on: Day | None = Field(default=None, description="When; by default today, UTC.", examples=["2026-11-25"])


class ReviewShown(BaseModel):
    """A line of the decision that counts now."""

    category: str = Field(description="Category.")
    share_percent: str | None = Field(description="Its share of the money; null: not stated.")
    secondary_categories: list[str] = Field(description="Further categories.")
    relevance: Relevance = Field(description="Relevance.")
    certainty: Certainty = Field(description="Certainty.")
    reason: str = Field(description="Why.")
    reviewer: str = Field(description="Who decided.")
    reviewed_on: date = Field(description="When.")


class ReviewOutcome(BaseModel):
    """What a decision did."""

    subject_id: str = Field(description="What was decided on.", examples=["P167506-1"])
    run_id: int = Field(description="The run, which tells the key.", examples=[3])
    release_id: int | None = Field(description="The release that it made; null where it said what counted already.")
    decision: list[ReviewShown] = Field(description="The decision that counts now, a line for each category.")
    rows: list[ComponentDetail] = Field(description="The rows of money that it decides on, as they count now.")
