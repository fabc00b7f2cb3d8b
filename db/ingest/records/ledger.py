"""What a run notes while it takes records in: what is refused and why, and whom it touches."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from db import tables
from db.ingest.memory import collect
from db.ingest.records.staging import Entry, Staged
from db.ingest.records.validation import Rejection, Valid
from db.ingest.report import Report
from db.store import insert_rows
from models.records import AnyRecord
from models.texts import storable

NOBODY = ""
"""Stands among the refused for a line that was too broken to say whom it is about."""


class Ledger:
    """Stands beside the records of one run, which come some at a time. `touched` names the projects whose answers may change.

    Of lines that were refused it notes the owners and of which kind they are: that list, or that decision, is incomplete.
    All of these hold what is new since the last `keep` alone.
    """

    def __init__(self, connection: Connection, origin: str, report: Report, touched: Staged, refused: Staged) -> None:
        self.connection = connection
        self.origin = origin
        self.report = report
        self.touched: set[str] = set()
        self.rejections: list[Rejection] = []
        self._refused: set[tuple[str, str]] = set()
        self._all_touched = touched
        self._all_refused = refused

    def keep(self) -> None:
        """Write down what was refused and what was touched, so that memory is free for what follows."""
        rows = [rejection_row(self.report.run_id, rejection) for rejection in self.rejections]
        insert_rows(self.connection, tables.rejected_record, rows)
        self._all_touched.add_missing(map(Entry, self.touched))
        self._all_refused.add_missing(Entry(*refused) for refused in self._refused)
        for new in (self.rejections, self.touched, self._refused):
            new.clear()
        collect()

    def reject(self, valid: Valid, field: str, value: object, reason: str) -> None:
        """Refuse a record that is valid by itself but does not fit what is stored."""
        fields = {
            name: str(item)[:200] for name, item in valid.record.model_dump(mode="json").items() if item is not None
        }
        identifier = str(fields.get("project_id") or fields.get("subject_id"))
        shown = None if value is None else storable(value)
        self.rejections.append(Rejection(valid.place, identifier, field, shown, reason, fields))
        self.report.rejected += 1
        self.note_refused(identifier, type(valid.record))

    def note_refused(self, owner: str, kind: type[AnyRecord]) -> None:
        """Note that a line of somebody was refused, or of `NOBODY`. What was refused of one kind says nothing of another."""
        self._refused.add((owner, kind.__name__))

    def refused_among(self, owners: Collection[str], kind: type[AnyRecord]) -> set[str]:
        """Those of some owners of whom a line of that kind was refused."""
        refused = self._all_refused.places(owners).keys() | self._refused
        return {owner for owner in owners if (owner, kind.__name__) in refused}


def rejection_row(run_id: int, rejection: Rejection) -> dict[str, Any]:
    """Make a rejection a row of its table."""
    return {
        "run_id": run_id,
        "place": rejection.place,
        "record_id": rejection.record_id,
        "field": rejection.field,
        "value": rejection.value,
        "reason": rejection.reason,
        "record": rejection.record,
        "whole_record": rejection.whole,
    }
