"""Where records come from."""

from sqlmodel import Field, SQLModel

from models.types import Code


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
