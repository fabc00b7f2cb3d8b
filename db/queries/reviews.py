"""Reviews as they stand, and what is most worth reviewing next."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, func, select

from db import tables
from db.queries.asking import ask_dicts
from db.queries.filtering import conditions, fact, high
from db.queries.prepared import Question
from db.queries.templates import slot
from models.component import WHOLE
from models.filters import Filters
from models.records import ReviewRecord, field_names

FORM = tuple(field_names(ReviewRecord))
"""Columns of a review in our own form of records, in the order of the bundled file."""


def current_reviews(connection: Connection, subject_id: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield every review that counts, or those of a subject: one line a category, in the form in which it can be taken in
    again."""
    table = tables.review
    query = select(table).where(table.c.superseded.is_(False)).order_by(table.c.subject_id, table.c.position)
    if subject_id is not None:
        query = query.where(table.c.subject_id == subject_id)
    for row in connection.execute(query).mappings():
        share = row["share_ppm"]
        yield {
            "subject_id": row["subject_id"],
            "category": row["category_code"],
            "share_percent": None
            if share is None
            else f"{share // 10_000}.{share % 10_000:04d}".rstrip("0").rstrip("."),
            "secondary_categories": row["secondary"],
            "relevance": row["relevance"],
            "certainty": row["certainty"],
            "reason": row["reason"],
            "reviewer": row["reviewer"],
            "reviewed_on": row["reviewed_on"],
        }


def review_history(connection: Connection, component_id: str, project_id: str) -> list[dict[str, Any]]:
    """Return every decision ever made on a component, the newest first; of a whole project's row, those on the project."""
    subject = project_id if component_id == f"{project_id}-{WHOLE}" else component_id
    return [
        {
            "category": row["category_code"],
            "share_percent": None if row["share_ppm"] is None else row["share_ppm"] / 10_000,
            "relevance": row["relevance"],
            "certainty": row["certainty"],
            "reason": row["reason"],
            "reviewer": row["reviewer"],
            "reviewed_on": row["reviewed_on"].isoformat(),
            "counts": not row["superseded"],
            "run_id": row["run_id"],
        }
        for row in ask_dicts(connection, history_of(subject))
    ]


def history_of(subject: str) -> Question:
    """The question for the decisions on a component or a project, by its identifier."""
    return Question(_history, values={"subject_id": subject})


def _history() -> Select[Any]:
    table = tables.review
    return select(table).where(table.c.subject_id == slot("subject_id")).order_by(table.c.review_id.desc())


def review_queue(connection: Connection, filters: Filters, limit: int) -> list[dict[str, Any]]:
    """Return what to review next: rows of money by money × uncertainty, the largest first.

    `at_stake_usd` is the upper end of a row's range times what its confidence lacks to 1, in cents. A whole-project or
    remainder row is reviewed on its project, so `subject_id` names what a review has to name.
    """
    rows = [dict(row) for row in connection.execute(_at_stake(filters, limit)).mappings()]
    for row in rows:
        own = row["granularity"] == "component"
        row["subject_id"] = row["component_id"] if own else row["project_id"]
        row["money_usd"] = int(row["money_usd"])
        row["at_stake_usd"] = int(row["at_stake_usd"])
    return rows


def _at_stake(filters: Filters, limit: int) -> Select[Any]:
    ranked = (
        select(
            fact.c.component_id,
            func.sum(high).label("money_usd"),
            func.min(fact.c.confidence).label("confidence"),
            func.min(fact.c.method).label("method"),
            func.min(fact.c.category).label("category"),
            func.min(fact.c.relevance).label("relevance"),
        )
        .where(*conditions(filters))
        .group_by(fact.c.component_id)
        .subquery()
    )
    # Whole cents before sorting, so that both databases order alike whatever they do with fractions.
    at_stake = func.round(ranked.c.money_usd * (1 - ranked.c.confidence)).label("at_stake_usd")
    component, project = tables.component, tables.project
    return (
        select(
            component.c.component_id,
            component.c.project_id,
            component.c.granularity,
            component.c.title,
            project.c.name.label("project_name"),
            ranked.c.category,
            ranked.c.relevance,
            ranked.c.method,
            ranked.c.confidence,
            ranked.c.money_usd,
            at_stake,
            component.c.source_url,
        )
        .join(ranked, ranked.c.component_id == component.c.component_id)
        .join(project, project.c.project_id == component.c.project_id)
        .order_by(at_stake.desc(), component.c.component_id)
        .limit(limit)
    )
