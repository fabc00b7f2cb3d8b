"""Projects: what is stored of them and how they are shown."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel
from pydantic import Field as Doc
from sqlalchemy import JSON, BigInteger, Index, Text
from sqlmodel import Field, SQLModel

from models.filters import DROPPED
from models.money import Usd
from models.types import Code
from models.vocabulary import Inclusion, Lender, Measure, Method, Relevance


class Project(SQLModel, table=True):
    """A project as all its sources together describe it. Amounts are integer cents of US dollars, `None`: not stated."""

    __tablename__ = "project"
    __table_args__ = (Index("ix_project_financing", "additional_financing", "parent_project_id"),)

    project_id: str = Field(sa_type=Code, primary_key=True)
    name: str = Field(sa_type=Text)
    objective: str | None = Field(default=None, sa_type=Text)
    place: str | None = None
    region: str | None = None
    regional: bool = False
    status: str | None = Field(default=None, sa_type=Code)
    approval_date: date | None = None
    closing_date: date | None = None
    instrument: str | None = Field(default=None, sa_type=Code)
    additional_financing: bool = False
    parent_project_id: str | None = Field(default=None, sa_type=Code, index=True)
    included_in_parent: Inclusion | None = Field(default=None, sa_type=Code, index=True)
    parent_evidence: str | None = Field(default=None, sa_type=Text)
    ibrd_cents: int | None = Field(default=None, sa_type=BigInteger)
    ida_cents: int | None = Field(default=None, sa_type=BigInteger)
    grant_cents: int | None = Field(default=None, sa_type=BigInteger)
    other_cents: int | None = Field(default=None, sa_type=BigInteger)
    commitment_cents: int | None = Field(default=None, sa_type=BigInteger)
    counted_cents: int | None = Field(default=None, sa_type=BigInteger)
    counted_note: str | None = Field(default=None, sa_type=Text)
    cost_cents: int | None = Field(default=None, sa_type=BigInteger)
    disbursement_cents: int | None = Field(default=None, sa_type=BigInteger)
    borrower: str | None = Field(default=None, sa_type=Text)
    implementing_agency: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    sectors: list[str] = Field(default_factory=list, sa_type=JSON, sa_column_kwargs={"server_default": "[]"})
    themes: list[str] = Field(default_factory=list, sa_type=JSON, sa_column_kwargs={"server_default": "[]"})
    tags: list[str] = Field(default_factory=list, sa_type=JSON)
    source_id: str = Field(sa_type=Code, foreign_key="source.source_id")
    source_url: str | None = Field(default=None, sa_type=Text)
    as_of: str | None = Field(default=None, sa_type=Code)
    category: str = Field(sa_type=Code, default="not_migration")
    relevance: Relevance = Field(sa_type=Code, default=Relevance.NONE)
    method: Method = Field(sa_type=Code, default=Method.RULES, sa_column_kwargs={"server_default": Method.RULES.value})
    confidence: float = Field(default=0.0, sa_column_kwargs={"server_default": "0"})


class ProjectStatement(SQLModel, table=True):
    """What one source said of a project at one date, kept as it was read, so that differences stay visible.

    Of two sources that came in one way and hold for one date the one that came last overrules (`run_id`).
    `origin` is the way it came in, one of `ORIGINS`; `as_of` is empty where the source has no date, and `retrieved_at` is
    when the source was asked or the file read.
    """

    __tablename__ = "project_statement"

    project_id: str = Field(sa_type=Code, primary_key=True)
    origin: str = Field(sa_type=Code, primary_key=True)
    as_of: str = Field(default="", sa_type=Code, primary_key=True)
    source_id: str = Field(sa_type=Code, primary_key=True, foreign_key="source.source_id")
    parent_project_id: str | None = Field(default=None, sa_type=Code, index=True)
    content_sha256: str
    retrieved_at: datetime
    run_id: int = Field(foreign_key="ingest_run.run_id")
    record: dict[str, Any] = Field(sa_type=JSON)


class Dated(Protocol):
    """Something that came in one way and holds for one date."""

    @property
    def origin(self) -> str: ...  # noqa: D102
    @property
    def as_of(self) -> str: ...  # noqa: D102


class Said(NamedTuple):
    """What of a statement a project is made of."""

    origin: str
    as_of: str
    record: dict[str, Any]


AnyDated = TypeVar("AnyDated", bound=Dated)

BUNDLE = "bundle"
"""The way in of the data set that the program ships, which comes again with each version of it."""

ORIGINS = ("iati", "worldbank-export", "worldbank-api", "records", BUNDLE)
"""The ways in, the most trusted last: it wins where two speak of the same date."""

REPEATING = frozenset({"iati"})
"""Ways in that publish again what others say at first hand: of any date, they only fill what these leave open."""


def by_precedence(statements: Iterable[AnyDated]) -> list[AnyDated]:
    """Sort statements so that a later one overrules; those of one way in and date stay in the order that they have."""
    return sorted(statements, key=lambda said: precedence(said.origin, said.as_of))


def precedence(origin: str, as_of: str) -> tuple[bool, str, int, str]:
    """What statements sort by: first those that repeat others, then by date, then by trust in the way they came in.

    No statement comes in by a way that `ORIGINS` does not name; one that is stored since before that was refused counts least.
    """
    trust = ORIGINS.index(origin) if origin in ORIGINS else -1
    return origin not in REPEATING, as_of, trust, origin


class ProjectCountry(SQLModel, table=True):
    """A place of a project. Where shares are known, or there is one place, they sum to 1,000,000 over the project.

    A country that a regional project names without a share has `share_ppm` null: the money is in its region's bucket.
    """

    __tablename__ = "project_country"

    project_id: str = Field(sa_type=Code, primary_key=True, foreign_key="project.project_id")
    country_code: str = Field(sa_type=Code, primary_key=True, foreign_key="country.code")
    share_ppm: int | None = None


class ProjectAmount(SQLModel, table=True):
    """A project's whole amount in one place, of one lender, under one measure, in cents: what `basis=project` counts."""

    __tablename__ = "project_amount"

    project_id: str = Field(sa_type=Code, primary_key=True, foreign_key="project.project_id")
    country_code: str = Field(sa_type=Code, primary_key=True, foreign_key="country.code")
    measure: Measure = Field(sa_type=Code, primary_key=True)
    lender: Lender = Field(sa_type=Code, primary_key=True)
    amount_cents: int | None = Field(default=None, sa_type=BigInteger)


