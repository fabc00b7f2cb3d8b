"""Stores lists of components under permanent ids."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update

from db import tables
from db.ingest.records.ledger import NOBODY, Ledger
from db.ingest.records.matching import match_components
from db.ingest.records.precedence import ASKED_AGAIN, READING, has_news, weigh
from db.ingest.records.stored import content_hash, known_projects, listed_components
from db.ingest.records.validation import Valid
from db.store import batches, insert_rows, upsert
from models.component import Listed
from models.project import BUNDLE
from models.records import ComponentRecord
from models.vocabulary import Granularity

ALWAYS_HASHED = {
    *("project_id", "ordinal", "title", "description", "amount_cents", "amount_basis", "list_complete", "note"),
    *("source", "source_url", "as_of"),
}
"""The fields that components had in the first version: as hashes that are stored hold nulls of these, nothing is added here."""


def store_components(ledger: Ledger, lists: Mapping[str, Sequence[Valid]]) -> None:
    """Store whole lists of components, project by project, under permanent ids."""
    known, stored = known_projects(ledger.connection, lists), _stored_components(ledger, lists)
    corrected = _corrected(ledger, lists) if ledger.origin == BUNDLE else set()
    incomplete = ledger.refused_among([*lists, NOBODY])
    rows: list[dict[str, Any]] = []
    for project_id, listed in lists.items():
        if project_id in known:
            complete = not incomplete & {project_id, NOBODY}
            mine = stored.get(project_id, [])
            rows += _rows_of_list(ledger, listed, mine, complete, project_id in corrected)
        else:
            for valid in listed:
                ledger.reject(valid, "project_id", project_id, "no such project: load the project first")
    rows = _without_ids_of_projects(ledger, lists, rows, stored)
    _make_sure_of_projects(ledger, {row["project_id"] for row in rows})
    upsert(ledger.connection, tables.component, rows)


def _without_ids_of_projects(
    ledger: Ledger, lists: Mapping[str, Sequence[Valid]], rows: list[dict[str, Any]], stored: Mapping[str, list[Listed]]
) -> list[dict[str, Any]]:
    """Refuse new components whose id a project has; what is stored under such an id from before stays."""
    old = {component.component_id for some in stored.values() for component in some}
    new = [row["component_id"] for row in rows if row["component_id"] not in old]
    clashing = {key for piece in batches(new) for key in known_projects(ledger.connection, piece)}
    for row in rows:
        if (key := row["component_id"]) in clashing:
            valid = next(v for v in lists[row["project_id"]] if getattr(v.record, "ordinal", None) == row["ordinal"])
            reason = f"its id would be {key}, which a project has: decisions on it could not be told apart"
            ledger.reject(valid, "ordinal", row["ordinal"], reason)
            ledger.report.added -= 1
    return [row for row in rows if row["component_id"] not in clashing]


def _stored_components(ledger: Ledger, project_ids: Iterable[str]) -> dict[str, list[Listed]]:
    found = defaultdict(list)
    for component in listed_components(ledger.connection, project_ids, "number"):
        found[component.project_id].append(component)
    return found


def _corrected(ledger: Ledger, project_ids: Iterable[str]) -> set[str]:
    """Those of some projects of whose list a person changed something since it came with the data set that is shipped."""
    component, run = tables.component, tables.ingest_run
    query = select(component.c.project_id).join(run, run.c.run_id == component.c.run_id).distinct()
    listed = (component.c.granularity == Granularity.COMPONENT, component.c.project_id.in_(project_ids))
    stated = (*listed, component.c.extraction_confidence.is_(None))
    return set(ledger.connection.scalars(query.where(run.c.adapter != BUNDLE, *stated)))


def _rows_of_list(
    ledger: Ledger, listed: Sequence[Valid], stored: list[Listed], complete: bool, corrected: bool
) -> list[dict[str, Any]]:
    """The rows to write for a project's list, after those that it leaves out are withdrawn if it is complete."""
    by_record = {id(valid.record): valid for valid in listed}
    records = [valid.record for valid in listed if isinstance(valid.record, ComponentRecord)]
    if not has_news(records, stored, corrected):
        for record in records:
            _pass_by(ledger, by_record[id(record)], max(component.as_of or "" for component in stored))
        return []
    match = weigh(match_components(stored, records), records, stored)
    for record, reason in match.unsettled:
        ledger.reject(by_record[id(record)], "title", record.title, reason)
    taken = {component.number for component in stored}
    rows = []
    for record, component in sorted(match.settled, key=lambda pair: pair[0].ordinal):
        number = component.number if component else _new_number(record.ordinal, taken)
        taken.add(number)
        row = _component_row(ledger, record, number)
        if component and not component.withdrawn and component.content_sha256 == row["content_sha256"]:
            ledger.report.unchanged += 1
            continue
        if component and (record.as_of or "") < (component.as_of or ""):
            _pass_by(ledger, by_record[id(record)], component.as_of)
            continue
        ledger.report.changed += component is not None
        ledger.report.added += component is None
        rows.append(row)
    complete = complete and all(record.list_complete for record in records)
    if match.missing and not match.unsettled and complete:
        _withdraw(ledger, match.missing)
    if rows:
        ledger.touched.add(records[0].project_id)
    return rows


