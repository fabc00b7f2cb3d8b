"""Verdicts on components and projects: what the rules said, what people decided, and which one counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from models.classification import NOT_MIGRATION, Verdict
from models.money import PPM, split_cents
from models.types import Code
from models.vocabulary import REVIEW_CONFIDENCE, Certainty, Method, Relevance


class Review(SQLModel, table=True):
    """One line of a person's decision on a component or a project: one category of it."""

    __tablename__ = "review"

    review_id: int | None = Field(default=None, primary_key=True)
    subject_id: str = Field(sa_type=Code, index=True)
    category_code: str = Field(sa_type=Code, foreign_key="category.code")
    position: int = 0
    share_ppm: int | None = None
    secondary: list[str] = Field(default_factory=list, sa_type=JSON)
    relevance: Relevance = Field(sa_type=Code)
    certainty: Certainty = Field(sa_type=Code)
    reason: str = Field(sa_type=Text)
    reviewer: str
    reviewed_on: date
    superseded: bool = False
    run_id: int = Field(foreign_key="ingest_run.run_id")


class Classification(SQLModel, table=True):
    """A verdict on a component: one row for each category that carries its money. Shares are in parts per million."""

    __tablename__ = "classification"

    component_id: str = Field(sa_type=Code, primary_key=True, foreign_key="component.component_id")
    method: Method = Field(sa_type=Code, primary_key=True)
    category_code: str = Field(sa_type=Code, primary_key=True, foreign_key="category.code")
    position: int = 0
    share_ppm: int = PPM
    share_known: bool = False
    relevance: Relevance = Field(sa_type=Code)
    secondary: list[str] = Field(default_factory=list, sa_type=JSON)
    confidence: float
    certainty: Certainty | None = Field(default=None, sa_type=Code)
    reason: str | None = Field(default=None, sa_type=Text)
    reviewer: str | None = None
    reviewed_on: date | None = None
    evidence: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    taxonomy_version: str
    rules_version: str | None = None
    effective: bool


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """A category's share of a component, in parts per million, and whether it was stated or assumed."""

    category: str
    share_ppm: int
    share_known: bool
    relevance: Relevance


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its grounds, whoever gave it."""

    method: Method
    shares: tuple[CategoryShare, ...]
    confidence: float
    secondary: tuple[str, ...] = ()
    certainty: Certainty | None = None
    reason: str | None = None
    reviewer: str | None = None
    reviewed_on: date | None = None
    evidence: tuple[dict[str, Any], ...] = field(default=())
    taxonomy_version: str = ""
    rules_version: str | None = None

    @property
    def category(self) -> str:
        """The primary category."""
        return self.shares[0].category

    @property
    def serving_category(self) -> str:
        """The first category that serves migration; the primary one where none does."""
        return next((s.category for s in self.shares if s.relevance is not Relevance.NONE), self.category)

    @property
    def relevance(self) -> Relevance:
        """Direct where any share is, else partial where any share is, else none."""
        relevances = {share.relevance for share in self.shares}
        return next(r for r in Relevance if r in relevances)

    @property
    def is_migration(self) -> bool:
        """True where any part of the money serves migration."""
        return self.relevance is not Relevance.NONE


def whole_share(category: str, relevance: Relevance) -> tuple[CategoryShare, ...]:
    """Give all the money to one category, for want of stated shares."""
    return (CategoryShare(category, PPM, False, relevance),)


def from_rules(verdict: Verdict) -> Decision:
    """Turn the classifier's verdict into a decision."""
    coded = tuple(CategoryShare(s.category, s.share_ppm, s.known, Relevance(s.relevance)) for s in verdict.shares)
    return Decision(
        Method.RULES,
        coded or whole_share(verdict.category, Relevance(verdict.relevance)),
        round(verdict.confidence, 4),
        secondary=verdict.secondary,
        evidence=tuple(item.shown() for item in verdict.evidence),
        taxonomy_version=verdict.taxonomy_version,
        rules_version=verdict.rules_version,
    )


def from_reviews(lines: Sequence[Review], taxonomy_version: str) -> Decision:
    """Turn the lines of one person's decision on one subject into a decision, as certain as the least certain of them."""
    first, *_ = lines = sorted(lines, key=lambda line: line.position)
    certainty = min((Certainty(line.certainty) for line in lines), key=REVIEW_CONFIDENCE.__getitem__)
    known = [line for line in lines if line.share_ppm is not None]
    if known:
        shares = tuple(CategoryShare(r.category_code, r.share_ppm or 0, True, Relevance(r.relevance)) for r in known)
    else:
        shares = whole_share(first.category_code, Relevance(first.relevance))
    further = [line.category_code for line in lines[1:] if line.share_ppm is None]
    return Decision(
        Method.REVIEW,
        shares,
        REVIEW_CONFIDENCE[certainty],
        secondary=tuple(dict.fromkeys([*first.secondary, *further])),
        certainty=certainty,
        reason=first.reason,
        reviewer=first.reviewer,
        reviewed_on=first.reviewed_on,
        taxonomy_version=taxonomy_version,
    )


def decide_project(review: Decision | None, rules: Decision, components: Sequence[Decision]) -> Decision:
    """Give the verdict on a project as a whole.

    A review decides. Without one the components do, where any of them is about migration: the project is then partly
    about it, under the category of the first such component. What is left is decided by the rules on the project's text.
    """
    if review:
        return review
    first = next((decision for decision in components if decision.is_migration), None)
    if first is None:
        return rules
    return _derived(
        first.serving_category, Relevance.PARTIAL, components, "from its components, of which some serve migration"
    )


def decide_remainder(project: Decision, stated: Sequence[Decision], unstated: Sequence[Decision] = ()) -> Decision:
    """Give the verdict on the money beyond the components that state amounts.

    The components that state none can have their money nowhere else, so it is direct only where all of every listed
    component is, none where all of every one is, and partial in between. Its category is the one that those without an
    amount serve migration with, where they agree; else the project's, the first that serves migration.
    """
    listed = [*stated, *unstated]
    relevances = {share.relevance for decision in listed for share in decision.shares}
    if relevances == {Relevance.NONE}:
        return _derived(NOT_MIGRATION, Relevance.NONE, listed, "no listed component serves migration")
    relevance = Relevance.DIRECT if relevances == {Relevance.DIRECT} else Relevance.PARTIAL
    within = {decision.serving_category for decision in unstated if decision.is_migration}
    serving = next(decision.serving_category for decision in [project, *listed] if decision.is_migration)
    return _derived(
        within.pop() if len(within) == 1 else serving,
        relevance,
        [project, *listed],
        "what the stated components leave of the project's total",
    )


def _derived(category: str, relevance: Relevance, grounds: Sequence[Decision], reason: str) -> Decision:
    return Decision(
        Method.DERIVED,
        whole_share(category, relevance),
        min(decision.confidence for decision in grounds),
        reason=reason,
        taxonomy_version=grounds[0].taxonomy_version,
    )


def split_shares(amount: int | None, decision: Decision) -> list[tuple[CategoryShare, int | None, int | None]]:
    """Split an amount in cents over a decision's categories into what counts in full and what counts in part.

    Returns:
        For each category: the share, the cents that count whole, and the cents of which an unknown part counts. Both
        are `None` where no amount is stated.
    """
    if amount is None:
        return [(share, None, None) for share in decision.shares]
    parts = split_cents(amount, [share.share_ppm for share in decision.shares])
    return [
        (share, 0, part) if share.relevance is Relevance.PARTIAL and not share.share_known else (share, part, 0)
        for share, part in zip(decision.shares, parts, strict=True)
    ]