class ProjectPublic(BaseModel):
    """A project as the service shows it."""

    project_id: str = Doc(description="Identifier at the source.", examples=["P174085"])
    name: str = Doc(description="Name.", examples=["Recovery and Advancement of Informal Sector Employment"])
    objective: str | None = Doc(description="Development objective, where a source gives it.")
    countries: list[str] = Doc(
        description="Places in which its money is counted: ISO alpha-3 codes, or a bucket's code.", examples=[["BGD"]]
    )
    place: str | None = Doc(description="The place as the source writes it.", examples=["Bangladesh"])
    region: str | None = Doc(description="Region as the source writes it.", examples=["South Asia"])
    regional: bool = Doc(
        description="True where it serves a region or the world, so that its money is counted in a bucket, not in countries."
    )
    status: str | None = Doc(description="Active, Closed, Pipeline or Dropped.", examples=["Active"])
    approval_date: date | None = Doc(description="Date of board approval.", examples=["2021-03-24"])
    closing_date: date | None = Doc(description="Closing date.")
    year: int | None = Doc(description="Calendar year of approval.", examples=[2021])
    fiscal_year: int | None = Doc(description="World Bank fiscal year of approval (July to June, named by its end).")
    instrument: str | None = Doc(description="Lending instrument.", examples=["Investment Project Financing"])
    sectors: list[str] = Doc(description="Sectors, in the order and the words of the source.", examples=[["Health"]])
    themes: list[str] = Doc(
        description="Themes, likewise. Sectors and themes are read for the verdict of the rules.",
        examples=[["Migration, Remittances and Diaspora Engagement"]],
    )
    borrower: str | None = Doc(description="Borrower.", examples=["People's Republic of Bangladesh"])
    implementing_agency: str | None = Doc(description="Who carries it out.")
    additional_financing: bool = Doc(description="True for an additional financing, a project of its own.")
    parent_project_id: str | None = Doc(description="The project that an additional financing adds to.")
    included_in_parent: Inclusion | None = Doc(description="Whether the parent's stated amount holds this one.")
    parent_evidence: str | None = Doc(description="Where that is said.")
    ibrd_usd: Usd | None = Doc(description="IBRD commitment, US dollars; null: not stated.")
    ida_usd: Usd | None = Doc(description="IDA commitment, US dollars; null: not stated.")
    grant_usd: Usd | None = Doc(description="Grants, US dollars; null: not stated.")
    other_usd: Usd | None = Doc(description="Other commitments, US dollars; null: not stated.")
    commitment_usd: Usd | None = Doc(description="Commitment as the source states it, US dollars.")
    counted_usd: Usd | None = Doc(
        description="Commitment that is counted here: without what counts in another project."
    )
    counted_note: str | None = Doc(description="Why the counted amount differs from the stated one.")
    cost_usd: Usd | None = Doc(description="Whole cost with co-financing, US dollars.")
    disbursement_usd: Usd | None = Doc(description="Paid out, US dollars.")
    amount_usd: Usd | None = Doc(
        description="Money of the project in the filter that counts in full, US dollars; null: no amount is stated. "
        "Without a filter: what is counted of its commitment as migration. Where `relevance=none` is asked for, money that "
        "serves no migration is in it, whatever `category` says of the project."
    )
    partial_usd: Usd | None = Doc(description="Money in the filter of which an unknown part serves migration.")
    category: str = Doc(description="Category of the project as a whole.", examples=["worker_return"])
    relevance: Relevance = Doc(description="How far the project as a whole serves migration.")
    method: str = Doc(description="`review`, `rules` or `derived`: what gave the verdict on the project as a whole.")
    confidence: float = Doc(
        description="How sure that verdict is, 0 to 1; a review counts 0.9 when sure and 0.5 when doubtful.",
        examples=[0.9],
    )
    tags: list[str] = Doc(description="Labels set by hand.", examples=[["brief_example"]])
    note: str | None = Doc(description="What to keep in mind when reading the figures.")
    source_id: str = Doc(description="Where the amounts come from.", examples=["worldbank-projects"])
    source_url: str | None = Doc(description="Address of the record.")
    as_of: str | None = Doc(description="Date on which the source said it.", examples=["2025-03-31"])


