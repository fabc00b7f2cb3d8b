"""Reviews as they stand, and what is most worth reviewing next."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)

from db import tables
from db.queries.filtering import conditions, fact, high
from db.queries.statements.asking import ask_ahead, ask_dicts
from db.queries.statements.prepared import Question, limits
from db.queries.statements.templates import slot, slots_of, template_of
from models.component import WHOLE
from models.filters import Filters
from models.records import ReviewRecord, field_names
from models.vocabulary import REVIEW_CONFIDENCE, Granularity

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
    for row in ask_dicts(connection, _current_question(subjects)):
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


def _current_question(subjects: Collection[str] | None) -> Question:
    if subjects is None:
        return Question(_current, (None,))
    slots, values = slots_of("subject", sorted(subjects))
    return Question(_current, (slots,), values)


def _current(subjects: Sequence[Any] | None) -> Select[Any]:
    table = tables.review
    query = select(table).where(table.c.superseded.is_(False)).order_by(table.c.subject_id, table.c.position)
    return query if subjects is None else query.where(table.c.subject_id.in_(subjects))


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
    rows = ask_dicts(connection, queue_question(filters, limit))
    for row in rows:
        weakest = row.pop("weakest")
        own = row["granularity"] == Granularity.COMPONENT
        row["subject_id"] = row["component_id"] if own else weakest or row["project_id"]
        row["money_usd"] = int(row["money_usd"])
        row["at_stake_usd"] = int(row["at_stake_usd"])
    return rows


def queue_question(filters: Filters, limit: int) -> Question:
    """The question behind `review_queue`."""
    template, values = template_of(filters)
    return Question(_queue, (template,), values | limits(limit))


def _queue(filters: Filters) -> Select[Any]:
    rows = _at_stake(filters).limit(slot("limit")).subquery("queue")  # so that only these are looked into
    return select(rows, _weakest(rows).label("weakest")).order_by(rows.c.at_stake_usd.desc(), rows.c.component_id)


def _weakest(rows: Subquery) -> ScalarSelect[Any]:
    """Of a remainder the component that it is least sure for, where a review of its project is surer."""
    part, verdict, review = tables.component, tables.classification, tables.review
    surety = case(*((review.c.certainty == word, literal(found, Float)) for word, found in REVIEW_CONFIDENCE.items()))
    reviewed = select(func.min(surety)).where(review.c.subject_id == rows.c.project_id, review.c.superseded.is_(False))
    return (
        select(part.c.component_id)
        .join(verdict, and_(verdict.c.component_id == part.c.component_id, verdict.c.effective.is_(True)))
        .where(rows.c.granularity == Granularity.REMAINDER, part.c.project_id == rows.c.project_id)
        .where(part.c.granularity == Granularity.COMPONENT, part.c.withdrawn.is_(False))
        .where(verdict.c.confidence < reviewed.correlate(rows).scalar_subquery())
        .order_by(verdict.c.confidence, part.c.component_id)
        .limit(1)
        .correlate(rows)
        .scalar_subquery()
    )


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
    if not rows:
        return []
    subjects = {row["subject_id"] for row in rows}
    named = {row["subject_id"] for row in rows if row["subject_id"] not in (row["component_id"], row["project_id"])}
    ask_ahead(connection, [_current_question(subjects), _listed_question(named)], last=True)
    reviewed = defaultdict(list)
    for line in current_reviews(connection, subjects):
        words = ";".join(line["secondary_categories"] or ())
        reviewed[line["subject_id"]].append(line | {"secondary_categories": words or None})
    itself = {row["component_id"]: row for row in ask_dicts(connection, _listed_question(named))}
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


def _listed_question(component_ids: Collection[str]) -> Question:
    """The question for what lists show of some components, as far as the queue shows it too."""
    slots, values = slots_of("id", sorted(component_ids) or [""])
    return Question(_listed, (slots,), values)


def _listed(component_ids: Sequence[Any]) -> Select[Any]:
    listed = tables.listed_row
    columns = [listed.c[name] for name in (*ITSELF, "component_id")]
    return select(*columns).where(listed.c.component_id.in_(component_ids))


def _at_stake(filters: Filters) -> Select[Any]:
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
    )
