"""Ingest runs, what was sent for them with a key, and the records that did not get in, with the reason."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from pydantic import Field as Doc
from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.types import Code
from models.vocabulary import OnError, RunStatus


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
    withdrawn: int = 0
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


class Submission(SQLModel, table=True):
    """What was sent over HTTP for a run: by which key and on which terms. `folder` holds the body until the run ends.

    `fingerprint` tells one request from another that comes with the same `idempotency_key`.
    """

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("key_id", "idempotency_key"),)

    run_id: int = Field(primary_key=True, foreign_key="ingest_run.run_id")
    key_id: int = Field(foreign_key="api_key.key_id")
    dry_run: bool = False
    on_error: OnError = Field(sa_type=Code)
    bytes: int = 0
    folder: str | None = Field(default=None, sa_type=Code)
    idempotency_key: str | None = Field(default=None, sa_type=Code)
    fingerprint: str = Field(sa_type=Code)
    queued_at: datetime
    attempts: int = 0


class RunPublic(BaseModel):
    """A run as the service shows it. `read` is the sum of `added`, `changed`, `unchanged` and `rejected`."""

    run_id: int = Doc(description="Number.", examples=[7])
    status: RunStatus = Doc(
        description="`queued`, `running`, `done`, `refused` (nothing of it was kept), or `interrupted` (nothing was kept so far)."
    )
    detail: str | None = Doc(description="Why it was refused or interrupted.")
    dry_run: bool = Doc(description="True where the numbers say what would happen, and nothing was stored.")
    on_error: OnError | None = Doc(
        description="What becomes of good records where others are bad; null for runs of the command line."
    )
    adapter: str = Doc(description="How the input was read.", examples=["records"])
    input_name: str = Doc(description="Name of the file, or of what a body was kept as.", examples=["records.csv"])
    input_sha256: str | None = Doc(description="Hash of the input, after decompression.")
    bytes: int | None = Doc(description="Length of a body, after decompression.")
    key_id: int | None = Doc(description="Number of the key it came with; null for runs of the command line.")
    key_name: str | None = Doc(description="Name of that key.", examples=["statistics office"])
    queued_at: datetime | None = Doc(description="When a body had come whole, UTC.")
    started_at: datetime = Doc(description="When the work began, or a body was queued, UTC.")
    ended_at: datetime | None = Doc(description="When the run ended, UTC.")
    read: int = Doc(description="Records read.")
    added: int = Doc(description="Records that are new.")
    changed: int = Doc(description="Records that change what is stored.")
    unchanged: int = Doc(description="Records that say what is stored already.")
    rejected: int = Doc(description="Records that did not get in; `errors` says why.")
    withdrawn: int = Doc(description="Stored components that a newer, complete list no longer names.")
    release_id: int | None = Doc(description="The release that the run made; null where nothing changed.")


class RunErrorPublic(BaseModel):
    """A record, or a value of it, that did not get in, and why."""

    place: str = Doc(
        description="Where it stands: `line 3` of a CSV or JSON lines, a JSON pointer else.", examples=["/0"]
    )
    line: int | None = Doc(description="The line; null for JSON.")
    pointer: str | None = Doc(
        description="JSON pointer (RFC 6901) to the value; null but for JSON.", examples=["/0/name"]
    )
    record_id: str | None = Doc(description="Whom the record is about.", examples=["P174085"])
    field: str = Doc(description="Field, or `record` for all of it.", examples=["countries"])
    value: str | None = Doc(description="What was sent, cut after 200 characters.")
    reason: str = Doc(description="What is wrong, and what would be right.")
    kept: bool = Doc(description="True where the record was kept without this value.")
