"""Reviews as they stand, and what is most worth reviewing next."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, cast, func, select

from db import tables
from db.queries.filtering import conditions, fact, high
from db.queries.statements.asking import ask_dicts
from db.queries.statements.prepared import Question
from db.queries.statements.templates import slot
from models.component import REMAINDER, WHOLE
from models.filters import Filters
from models.records import ReviewRecord, field_names
from models.vocabulary import REVIEW_CONFIDENCE, Certainty, Granularity

FORM = tuple(field_names(ReviewRecord))
"""Columns of a review in our own form of records, in the order of the bundled file."""

CERTAIN = 10_000
"""A confidence of 1, in the ten-thousandths to which confidences are kept."""

STATED = ("category", "share_percent", "secondary_categories", "relevance")
"""Columns of the form that are filled in beforehand: what the money is counted as now."""

ITSELF = ("granularity", "title", "category", "relevance", "method", "confidence", "source_url")
"""Columns of the queue that a component has by itself, whatever row it is named for."""

WAITING = ("money_usd", "at_stake_usd")
"""Columns of the queue that add up where several rows name one subject."""


def current_reviews(connection: Connection, subjects: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield every review that counts, or those of some subjects: one line a category, in the form in which it can be taken
    in again."""
    table = tables.review
    query = select(table).where(table.c.superseded.is_(False)).order_by(table.c.subject_id, table.c.position)
    if subjects is not None:
        query = query.where(table.c.subject_id.in_(subjects))
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

    `at_stake_usd` is the upper end of a row's range times what its confidence lacks to 1, in cents. `subject_id` names what a
    review has to name: for a row that stands in for a project that project, or for a remainder of a project that was reviewed
    the component that leaves the remainder less sure than the review does.
    """
    rows = [dict(row) for row in connection.execute(_at_stake(filters, limit)).mappings()]
    weakest = _weakest(connection, [row["project_id"] for row in rows if row["granularity"] == Granularity.REMAINDER])
    for row in rows:
        own = row["granularity"] == Granularity.COMPONENT
        row["subject_id"] = row["component_id"] if own else weakest.get(row["component_id"], row["project_id"])
        row["money_usd"] = int(row["money_usd"])
        row["at_stake_usd"] = int(row["at_stake_usd"])
    return rows


def _weakest(connection: Connection, project_ids: Sequence[str]) -> dict[str, str]:
    """By remainder, the component that it is least sure for, where a review of its project is surer."""
    component, verdict, review = tables.component, tables.classification, tables.review
    certainties = select(review.c.subject_id, review.c.certainty).where(
        review.c.subject_id.in_(project_ids), review.c.superseded.is_(False)
    )
    of_project: dict[str, float] = {}
    for subject, found in connection.execute(certainties):
        of_project[subject] = min(REVIEW_CONFIDENCE[Certainty(found)], of_project.get(subject, 1.0))
    parts = (
        select(component.c.project_id, component.c.component_id, verdict.c.confidence)
        .join(verdict, and_(verdict.c.component_id == component.c.component_id, verdict.c.effective.is_(True)))
        .where(component.c.project_id.in_(of_project), component.c.granularity == Granularity.COMPONENT)
        .where(component.c.withdrawn.is_(False), component.c.stated_cents > 0)
        .order_by(verdict.c.confidence.desc(), component.c.component_id.desc())
    )
    weakest: dict[str, str] = {}
    for project_id, component_id, confidence in connection.execute(parts):
        if confidence < of_project[project_id]:
            weakest[f"{project_id}-{REMAINDER}"] = component_id  # the last one is the least sure
    return weakest


def _part_of(cents: ColumnElement[int], parts: ColumnElement[int]) -> ColumnElement[int]:
    """So many parts of `CERTAIN` of an amount, rounded half up to the cent.

    Whole numbers throughout: databases round a half of a binary float in different directions. The quotient is apart
    from the rest, so that nothing passes 64 bits on the way.
    """
    return cents // CERTAIN * parts + (cents % CERTAIN * parts + CERTAIN // 2) // CERTAIN


def as_form(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Turn rows of the queue into lines of a form: what a subject is counted as now is filled in.

    A subject that has a review gets a line for each category of it, with its share: what is taken in again replaces the
    review as a whole, so lines that were left out would be lost. Another has one line. No subject stands in a form twice: one
    that several rows name has the money of all of them, and its place by that. A component that is named for a remainder stands
    there as it is itself, with the money that waits for it.
    """
    reviewed = defaultdict(list)
    for line in current_reviews(connection, {row["subject_id"] for row in rows}):
        words = ";".join(line["secondary_categories"] or ())
        reviewed[line["subject_id"]].append(line | {"secondary_categories": words or None})
    named = {row["subject_id"] for row in rows if row["subject_id"] not in (row["component_id"], row["project_id"])}
    itself = _as_listed(connection, named)
    waiting: Counter[tuple[str, str]] = Counter()
    for row in rows:
        waiting.update({(row["subject_id"], name): row[name] for name in WAITING})
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        subject = row["subject_id"]
        shown = row | itself.get(subject, {}) | {name: waiting[subject, name] for name in WAITING}
        of_subject = reviewed.get(subject, [shown])
        lines.setdefault(subject, [shown | {name: line.get(name) for name in STATED} for line in of_subject])
    most_first = sorted(lines, key=lambda subject: waiting[subject, "at_stake_usd"], reverse=True)
    return list(chain.from_iterable(lines[subject] for subject in most_first))


def _as_listed(connection: Connection, component_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """What lists show of some components, as far as the queue shows it too."""
    listed = tables.listed_row
    columns = [listed.c[name] for name in (*ITSELF, "component_id")]
    found = connection.execute(select(*columns).where(listed.c.component_id.in_(component_ids))).mappings()
    return {row["component_id"]: dict(row) for row in found}


def _at_stake(filters: Filters, limit: int) -> Select[Any]:
    ranked = (
        select(
            fact.c.component_id,
            cast(func.sum(high), BigInteger).label("money_usd"),
            func.min(fact.c.confidence).label("confidence"),
            func.min(fact.c.method).label("method"),
            func.min(fact.c.category).label("category"),
            func.min(fact.c.relevance).label("relevance"),
        )
        .where(*conditions(filters))
        .group_by(fact.c.component_id)
        .subquery()
    )
    lacking = CERTAIN - cast(func.round(ranked.c.confidence * CERTAIN), BigInteger)
    at_stake = _part_of(ranked.c.money_usd, lacking).label("at_stake_usd")
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
