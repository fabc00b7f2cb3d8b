"""Stores lists of components under permanent ids."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import func, select, update

from db import tables
from db.ingest.records.ledger import NOBODY, Ledger
from db.ingest.records.matching import match_components
from db.ingest.records.precedence import ASKED_AGAIN, READING, has_news, is_whole, weigh
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

Refusal = tuple[str, object, str]
"""A field, its value, and why a record cannot be taken."""

ANOTHER = "another line of this list was refused: a list is taken whole or not at all"


class Change(NamedTuple):
    """A component to write: the one that stands under its id, or `None` for a new one, and its row."""

    record: ComponentRecord
    stands: Listed | None
    row: dict[str, Any]


@dataclass(slots=True)
class Draft:
    """What would become of a project's list. Nothing of it is written before it is known whether it can be taken whole.

    `lacking`: a line of it was refused before it came here. `refusals` go by the place of a record in the list; `why_not`
    says why a whole list is not taken, though none of its lines is refused. `left_out` are components that stand and that
    it does not name.
    """

    listed: Sequence[Valid]
    whole: bool
    lacking: bool
    left_out: Sequence[Listed]
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    refusals: dict[int, Refusal] = field(default_factory=dict)
    why_not: str = ""

    def refuse(self, record: ComponentRecord, *refusal: *Refusal) -> None:
        """Refuse a record of the list."""
        self.refusals[record.ordinal] = refusal


def store_components(ledger: Ledger, lists: Mapping[str, Sequence[Valid]]) -> None:
    """Store lists of components, project by project, under permanent ids: a whole list as a whole or not at all."""
    known, stored = known_projects(ledger.connection, lists), _stored_components(ledger, lists)
    corrected = _corrected(ledger, lists) if ledger.origin == BUNDLE else set()
    incomplete = ledger.refused_among([*lists, NOBODY], ComponentRecord)
    drafts: list[Draft] = []
    for project_id, listed in lists.items():
        mine = stored.get(project_id, [])
        records = _records(listed)
        if project_id not in known:
            for valid in listed:
                ledger.reject(valid, "project_id", project_id, "no such project: load the project first")
        elif not has_news(records, mine, project_id in corrected):
            for valid in listed:
                _pass_by(ledger, valid, max(component.as_of or "" for component in mine))
        else:
            drafts.append(_draft(ledger, listed, mine, project_id in incomplete, doubtful=NOBODY in incomplete))
    _refuse_ids_of_projects(ledger, drafts)
    rows = [row for draft in drafts for row in _taken(ledger, draft)]
    _make_sure_of_projects(ledger, {row["project_id"] for row in rows})
    upsert(ledger.connection, tables.component, rows)


def _records(listed: Sequence[Valid]) -> list[ComponentRecord]:
    return [valid.record for valid in listed if isinstance(valid.record, ComponentRecord)]


def _refuse_ids_of_projects(ledger: Ledger, drafts: Sequence[Draft]) -> None:
    """Refuse new components whose id a project has; what is stored under such an id from before stays."""
    new = [change.row["component_id"] for draft in drafts for change in draft.changes if change.stands is None]
    clashing = {key for piece in batches(new) for key in known_projects(ledger.connection, piece)}
    for draft in drafts:
        for record, stands, row in draft.changes:
            if stands is None and (key := row["component_id"]) in clashing:
                reason = f"its id would be {key}, which a project has: decisions on it could not be told apart"
                draft.refuse(record, "ordinal", record.ordinal, reason)


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


def _draft(ledger: Ledger, listed: Sequence[Valid], stored: list[Listed], lacking: bool, doubtful: bool) -> Draft:
    """Match a list to what stands. `lacking`: a line of it was refused; `doubtful`: one that may be of any list."""
    records = _records(listed)
    match = weigh(match_components(stored, records), records, stored)
    draft = Draft(listed, is_whole(records, stored), lacking, match.missing)
    for record, reason in match.unsettled:
        draft.refuse(record, "title", record.title, reason)
    taken = {component.number for component in stored}
    for record, component in sorted(match.settled, key=lambda pair: pair[0].ordinal):
        number = component.number if component else _new_number(record.ordinal, taken)
        taken.add(number)
        _weigh_line(ledger, draft, Change(record, component, _component_row(ledger, record, number, lacking)))
    if doubtful and match.missing and not lacking:
        names = ", ".join(component.component_id for component in match.missing[:5])
        draft.why_not = (
            f"its list leaves out {names}, and a line was refused that does not say whose it is, so that it may be of it: "
            "a list is taken whole or not at all"
        )
    return draft


def _weigh_line(ledger: Ledger, draft: Draft, change: Change) -> None:
    """Decide on a line whose component is known."""
    record, stands, row = change
    same = stands and not stands.withdrawn and stands.content_sha256 == row["content_sha256"]
    if same and stands and (draft.lacking or stands.list_complete == record.list_complete):
        draft.unchanged += 1
    elif stands and (record.as_of or "") < (stands.as_of or ""):
        if ledger.origin in ASKED_AGAIN:
            draft.unchanged += 1
        else:
            draft.refuse(record, "as_of", record.as_of, _older(record, stands.as_of))
    else:
        draft.changes.append(change)


def _taken(ledger: Ledger, draft: Draft) -> list[dict[str, Any]]:
    """The rows to write of a list, after what it leaves out is withdrawn if it is complete; none where it cannot be taken.

    Half of a list beside the other half of the one before would be amounts that no source ever stated together. Where nothing
    would change but for the line that is refused, as when a file is sent again, it alone is refused.
    """
    lines = list(zip(draft.listed, _records(draft.listed), strict=True))
    would_change = draft.changes or draft.left_out
    if draft.whole and would_change and (draft.lacking or draft.refusals or draft.why_not):
        for valid, record in lines:
            other = "project_id", record.project_id, draft.why_not or ANOTHER
            ledger.reject(valid, *draft.refusals.get(record.ordinal, other))
        return []
    for valid, record in lines:
        if record.ordinal in draft.refusals:
            ledger.reject(valid, *draft.refusals[record.ordinal])
    changes = [change for change in draft.changes if change.record.ordinal not in draft.refusals]
    ledger.report.unchanged += draft.unchanged
    ledger.report.changed += sum(change.stands is not None for change in changes)
    ledger.report.added += sum(change.stands is None for change in changes)
    ledger.touched.update(change.record.project_id for change in changes)
    if draft.left_out and all(record.list_complete for _, record in lines):
        _withdraw(ledger, draft.left_out)
    return [change.row for change in changes]


def _pass_by(ledger: Ledger, valid: Valid, newer: str | None) -> None:
    """Leave out a component of an older list than what stands: of what comes again by itself that is nothing to tell."""
    if ledger.origin in ASKED_AGAIN:
        ledger.report.unchanged += 1
    else:
        (record,) = _records([valid])
        ledger.reject(valid, "as_of", record.as_of, _older(record, newer))


def _older(record: ComponentRecord, newer: str | None) -> str:
    if record.as_of and record.as_of == newer:
        return f"read out of a text of {newer}: what a person listed as of that date stands"
    return (
        f"{'older than' if record.as_of else 'without a date it yields to'} what is stored as of {newer}, which stands"
    )


def _withdraw(ledger: Ledger, components: Sequence[Listed]) -> None:
    """Mark components that a complete, newer list no longer names. They stay readable, without money."""
    table = tables.component
    ids = [component.component_id for component in components]
    ledger.connection.execute(
        update(table).where(table.c.component_id.in_(ids)).values(withdrawn=True, run_id=ledger.report.run_id)
    )
    ledger.report.withdrawn += len(ids)
    ledger.touched.update(component.project_id for component in components)


def _component_row(ledger: Ledger, record: ComponentRecord, number: int, lacking: bool) -> dict[str, Any]:
    """The row of a component; of a list that is `lacking` a line, it is of a part of one."""
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
        "list_complete": record.list_complete and not lacking,
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
