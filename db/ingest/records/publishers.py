"""Tells apart organisations that report under one identifier: what one said must not pass for what the other said."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from db import tables
from models.records import AnyRecord, ProjectRecord

Publisher = dict[str, Any]
"""The fields of a record that say who reports it."""


def stored_publishers(connection: Connection, origin: str, records: Sequence[AnyRecord]) -> dict[str, list[Publisher]]:
    """Return who has reported the projects of some records by a way in so far; nothing for records without a publisher."""
    table = tables.project_statement
    project_ids = [
        r.project_id for r in records if isinstance(r, ProjectRecord) and (r.reporting_org or r.reporting_org_ref)
    ]
    query = select(table.c.project_id, table.c.record).where(
        table.c.project_id.in_(project_ids), table.c.origin == origin
    )
    found: dict[str, list[Publisher]] = defaultdict(list)
    for project_id, record in connection.execute(query):
        if record.get("reporting_org") or record.get("reporting_org_ref"):
            found[project_id].append(record)
    return found


def other_publisher(record: ProjectRecord, stored: Sequence[Publisher]) -> str | None:
    """Name an organisation other than the record's that has reported the same project, or `None`.

    An organisation that has changed its identifier says so: the older one is among its former ones.
    """
    mine = _names(record.reporting_org_ref, record.reporting_org)
    for other in stored:
        theirs = _names(other.get("reporting_org_ref"), other.get("reporting_org"))
        former = {
            *map(str.casefold, record.reporting_org_former),
            *map(str.casefold, other.get("reporting_org_former", [])),
        }
        if mine and theirs and mine.isdisjoint(theirs) and (mine | theirs).isdisjoint(former):
            return str(other.get("reporting_org") or other.get("reporting_org_ref"))
    return None


def _names(ref: str | None, name: str | None) -> set[str]:
    """By its identifier where there is one, else by its name."""
    return {(ref or name or "").casefold()} - {""}
