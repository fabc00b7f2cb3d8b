"""Stores what sources say of projects, each as a statement beside those of other sources."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from db import tables
from db.errors import FileRefusedError
from db.ingest.figures.merge import POLLED
from db.ingest.records.ledger import Ledger
from db.ingest.records.publishers import other_publisher, stored_publishers
from db.ingest.records.stored import content_hash, known_projects, projects_of_components
from db.ingest.records.validation import Valid
from db.moments import now
from db.store import upsert
from models.project import ORIGINS
from models.records import ProjectRecord


class Stored(NamedTuple):
    """What of a stored statement says whether another one is news."""

    origin: str
    as_of: str
    content_sha256: str
    run_id: int


def store_projects(ledger: Ledger, records: Sequence[Valid]) -> None:
    """Store project records as statements; one that says the same as before costs no write.

    Raises:
        FileRefusedError: if the way in is not among `ORIGINS`, for then nobody said how far it is trusted.
    """
    if records and ledger.origin not in ORIGINS:
        raise FileRefusedError(
            f"{ledger.origin!r} is no way in for projects: take them in by `python -m api ingest records`"
        )
    ids = [valid.record.project_id for valid in records if isinstance(valid.record, ProjectRecord)]
    stored, loaded = _stored_statements(ledger, ids), known_projects(ledger.connection, ids)
    components = projects_of_components(ledger.connection, [key for key in ids if "-" in key and key not in loaded])
    publishers = stored_publishers(ledger.connection, ledger.origin, [valid.record for valid in records])
    rows = []
    for valid in records:
        record = valid.record
        assert isinstance(record, ProjectRecord)
        if owner := components.get(record.project_id):
            reason = f"is in use for a component of {owner}: decisions on it could not be told apart"
            ledger.reject(valid, "project_id", record.project_id, reason)
            continue
        if other := other_publisher(record, publishers.get(record.project_id, [])):
            name = record.reporting_org or record.reporting_org_ref
            ledger.reject(
                valid, "reporting_org", name, f"{other} reports {record.project_id} already: one of them must err"
            )
            continue
        content = record.model_dump(mode="json", exclude_unset=True, exclude={"as_of", "country_shares"})
        content["source"] = record.source
        content["located"] = [list(pair) for pair in valid.countries]
        digest = content_hash(content)
        if _says_nothing_new(ledger, stored.get(record.project_id, ()), record.as_of or "", digest):
            ledger.report.unchanged += 1
            continue
        ledger.report.changed += record.project_id in loaded
        ledger.report.added += record.project_id not in loaded
        ledger.touched.add(record.project_id)
        rows.append(_statement_row(ledger, record, content, digest, valid.retrieved_at or now()))
    upsert(ledger.connection, tables.project_statement, rows)


def _statement_row(
    ledger: Ledger, record: ProjectRecord, content: dict[str, Any], digest: str, retrieved_at: datetime
) -> dict[str, Any]:
    return {
        "project_id": record.project_id,
        "origin": ledger.origin,
        "as_of": record.as_of or "",
        "source_id": record.source,
        "parent_project_id": record.parent_project_id,
        "content_sha256": digest,
        "retrieved_at": retrieved_at,
        "run_id": ledger.report.run_id,
        "record": content | {"as_of": record.as_of},
    }


def _says_nothing_new(ledger: Ledger, stored: Sequence[Stored], as_of: str, digest: str) -> bool:
    """A repetition is news where another source of the same way in and date has spoken since, for it overrules that one. At a
    later date it confirms; except from a way in that is asked again and again, as long as no other has spoken since: then it
    says what decides already."""
    mine = [(said.as_of, said.content_sha256) for said in stored if said.origin == ledger.origin]
    if (as_of, digest) in mine:
        return digest in _last_said(ledger, stored, as_of)
    if ledger.origin not in POLLED or not mine or max(mine)[0] > as_of:
        return False
    newest, content = max(mine)
    return content == digest and not any(
        said.origin != ledger.origin and newest <= said.as_of <= as_of for said in stored
    )


def _last_said(ledger: Ledger, stored: Sequence[Stored], as_of: str) -> set[str]:
    """Content hashes of what came last by this way in for a date; of several where one run brought them."""
    of_date = [said for said in stored if (said.origin, said.as_of) == (ledger.origin, as_of)]
    last = max(said.run_id for said in of_date)
    return {said.content_sha256 for said in of_date if said.run_id == last}


def _stored_statements(ledger: Ledger, project_ids: Sequence[str]) -> dict[str, list[Stored]]:
    """What is known of some projects."""
    table = tables.project_statement
    found = defaultdict(list)
    query = select(table.c.project_id, *(table.c[name] for name in Stored._fields)).where(
        table.c.project_id.in_(project_ids)
    )
    for project_id, *statement in ledger.connection.execute(query):
        found[project_id].append(Stored(*statement))
    return found
