"""Stores valid records as statements, components and reviews, and remembers which projects they touch."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from db import tables
from db.ingest.matching import match_components
from db.ingest.merge import POLLED
from db.ingest.precedence import READING, has_news, weigh
from db.ingest.publishers import other_publisher, stored_publishers
from db.ingest.report import Report
from db.ingest.stored import listed_components
from db.ingest.validation import Rejection, Valid, storable
from db.store import batches, insert_rows, now, upsert
from models.component import Listed
from models.records import ComponentRecord, ProjectRecord, ReviewRecord, share_to_ppm
from models.vocabulary import Granularity

NOBODY = ""
"""Stands among the refused for a line that was too broken to say whom it is about."""


class Sink:
    """Takes in the records of one run. `touched` names the projects whose answers may change.

    `refused` names the owners of component and review lines that were refused: their lists and decisions are incomplete.
    """

    def __init__(self, connection: Connection, origin: str, report: Report) -> None:
        self.connection = connection
        self.origin = origin
        self.report = report
        self.touched: set[str] = set()
        self.rejections: list[Rejection] = []
        self.refused: set[str] = set()

    def reject(self, valid: Valid, field: str, value: object, reason: str) -> None:
        """Refuse a record that is valid by itself but does not fit what is stored."""
        fields = {
            name: str(item)[:200] for name, item in valid.record.model_dump(mode="json").items() if item is not None
        }
        identifier = str(fields.get("project_id") or fields.get("subject_id"))
        self.rejections.append(Rejection(valid.place, identifier, field, storable(value), reason, fields))
        self.report.rejected += 1
        self.refused.add(identifier)

    def projects(self, records: Sequence[Valid]) -> None:
        """Store project records as statements; one that says the same as before costs no write."""
        ids = [valid.record.project_id for valid in records if isinstance(valid.record, ProjectRecord)]
        stored, loaded = self._stored_statements(ids), self._known_projects(ids)
        publishers = stored_publishers(self.connection, self.origin, [valid.record for valid in records])
        rows = []
        for valid in records:
            record = valid.record
            assert isinstance(record, ProjectRecord)
            if other := other_publisher(record, publishers.get(record.project_id, [])):
                name = record.reporting_org or record.reporting_org_ref
                self.reject(
                    valid, "reporting_org", name, f"{other} reports {record.project_id} already: one of them must err"
                )
                continue
            content = record.model_dump(mode="json", exclude_unset=True, exclude={"as_of", "country_shares"})
            content["source"] = record.source
            content["located"] = [list(pair) for pair in valid.countries]
            digest = _digest(content)
            if self._says_nothing_new(stored.get(record.project_id, ()), record.as_of or "", digest):
                self.report.unchanged += 1
                continue
            self.report.changed += record.project_id in loaded
            self.report.added += record.project_id not in loaded
            self.touched.add(record.project_id)
            rows.append(
                {
                    "project_id": record.project_id,
                    "origin": self.origin,
                    "as_of": record.as_of or "",
                    "source_id": record.source,
                    "parent_project_id": record.parent_project_id,
                    "content_sha256": digest,
                    "retrieved_at": valid.retrieved_at or now(),
                    "run_id": self.report.run_id,
                    "record": content | {"as_of": record.as_of},
                }
            )
        upsert(self.connection, tables.project_statement, rows)

    def _says_nothing_new(self, stored: Sequence[tuple[str, str, str]], as_of: str, digest: str) -> bool:
        """A repetition at a later date is news, it confirms; except from a way in that is asked again and again, as long
        as no other has spoken since: then it says what decides already."""
        mine = [(date, content) for origin, date, content in stored if origin == self.origin]
        if (as_of, digest) in mine:
            return True
        if self.origin not in POLLED or not mine or max(mine)[0] > as_of:
            return False
        newest, content = max(mine)
        return content == digest and not any(
            origin != self.origin and newest <= date <= as_of for origin, date, _ in stored
        )

    def _stored_statements(self, project_ids: Sequence[str]) -> dict[str, list[tuple[str, str, str]]]:
        """Origin, date and content hash of what is known of some projects."""
        table = tables.project_statement
        found = defaultdict(list)
        query = select(table.c.project_id, table.c.origin, table.c.as_of, table.c.content_sha256).where(
            table.c.project_id.in_(project_ids)
        )
        for project_id, *statement in self.connection.execute(query):
            found[project_id].append(tuple(statement))
        return found

    def components(self, records: Sequence[Valid]) -> None:
        """Store lists of components, project by project, under permanent ids."""
        lists: dict[str, list[Valid]] = defaultdict(list)
        for valid in records:
            lists[valid.record.project_id].append(valid)  # type: ignore[union-attr]
        for piece in batches(sorted(lists)):
            known = self._known_projects(piece)
            stored = self._stored_components(piece)
            rows: list[dict[str, Any]] = []
            for project_id in piece:
                if project_id in known:
                    rows += self._rows_of_list(lists[project_id], stored.get(project_id, []))
                else:
                    for valid in lists[project_id]:
                        self.reject(valid, "project_id", project_id, "no such project: load the project first")
            self._make_sure_of_projects({row["project_id"] for row in rows})
            upsert(self.connection, tables.component, rows)

    def _known_projects(self, ids: Sequence[str]) -> set[str]:
        column = tables.project_statement.c.project_id
        return set(self.connection.scalars(select(column).where(column.in_(ids)).distinct()))

    def _stored_components(self, project_ids: Sequence[str]) -> dict[str, list[Listed]]:
        found = defaultdict(list)
        for component in listed_components(self.connection, project_ids, "number"):
            found[component.project_id].append(component)
        return found

    def _rows_of_list(self, listed: list[Valid], stored: list[Listed]) -> list[dict[str, Any]]:
        """The rows to write for a project's list, after those that it leaves out are withdrawn."""
        by_record = {id(valid.record): valid for valid in listed}
        records = [valid.record for valid in listed if isinstance(valid.record, ComponentRecord)]
        if not has_news(records, stored):
            self.report.unchanged += len(records)
            return []
        match = weigh(match_components(stored, records), records, stored)
        for record, reason in match.unsettled:
            self.reject(by_record[id(record)], "title", record.title, reason)
        taken = {component.number for component in stored}
        rows = []
        for record, component in sorted(match.settled, key=lambda pair: pair[0].ordinal):
            number = component.number if component else _new_number(record.ordinal, taken)
            taken.add(number)
            row = self._component_row(record, number)
            if component and not component.withdrawn and component.content_sha256 == row["content_sha256"]:
                self.report.unchanged += 1
                continue
            self.report.changed += component is not None
            self.report.added += component is None
            rows.append(row)
        complete = all(record.list_complete for record in records) and not self.refused & {
            records[0].project_id,
            NOBODY,
        }
        if match.missing and not match.unsettled and complete:
            self._withdraw(match.missing)
        if rows:
            self.touched.add(records[0].project_id)
        return rows

    def _withdraw(self, components: Sequence[Listed]) -> None:
        """Mark components that a complete, newer list no longer names. They stay readable, without money."""
        table = tables.component
        ids = [component.component_id for component in components]
        self.connection.execute(update(table).where(table.c.component_id.in_(ids)).values(withdrawn=True))
        self.report.withdrawn += len(ids)
        self.touched.update(component.project_id for component in components)

    def _component_row(self, record: ComponentRecord, number: int) -> dict[str, Any]:
        reading = record.model_dump(mode="json", include=READING)
        unread = {name for name, value in reading.items() if value is None}  # so that hashes of before hold
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
            **reading,
            "content_sha256": _digest(record.model_dump(mode="json", exclude=unread)),
            "run_id": self.report.run_id,
        }

    def _make_sure_of_projects(self, project_ids: set[str]) -> None:
        """Components point to their project: where it is new in this run, a bare row stands in until it is rebuilt."""
        table, statement = tables.project, tables.project_statement
        there = set(self.connection.scalars(select(table.c.project_id).where(table.c.project_id.in_(project_ids))))
        query = select(statement.c.project_id, func.min(statement.c.source_id)).group_by(statement.c.project_id)
        sources = self.connection.execute(query.where(statement.c.project_id.in_(project_ids - there)))
        bare = [{"project_id": key, "name": key, "source_id": source} for key, source in sources]
        insert_rows(self.connection, table, bare)

    def reviews(self, records: Sequence[Valid]) -> None:
        """Store decisions; a new one on a subject takes the place of the old, which is kept as history."""
        subjects: dict[str, list[Valid]] = defaultdict(list)
        for valid in records:
            subjects[valid.record.subject_id].append(valid)  # type: ignore[union-attr]
        for piece in batches(sorted(subjects)):
            owners = self._owners(piece)
            current = self._current_reviews(piece)
            for subject in piece:
                self._store_decision(subject, subjects[subject], owners.get(subject), current.get(subject, []))

    def _owners(self, subjects: Sequence[str]) -> dict[str, str]:
        table = tables.component
        query = select(table.c.component_id, table.c.project_id).where(table.c.component_id.in_(subjects))
        owners: dict[str, str] = {row.component_id: row.project_id for row in self.connection.execute(query)}
        return owners | {project_id: project_id for project_id in self._known_projects(subjects)}

    def _current_reviews(self, subjects: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        table = tables.review
        query = select(table).where(table.c.subject_id.in_(subjects), table.c.superseded.is_(False))
        found = defaultdict(list)
        for row in self.connection.execute(query.order_by(table.c.position)).mappings():
            found[row["subject_id"]].append(dict(row))
        return found

    def _store_decision(
        self, subject: str, lines: list[Valid], owner: str | None, current: list[dict[str, Any]]
    ) -> None:
        if subject in self.refused:
            for valid in lines:
                self.reject(
                    valid, "subject_id", subject, "another line of this decision was refused: the old one stands"
                )
            return
        if owner is None:
            for valid in lines:
                self.reject(valid, "subject_id", subject, "no such project or component")
            return
        rows = [_review_row(valid.record, position) for position, valid in enumerate(lines)]  # type: ignore[arg-type]
        codes = [row["category_code"] for row in rows]
        if repeated := next((code for code in codes if codes.count(code) > 1), None):
            for valid in lines:
                self.reject(
                    valid, "category", repeated, f"{subject} names {repeated} twice: one line for each category"
                )
            return
        shares = [row["share_ppm"] for row in rows if row["share_ppm"] is not None]
        if shares and sum(shares) != 1_000_000:
            for valid in lines:
                total = f"{sum(shares) / 10_000:g}"
                self.reject(valid, "share_percent", total, f"the shares of {subject} sum to {total}, expected 100")
            return
        if rows == [{name: line[name] for name in rows[0]} for line in current]:
            self.report.unchanged += len(rows)
            return
        table = tables.review
        self.connection.execute(
            update(table).where(table.c.subject_id == subject, table.c.superseded.is_(False)).values(superseded=True)
        )
        insert_rows(self.connection, table, [row | {"superseded": False, "run_id": self.report.run_id} for row in rows])
        self.report.changed += len(rows) if current else 0
        self.report.added += 0 if current else len(rows)
        self.touched.add(owner)


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


def _new_number(wanted: int, taken: set[int]) -> int:
    return wanted if wanted not in taken else max(taken) + 1


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
