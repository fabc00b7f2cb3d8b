"""Releases: the numbered states of the data. Every change of the data makes one."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.types import Code


class Release(SQLModel, table=True):
    """One state of the data."""

    __tablename__ = "release"

    release_id: int | None = Field(default=None, primary_key=True)
    created_at: datetime
    run_id: int | None = Field(default=None, foreign_key="ingest_run.run_id")
    as_of: str | None = Field(default=None, sa_type=Code)
    taxonomy_version: str
    rules_version: str
    projects: int
    components: int
    content_sha256: str
