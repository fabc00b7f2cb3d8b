"""Ingest runs, and the records that did not get in, with the reason."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from models.types import Code
from models.vocabulary import RunStatus


class IngestRun(SQLModel, table=True):
    """One attempt to take records in, kept whether it succeeded or not."""

    __tablename__ = "ingest_run"

    run_id: int | None = Field(default=None, primary_key=True)
    adapter: str = Field(sa_type=Code)
    input_name: str
    input_sha256: str | None = None
    status: RunStatus = Field(sa_type=Code)
    detail: str | None = Field(default=None, sa_type=Text)
    started_at: datetime
    ended_at: datetime | None = None
    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    release_id: int | None = None


class RejectedRecord(SQLModel, table=True):
    """A record, or a field of it, that was refused: where, which value, why, and what would be right."""

    __tablename__ = "rejected_record"

    rejected_id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="ingest_run.run_id", index=True)
    place: str = Field(sa_type=Text)
    record_id: str | None = None
    field: str = Field(sa_type=Text)
    value: str | None = Field(default=None, sa_type=Text)
    reason: str = Field(sa_type=Text)
    whole_record: bool = True
    record: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
