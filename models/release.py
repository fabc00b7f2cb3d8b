"""Releases: the numbered states of the data. Every change of the data makes one, and says what changed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.types import Code
from models.versions import Versions
from models.vocabulary import Granularity, Measure, Relevance


class Release(SQLModel, table=True):
    """One state of the data."""

    __tablename__ = "release"

    release_id: int | None = Field(default=None, primary_key=True)
    created_at: datetime
    run_id: int | None = Field(default=None, foreign_key="ingest_run.run_id")
    as_of: str | None = Field(default=None, sa_type=Code)
    taxonomy_version: str
    rules_version: str
    method_version: str
    projects: int
    components: int
    rows_added: int
    rows_changed: int
    rows_removed: int
    content_sha256: str

    @property
    def versions(self) -> Versions:
        """The versions that its figures were made with."""
        return Versions(self.taxonomy_version, self.rules_version, self.method_version)


class Change(StrEnum):
    """What a release did to a row of money."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class ReleaseChange(SQLModel, table=True):
    """A row's money in one category under one measure, before and after a release; only where the two differ.

    For every measure, category and status the sums of new less old amounts are the differences of the two releases'
    totals.
    """

    __tablename__ = "release_change"

    release_id: int = Field(primary_key=True)
    component_id: str = Field(sa_type=Code, primary_key=True)
    project_id: str = Field(sa_type=Code, primary_key=True)
    measure: Measure = Field(sa_type=Code, primary_key=True)
    category: str = Field(sa_type=Code, primary_key=True)
    change: Change = Field(sa_type=Code)
    granularity: Granularity = Field(sa_type=Code)
    old_relevance: Relevance | None = Field(default=None, sa_type=Code)
    new_relevance: Relevance | None = Field(default=None, sa_type=Code)
    old_status: str | None = Field(default=None, sa_type=Code)
    new_status: str | None = Field(default=None, sa_type=Code)
    old_amount_cents: int | None = Field(default=None, sa_type=BigInteger)
    new_amount_cents: int | None = Field(default=None, sa_type=BigInteger)
    old_partial_cents: int | None = Field(default=None, sa_type=BigInteger)
    new_partial_cents: int | None = Field(default=None, sa_type=BigInteger)
