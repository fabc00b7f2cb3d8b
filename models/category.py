"""Categories of migration finance as the service shows and stores them."""

from typing import Any

from pydantic import BaseModel
from pydantic import Field as Doc
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from models.types import Code


class Category(SQLModel, table=True):
    """A category of the taxonomy version that the stored classifications use."""

    __tablename__ = "category"

    code: str = Field(sa_type=Code, primary_key=True)
    group_code: str = Field(sa_type=Code)
    label: str
    definition: str
    includes: list[str] = Field(default_factory=list, sa_type=JSON)
    excludes: list[str] = Field(default_factory=list, sa_type=JSON)
    mappings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    position: int
    taxonomy_version: str


class CategoryPublic(BaseModel):
    """A category with its meaning and how much is stored under it."""

    code: str = Doc(description="Stable code.", examples=["worker_mobility"])
    group: str = Doc(description="The group that it belongs to.", examples=["economic_migration"])
    label: str = Doc(description="Readable name.", examples=["Worker mobility"])
    definition: str = Doc(description="What belongs here.")
    includes: list[str] = Doc(description="Examples of what is counted.")
    excludes: list[str] = Doc(description="What is not counted, and where it goes instead.")
    mappings: dict[str, list[str]] = Doc(
        description="Codes of other systems: OECD purpose codes, SDG targets, objectives of the Global Compact for "
        "Migration, World Bank themes."
    )
    sets: list[str] = Doc(description="Named sets that hold this category.", examples=[["brief_worker_mobility"]])
    projects: int = Doc(description="Projects with a commitment counted under this category.")
    components: int = Doc(description="Listed components with a commitment counted under this category.")
    taxonomy_version: str = Doc(description="Version of the taxonomy.")
