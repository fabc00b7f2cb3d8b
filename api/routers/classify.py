"""A playground: classify a text and see on which words it rests. Nothing is stored."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers.shape import json_answer
from api.media import JsonRoute
from models.classification import ClassifierInput, classify

router = APIRouter(prefix="/v1/classify", tags=["components"], route_class=JsonRoute)

Words = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=20)]


class ClassifyRequest(BaseModel):
    """A project, or one of its components where `component_title` is given."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="", max_length=2_000, description="Project name.")
    objective: str = Field(default="", max_length=20_000, description="Development objective.")
    component_title: str = Field(
        default="", max_length=2_000, description="Component title, to classify the component."
    )
    component_description: str = Field(default="", max_length=20_000, description="Component description.")
    sectors: Words = Field(default=[], description="Sectors.")
    themes: Words = Field(default=[], description="Themes.")
    purpose_codes: Words = Field(default=[], description="OECD purpose codes, or `24050:30`.", examples=[["24050:30"]])
    countries: Words = Field(default=[], description="ISO 3166-1 alpha-3 codes.", examples=[["NPL"]])
    borrower: str = Field(default="", max_length=2_000, description="Borrower; never decides alone.")
    implementing_agency: str = Field(default="", max_length=2_000, description="Agency; never decides alone.")


class EvidenceItem(BaseModel):
    """Words that a rule found."""

    rule: str = Field(description="Rule.", examples=["displaced.inside"])
    words: str = Field(description="The words, as written.")
    field: str = Field(description="The field they stand in; lists are read as one text joined by `; `.")
    start: int = Field(description="First character, counted from 0.")
    end: int = Field(description="Character after the last.")
    effect: str = Field(description="What the rule does with them.")


class ShareItem(BaseModel):
    """A category's share of the money."""

    category: str = Field(description="Category.", examples=["remittances"])
    share_percent: float = Field(description="Its share.", examples=[30])
    relevance: str = Field(description="`direct`, `partial` or `none`.")


class ClassifyAnswer(BaseModel):
    """What the rules say, and why."""

    category: str = Field(description="Category.", examples=["mobility_skills"])
    secondary_categories: list[str] = Field(description="Further categories.")
    relevance: str = Field(description="`direct`, `partial` or `none`.")
    confidence: float = Field(description="0 to 1.")
    shares: list[ShareItem] = Field(description="Shares that purpose codes state; empty: one category has all.")
    evidence: list[EvidenceItem] = Field(description="Words it rests on.")
    taxonomy_version: str = Field(description="Version of the taxonomy.")
    rules_version: str = Field(description="Version of the rules.")


EXAMPLE = {
    "name": "Skills for Work Abroad Project",
    "objective": "To train and certify workers for overseas employment and to lower the cost of remittances.",
}


@router.post("", operation_id="classify_text", response_model=ClassifyAnswer)
def classify_text(text: Annotated[ClassifyRequest, Body(examples=[EXAMPLE])]) -> Response:
    """Classify a text by the rules alone. Needs no key and stores nothing."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in text.model_dump().items()
    }
    verdict = classify(ClassifierInput(**fields))
    return json_answer(
        {
            "category": verdict.category,
            "secondary_categories": list(verdict.secondary),
            "relevance": verdict.relevance,
            "confidence": verdict.confidence,
            "shares": [
                {"category": s.category, "share_percent": s.share_ppm / 10_000, "relevance": s.relevance}
                for s in verdict.shares
            ],
            "evidence": [item.shown() for item in verdict.evidence],
            "taxonomy_version": verdict.taxonomy_version,
            "rules_version": verdict.rules_version,
        }
    )
