"""Stores decisions of people on projects and components."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select, update

from db import tables
from db.ingest.records.ledger import Ledger
from db.ingest.records.stored import known_projects, projects_of_components
from db.ingest.records.validation import Valid
from db.store import insert_rows
from models.component import stands_in
from models.money import PPM
from models.project import BUNDLE
from models.records import ReviewRecord, share_to_ppm

Lines = list[dict[str, Any]]
"""The lines of one decision, as they are stored."""

SAID = (
    *("subject_id", "category_code", "position", "share_ppm", "secondary", "relevance", "certainty"),
    *("reason", "reviewer", "reviewed_on"),
)
"""What a record says of a decision."""


def store_reviews(ledger: Ledger, decisions: Mapping[str, Sequence[Valid]]) -> None:
    """Store whole decisions; a new one on a subject takes the place of the old, which is kept as history."""
    owners, made = _owners(ledger, decisions), _decisions_made(ledger, decisions)
    incomplete = ledger.refused_among(decisions, ReviewRecord)
    for subject, lines in decisions.items():
        if stands_in(subject) and owners.get(subject, subject) != subject:
            for valid in lines:
                reason = f"stands for money of the project beside its components: review the project {owners[subject]} instead"
                ledger.reject(valid, "subject_id", subject, reason)
        elif subject in incomplete:
            for valid in lines:
                ledger.reject(
                    valid, "subject_id", subject, "another line of this decision was refused: the old one stands"
                )
        else:
            _store_decision(ledger, subject, lines, owners.get(subject), made.get(subject, []))


def _owners(ledger: Ledger, subjects: Iterable[str]) -> dict[str, str]:
    owners = projects_of_components(ledger.connection, subjects)
    return owners | {project_id: project_id for project_id in known_projects(ledger.connection, subjects)}


def _decisions_made(ledger: Ledger, subjects: Iterable[str]) -> dict[str, list[Lines]]:
    """The decisions on each subject, the one that counts last, and their lines in order."""
    table = tables.review
    query = select(table).where(table.c.subject_id.in_(subjects))
    found: dict[str, dict[tuple[bool, int], Lines]] = defaultdict(lambda: defaultdict(list))
    for row in ledger.connection.execute(query.order_by(table.c.run_id, table.c.position)).mappings():
        found[row["subject_id"]][not row["superseded"], row["run_id"]].append(dict(row))
    return {subject: [lines for _, lines in sorted(made.items())] for subject, made in found.items()}


def _store_decision(
    ledger: Ledger, subject: str, lines: Sequence[Valid], owner: str | None, made: Sequence[Lines]
) -> None:
    if owner is None:
        for valid in lines:
            ledger.reject(valid, "subject_id", subject, "no such project or component")
        return
    rows = [_review_row(valid.record, position) for position, valid in enumerate(lines)]  # type: ignore[arg-type]
    current = made[-1] if made and not made[-1][0]["superseded"] else []
    if fault := _fault_of(subject, rows):
        field, value, reason = fault
        for valid in lines:
            ledger.reject(valid, field, value or getattr(valid.record, field), reason)
    elif rows == _said(current) or (ledger.origin == BUNDLE and _is_known(ledger, rows, made)):
        ledger.report.unchanged += len(rows)
    elif current and _day(rows) < _day(current) and rows[0]["reviewer"] != current[0]["reviewer"]:
        for valid in lines:
            reason = f"older than the decision of {_day(current)} by {current[0]['reviewer']}, which stands"
            ledger.reject(valid, "reviewed_on", _day(rows).isoformat(), reason)
    else:
        _supersede(ledger, subject, rows)
        ledger.report.changed += len(rows) if current else 0
        ledger.report.added += 0 if current else len(rows)
        ledger.touched.add(owner)


def _fault_of(subject: str, rows: Lines) -> tuple[str, str | None, str] | None:
    """The field, the value where it is not each line's own, and the reason why the lines are no decision together."""
    codes = [row["category_code"] for row in rows]
    if repeated := next((code for code in codes if codes.count(code) > 1), None):
        return "category", repeated, f"{subject} names {repeated} twice: one line for each category"
    shares = [row["share_ppm"] for row in rows if row["share_ppm"] is not None]
    if len(rows) > 1 and len(shares) < len(rows):
        reason = f"{subject} has {len(rows)} lines: expected share_percent in each of them, or one line alone"
        return "share_percent", None, reason
    if shares and sum(shares) != PPM:
        total = f"{sum(shares) / 10_000:.10g}"  # all four decimals
        return "share_percent", None, f"the shares of {subject} sum to {total}, expected 100"
    return None


def _said(decision: Lines) -> Lines:
    """The lines of a stored decision as a record says them."""
    return [{name: line[name] for name in SAID} for line in decision]


def _is_known(ledger: Ledger, rows: Lines, made: Sequence[Lines]) -> bool:
    """Whether what is shipped says nothing new: it said the same last time, or somebody has decided since, not before its day."""
    run = tables.ingest_run
    runs = {decision[0]["run_id"] for decision in made}
    shipped_by = set(
        ledger.connection.scalars(select(run.c.run_id).where(run.c.adapter == BUNDLE, run.c.run_id.in_(runs)))
    )
    shipped = [decision for decision in made if decision[0]["run_id"] in shipped_by]
    if shipped and rows == _said(shipped[-1]):
        return True
    by_others = bool(made) and made[-1][0]["run_id"] not in shipped_by
    return by_others and _day(rows) <= _day(made[-1])


def _supersede(ledger: Ledger, subject: str, rows: Lines) -> None:
    table = tables.review
    ledger.connection.execute(
        update(table).where(table.c.subject_id == subject, table.c.superseded.is_(False)).values(superseded=True)
    )
    insert_rows(ledger.connection, table, [row | {"superseded": False, "run_id": ledger.report.run_id} for row in rows])


def _day(lines: Lines) -> date:
    """The last day on which a decision was worked on."""
    days: list[date] = [line["reviewed_on"] for line in lines]
    return max(days)


def _review_row(record: ReviewRecord, position: int) -> dict[str, Any]:
    return {
        "subject_id": record.subject_id,
        "category_code": record.category,
        "position": position,
        "share_ppm": None if record.share_percent is None else share_to_ppm(record.share_percent),
        "secondary": list(record.secondary_categories),
        "relevance": record.relevance,
        "certainty": record.certainty,
        "reason": record.reason,
        "reviewer": record.reviewer,
        "reviewed_on": record.reviewed_on,
    }
