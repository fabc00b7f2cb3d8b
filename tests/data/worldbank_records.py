"""Reads made-up projects of the Projects API straight through its adapter."""

from datetime import UTC, datetime
from typing import Any

from db.ingest.adapters.worldbank_api import to_record
from models.records import ProjectRecord
from tests.data.fake_worldbank import synthetic

WHEN = datetime(2026, 2, 1, 9, tzinfo=UTC)
GONE = object()
"""Stands for a field that is absent."""


def read(**fields: Any) -> tuple[ProjectRecord, tuple[tuple[str, str, str], ...]]:
    """The valid record of a made-up project with some fields changed, and what was set aside of it."""
    source = {name: value for name, value in synthetic(1, **fields).items() if value is not GONE}
    record = to_record("page 1", "P900001", source, WHEN)
    assert record.broken is None
    return ProjectRecord.model_validate(record.fields), record.set_aside
