"""Data Package, version 1 (https://specs.frictionlessdata.io): tables with what their columns mean, for programs."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Doc

FieldType = Literal["string", "integer", "number", "boolean", "date", "datetime", "array"]


class PackageField(BaseModel):
    """A column."""

    name: str = Doc(description="Name.", examples=["amount_usd"])
    type: FieldType = Doc(description="Type of the values.", examples=["number"])
    description: str = Doc(description="What it means.")
    unit: str | None = Doc(default=None, description="What its numbers count.", examples=["USD"])


class PackageSchema(BaseModel):
    """The columns of a table."""

    model_config = ConfigDict(populate_by_name=True)

    fields_: list[PackageField] = Doc(alias="fields", description="Columns, in their order.")
    primary_key: list[str] | None = Doc(
        default=None, alias="primaryKey", description="Columns that tell two rows apart and are never empty, if any do."
    )
    missing_values: list[str] = Doc(alias="missingValues", description="What stands where there is no value.")


class PackageResource(BaseModel):
    """A file."""

    model_config = ConfigDict(populate_by_name=True)

    name: str = Doc(description="Name, unique in the package.", examples=["components.csv"])
    title: str = Doc(description="Title.", examples=["Components"])
    description: str = Doc(description="Which rows it holds.")
    path: str = Doc(description="Address.", examples=["http://127.0.0.1:8000/v1/releases/1/files/components.csv"])
    format: str = Doc(description="`csv` or `parquet`.", examples=["csv"])
    mediatype: str = Doc(description="Media type.", examples=["text/csv"])
    encoding: str | None = Doc(default=None, description="Encoding of text.", examples=["utf-8"])
    bytes: int = Doc(description="Length in bytes.", examples=[60211])
    hash: str = Doc(
        description="Hash of the file.",
        examples=["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    profile: str = Doc(description="Kind of resource.", examples=["tabular-data-resource"])
    table_schema: PackageSchema = Doc(alias="schema", description="Its columns.")


class PackageLicence(BaseModel):
    """Terms of use."""

    name: str | None = Doc(default=None, description="Code of the licence, where it has one.", examples=["CC-BY-4.0"])
    title: str = Doc(description="Its title.")
    path: str = Doc(description="Its text.")


class PackageSource(BaseModel):
    """Where rows come from, and under which terms."""

    title: str = Doc(description="Name.")
    path: str | None = Doc(default=None, description="Address.")
    licence: str = Doc(description="Licence or terms of the source.")
    attribution: str = Doc(description="How to name the source.")


class DataPackage(BaseModel):
    """The bulk files of a release, described."""

    profile: str = Doc(description="Kind of package.", examples=["data-package"])
    name: str = Doc(description="Name.", examples=["migration-finance"])
    title: str = Doc(description="Title.")
    description: str = Doc(description="What it is.")
    version: str = Doc(description="The release, as the first number of a version.", examples=["1.0.0"])
    created: datetime = Doc(description="When the release was made, UTC.", examples=["2026-11-24T08:00:00Z"])
    homepage: str = Doc(description="The release at this service.", examples=["http://127.0.0.1:8000/v1/releases/1"])
    licenses: list[PackageLicence] = Doc(description="Terms of use of the package.")
    sources: list[PackageSource] = Doc(description="Where rows come from.")
    resources: list[PackageResource] = Doc(description="Files.")