def _pass_by(ledger: Ledger, valid: Valid, newer: str | None) -> None:
    """Leave out a component that is older than what stands: of what comes again by itself that is nothing to tell."""
    if ledger.origin in ASKED_AGAIN:
        ledger.report.unchanged += 1
        return
    date = getattr(valid.record, "as_of", None)
    if date and date == newer:
        reason = f"read out of a text of {newer}: what a person listed as of that date stands"
    else:
        reason = f"{'older than' if date else 'without a date it yields to'} what is stored as of {newer}, which stands"
    ledger.reject(valid, "as_of", date, reason)


def _withdraw(ledger: Ledger, components: Sequence[Listed]) -> None:
    """Mark components that a complete, newer list no longer names. They stay readable, without money."""
    table = tables.component
    ids = [component.component_id for component in components]
    ledger.connection.execute(
        update(table).where(table.c.component_id.in_(ids)).values(withdrawn=True, run_id=ledger.report.run_id)
    )
    ledger.report.withdrawn += len(ids)
    ledger.touched.update(component.project_id for component in components)


def _component_row(ledger: Ledger, record: ComponentRecord, number: int) -> dict[str, Any]:
    said = record.model_dump(mode="json")
    return {
        "component_id": f"{record.project_id}-{number}",
        "project_id": record.project_id,
        "number": number,
        "ordinal": record.ordinal,
        "granularity": Granularity.COMPONENT,
        "title": record.title,
        "description": record.description,
        "stated_cents": record.amount_cents,
        "stated_measure": record.amount_basis,
        "list_complete": record.list_complete,
        "withdrawn": False,
        "note": record.note,
        "source_id": record.source,
        "source_url": record.source_url,
        "as_of": record.as_of,
        **{name: said[name] for name in READING},
        "content_sha256": component_hash(record, said),
        "run_id": ledger.report.run_id,
    }


def component_hash(record: ComponentRecord, said: Mapping[str, Any]) -> str:
    """Hash what a record says, given as what it dumps to in JSON. A field that it says nothing of is left out, so that hashes of
    before hold when a version adds one; those of `ALWAYS_HASHED` go in whether anything is said of them or not."""
    fields = {name: field for name, field in type(record).model_fields.items() if name not in ALWAYS_HASHED}
    unsaid = {name for name, field in fields.items() if getattr(record, name) == field.default}
    return content_hash({name: value for name, value in said.items() if name not in unsaid})


def _make_sure_of_projects(ledger: Ledger, project_ids: set[str]) -> None:
    """Components point to their project: where it is new in this run, a bare row stands in until it is rebuilt."""
    table, statement = tables.project, tables.project_statement
    there = set(ledger.connection.scalars(select(table.c.project_id).where(table.c.project_id.in_(project_ids))))
    query = select(statement.c.project_id, func.min(statement.c.source_id)).group_by(statement.c.project_id)
    sources = ledger.connection.execute(query.where(statement.c.project_id.in_(project_ids - there)))
    bare = [{"project_id": key, "name": key, "source_id": source} for key, source in sources]
    insert_rows(ledger.connection, table, bare)


def _new_number(wanted: int, taken: set[int]) -> int:
    return wanted if wanted not in taken else max(taken) + 1
