"""Where records come from."""

from collections.abc import Iterable

from pydantic import BaseModel
from pydantic import Field as Doc
from sqlmodel import Field, SQLModel

from models.types import Code

WORLDBANK_PROJECTS = "worldbank-projects"
"""The source of records of the World Bank's own operations."""

SECONDARY_COPIES = "secondary-copies"
"""The source of rows that another host copied from documents of the publisher: to be shown as such."""

OPEN_LICENCE = "CC-BY-4.0"
"""The terms of what this service adds of its own, as sources that are under the same name them."""


class SourceBase(SQLModel):
    """A publisher's data set or collection, with the terms under which its facts are passed on."""

    source_id: str = Field(sa_type=Code, primary_key=True, description="Short code.")
    name: str = Field(description="What the source is called.")
    publisher: str = Field(description="Who publishes it.")
    url: str | None = Field(default=None, description="Where it is found.")
    licence: str = Field(description="The licence or terms.")
    attribution: str = Field(description="How to name the source when its figures are used.")
    note: str | None = Field(default=None, description="What to keep in mind when using it.")


class Source(SourceBase, table=True):
    """A row of the table of sources."""

    __tablename__ = "source"


class SourcePublic(BaseModel):
    """A source with its terms and how much of it is loaded."""

    source_id: str = Doc(description="Short code.", examples=["worldbank-projects"])
    name: str = Doc(description="What the source is called.")
    publisher: str = Doc(description="Who publishes it.")
    url: str | None = Doc(description="Where it is found.")
    licence: str = Doc(description="The licence or terms.")
    attribution: str = Doc(description="How to name the source when its figures are used.")
    note: str | None = Doc(description="What to keep in mind when using it.")
    projects: int = Doc(description="Projects whose record comes from it.", examples=[184])
    components: int = Doc(description="Listed components that come from it.", examples=[285])
    oldest_as_of: str | None = Doc(description="Oldest date on which it said something that is loaded.")
    newest_as_of: str | None = Doc(description="Newest date on which it said something that is loaded.")


def are_open(sources: Iterable[SourceBase]) -> bool:
    """Whether all sources are under the licence of this service's own data."""
    return all(source.licence == OPEN_LICENCE for source in sources)