class ProjectInFile(ProjectPublic):
    """A project as the file of all projects has it: no filter is asked for, and nothing is out of sight."""

    amount_usd: Usd | None = Doc(
        description="Money of the project that counts in full as migration, US dollars; null: no amount is stated."
    )
    partial_usd: Usd | None = Doc(
        description="Money of the project of which an unknown part serves migration, US dollars."
    )
    left_out_usd: Usd | None = Doc(
        description="Money of the project's rows that is in neither, US dollars: it serves no migration, or is the cost of "
        "refugees inside donor countries (`in_donor_refugee_costs`), which no total holds; null: no amount is stated."
    )


class ProjectSaid(BaseModel):
    """What one source said of a project at one date, as it was read; null: it said nothing of that."""

    source_id: str = Doc(description="Which source.", examples=["worldbank-projects"])
    origin: str = Doc(description="The way it came in.", examples=["worldbank-export"])
    as_of: str | None = Doc(description="Date on which the source said it.", examples=["2025-03-31"])
    retrieved_at: datetime = Doc(description="When it was taken from there.")
    run_id: int = Doc(description="The ingest run that brought it.", examples=[1])
    source_url: str | None = Doc(description="Address of the record.")
    reporting_org: str | None = Doc(description="Who reports it, where others than the source's publisher do.")
    reported_id: str | None = Doc(description="Its identifier there, as written.", examples=["44000-P174085"])
    name: str | None = Doc(description="Name.")
    objective: str | None = Doc(description="Development objective.")
    countries: list[str] = Doc(
        description="ISO alpha-3 codes, or a bucket's code, of the places that it names.", examples=[["BGD"]]
    )
    place: str | None = Doc(description="The place as written.")
    region: str | None = Doc(description="Region as written.")
    instrument: str | None = Doc(description="Lending instrument.")
    sectors: list[str] = Doc(description="Sectors, as written.", examples=[["Health"]])
    themes: list[str] = Doc(description="Themes, as written.")
    borrower: str | None = Doc(description="Borrower.")
    implementing_agency: str | None = Doc(description="Who carries it out.")
    status: str | None = Doc(description="Status.")
    approval_date: date | None = Doc(description="Date of board approval.")
    closing_date: date | None = Doc(description="Closing date.")
    ibrd_usd: Usd | None = Doc(description="IBRD commitment, US dollars.")
    ida_usd: Usd | None = Doc(description="IDA commitment, US dollars.")
    grant_usd: Usd | None = Doc(description="Grants, US dollars.")
    other_usd: Usd | None = Doc(description="Other commitments, US dollars.")
    commitment_usd: Usd | None = Doc(description="Commitment, US dollars.")
    cost_usd: Usd | None = Doc(description="Whole cost with co-financing, US dollars.")
    disbursement_usd: Usd | None = Doc(description="Paid out, US dollars.")
    purpose_codes: list[str] = Doc(
        description="OECD DAC purpose codes, with their percentage where known.", examples=[["24050:30"]]
    )
    conversions: list[str] = Doc(
        description="Amounts in other currencies that its dollars come from, each with date and rate.",
        examples=[["commitment: EUR 100.00 of 2019-03-19 at 1.1358 (2019-03-19) = USD 113.58"]],
    )
    note: str | None = Doc(description="What to keep in mind about this statement.")


class ProjectDetail(ProjectPublic):
    """A project with what each of its sources said."""

    statements: list[ProjectSaid] = Doc(
        description="What each source said, the one that overrules the others first; a later date overrules an earlier."
    )
    differing: list[str] = Doc(
        description="Columns in which the statements contradict each other.", examples=[["commitment_usd"]]
    )


def fiscal_year(day: date | None) -> int | None:
    """World Bank fiscal year of a date: July to June, named by the year in which it ends."""
    return None if day is None else day.year + (day.month >= 7)


def lineage(parents: Mapping[str, str | None], project_id: str) -> list[str]:
    """A project, its parent, the parent of that, and so on, up to the topmost, or until they come round in a ring."""
    path = [project_id]
    while (parent := parents.get(path[-1])) is not None and parent not in path:
        path.append(parent)
    return path


def is_held_in_parent(project: Mapping[str, Any]) -> bool:
    """Whether the amount of a project's parent is known to hold the project's own; of one that was dropped it holds nothing."""
    return bool(project["included_in_parent"] == Inclusion.YES and project["status"] != DROPPED)
