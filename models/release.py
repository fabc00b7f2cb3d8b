"""Releases: the numbered states of the data. Every change of the data makes one, and says what changed."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel
from pydantic import Field as Doc
from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.money import Usd
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
    checked_at: datetime | None = None

    def __hash__(self) -> int:
        """Let what follows from a release be remembered; equal ones have equal numbers."""
        return hash(self.release_id)

    @property
    def versions(self) -> Versions:
        """The versions that its figures were made with."""
        return Versions(self.taxonomy_version, self.rules_version, self.method_version)


class Change(StrEnum):
    """What a release did to a row of money."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Moved(StrEnum):
    """What differs between a row's money in a category before and after a release."""

    AMOUNT = "amount"
    COUNTRY = "country"
    LENDER = "lender"
    APPROVAL_DATE = "approval_date"
    STATUS = "status"
    RELEVANCE = "relevance"
    CONFIDENCE = "confidence"
    METHOD = "method"
    INSTRUMENT = "instrument"
    SOURCE = "source"
    GRANULARITY = "granularity"


class ProjectHash(SQLModel, table=True):
    """The hash of what answers say of one project: its row, its components, their verdicts and facts.

    It is computed from these (`db/ingest/figures/hashing.py`); the hash of a release's content is one of all these hashes.
    """

    __tablename__ = "project_hash"
    __table_args__ = ({"sqlite_with_rowid": False},)

    project_id: str = Field(sa_type=Code, primary_key=True, foreign_key="project.project_id")
    content_sha256: str


class ReleaseChange(SQLModel, table=True):
    """A row's money in one category under one measure, before and after a release; only where the two differ.

    For every measure, category and status the sums of new less old amounts are the differences of the two releases'
    totals. `moved` and the countries are codes with blanks between them; null where an earlier version of the program wrote none.
    """

    __tablename__ = "release_change"

    release_id: int = Field(primary_key=True)
    component_id: str = Field(sa_type=Code, primary_key=True)
    project_id: str = Field(sa_type=Code, primary_key=True)
    measure: Measure = Field(sa_type=Code, primary_key=True)
    category: str = Field(sa_type=Code, primary_key=True)
    change: Change = Field(sa_type=Code)
    granularity: Granularity = Field(sa_type=Code)
    moved: str | None = Field(default=None, sa_type=Code)
    old_relevance: Relevance | None = Field(default=None, sa_type=Code)
    new_relevance: Relevance | None = Field(default=None, sa_type=Code)
    old_status: str | None = Field(default=None, sa_type=Code)
    new_status: str | None = Field(default=None, sa_type=Code)
    old_approval_date: date | None = None
    new_approval_date: date | None = None
    old_countries: str | None = Field(default=None, sa_type=Code)
    new_countries: str | None = Field(default=None, sa_type=Code)
    old_amount_cents: int | None = Field(default=None, sa_type=BigInteger)
    new_amount_cents: int | None = Field(default=None, sa_type=BigInteger)
    old_partial_cents: int | None = Field(default=None, sa_type=BigInteger)
    new_partial_cents: int | None = Field(default=None, sa_type=BigInteger)


class ReleasePublic(BaseModel):
    """A state of the data as the service shows it."""

    release_id: int = Doc(description="Number; a newer state has a greater one.", examples=[1])
    created_at: datetime = Doc(description="When it was made, UTC.", examples=["2026-11-24T08:00:00Z"])
    as_of: str | None = Doc(description="Newest date on which a source loaded said something.", examples=["2025-03-31"])
    taxonomy_version: str = Doc(description="Version of the taxonomy.", examples=["1.0.0"])
    rules_version: str = Doc(description="Version of the classification rules.", examples=["1.0.0"])
    method_version: str = Doc(description="Version of how rows become money.", examples=["1.1.0"])
    projects: int = Doc(description="Projects stored.", examples=[184])
    components: int = Doc(description="Listed components stored.", examples=[285])
    rows_added: int = Doc(description="Rows of money that came in with it.", examples=[457])
    rows_changed: int = Doc(description="Rows of money of which it changed how or where they count.", examples=[0])
    rows_removed: int = Doc(description="Rows of money that no longer count.", examples=[0])
    content_sha256: str = Doc(
        description="Hash of what answers are made of; equal data have equal ones.",
        examples=["ff60cbb3688b403b1fba086ff5e34e8ef7fcac71a9f7303a5ce50215ac32b41c"],
    )
    run_id: int | None = Doc(description="The ingest run that made it.", examples=[1])


class ReleaseFile(BaseModel):
    """A bulk file of a release."""

    name: str = Doc(description="Name.", examples=["components.parquet"])
    url: str = Doc(
        description="Address; what it holds never changes.",
        examples=["http://127.0.0.1:8000/v1/releases/1/files/components.parquet"],
    )
    format: str = Doc(description="`csv`, `jsonl` or `parquet`.", examples=["parquet"])
    media_type: str = Doc(description="Media type.", examples=["application/vnd.apache.parquet"])
    rows: int = Doc(description="Rows.", examples=[440])
    bytes: int = Doc(description="Length in bytes.", examples=[60211])
    sha256: str = Doc(
        description="Hash of the whole file, hexadecimal; also its entity tag.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )


class ReleaseDetail(ReleasePublic):
    """A state of the data with its bulk files."""

    files: list[ReleaseFile] | None = Doc(
        description="Whole tables to take away; null: the files of this release are not kept any more."
    )


class ReleaseChangePublic(BaseModel):
    """A row's money in one category, before and after a release."""

    component_id: str = Doc(description="The row of money.", examples=["P174085-3"])
    project_id: str = Doc(description="The project whose money it is.", examples=["P174085"])
    category: str = Doc(description="Category.", examples=["worker_return"])
    measure: Measure = Doc(description="What the amounts measure.")
    granularity: Granularity = Doc(description="What the row stands for.")
    change: Change = Doc(description="What the release did to the row as a whole.")
    moved: list[Moved] | None = Doc(
        description="What differs; empty where the money came into the category or left it. `country` and `lender`: others, or "
        "the same money spread otherwise. null: not kept by the version of the program that made the release.",
        examples=[["country", "approval_date"]],
    )
    old_relevance: Relevance | None = Doc(description="Before: how far it served migration; null: not counted here.")
    new_relevance: Relevance | None = Doc(description="After: how far it serves migration; null: not counted here.")
    old_status: str | None = Doc(description="Before: status of the project.", examples=["Active"])
    new_status: str | None = Doc(description="After: status of the project.", examples=["Closed"])
    old_approval_date: date | None = Doc(description="Before: when the project was approved.")
    new_approval_date: date | None = Doc(description="After: when the project was approved; this gives the year.")
    old_countries: list[str] | None = Doc(description="Before: places in which it counted.", examples=[["JOR"]])
    new_countries: list[str] | None = Doc(description="After: places in which it counts.", examples=[["JOR", "LBN"]])
    old_amount_usd: Usd | None = Doc(description="Before: money that counted in full, US dollars.")
    new_amount_usd: Usd | None = Doc(description="After: money that counts in full, US dollars.")
    old_partial_usd: Usd | None = Doc(description="Before: money of which an unknown part counted, US dollars.")
    new_partial_usd: Usd | None = Doc(description="After: money of which an unknown part counts, US dollars.")
