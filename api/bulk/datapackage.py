"""Describes the bulk files of a release as a Data Package."""

from collections.abc import Iterable, Sequence

from api.answers.frames import LICENCE
from api.answers.negotiation import MEDIA_TYPES, Format
from api.answers.terms import SOURCES
from api.bulk.files import KeptFile
from api.bulk.tables import TABLES
from api.exports.columns import Column, Kind
from db.moments import in_utc
from models.datapackage import (
    DataPackage,
    FieldType,
    PackageField,
    PackageLicence,
    PackageResource,
    PackageSchema,
    PackageSource,
)
from models.release import Release
from models.source import Source, are_open

TYPES: dict[Kind, FieldType] = {
    Kind.TEXT: "string",
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "number",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIME: "datetime",
    Kind.LIST: "array",
    Kind.OBJECT: "string",
}
DESCRIPTION = (
    "Projects of development banks, the rows that carry their money, and spend by category, year and country, classified "
    "by how far it serves migration. `amount_usd` counts in full, `partial_usd` is money of which an unknown part counts. "
    "Projects and components are there whatever they serve and whatever their status. What of them serves no migration "
    "stands in `left_out_usd`, and in no other amount. Spend is what serves migration, without "
    "projects that were dropped."
)
PACKAGED = (Format.CSV, Format.PARQUET)


def data_package(base: str, release: Release, files: Iterable[KeptFile], sources: Sequence[Source]) -> DataPackage:
    """Describe a release's files, whose rows come from these sources. `base` is the address of this service, without a slash
    at its end.
    """
    address = f"{base}/v1/releases/{release.release_id}"
    others = [] if are_open(sources) else [PackageLicence(title="Terms of other sources", path=f"{base}{SOURCES}")]
    return DataPackage(
        profile="data-package",
        name="migration-finance",
        title=f"Migration finance of development banks, release {release.release_id}",
        description=DESCRIPTION,
        version=f"{release.release_id}.0.0",
        created=in_utc(release.created_at),
        homepage=address,
        licenses=[
            PackageLicence(name="CC-BY-4.0", title="Creative Commons Attribution 4.0 International", path=LICENCE),
            *others,
        ],
        sources=[
            PackageSource(title=one.name, path=one.url, licence=one.licence, attribution=one.attribution)
            for one in sources
        ],
        resources=[_resource(address, file) for file in files if file.format in PACKAGED],
    )


def _resource(address: str, file: KeptFile) -> PackageResource:
    table, is_text = TABLES[file.table], file.format is Format.CSV
    columns = table.columns if file.columns is None else file.columns  # the file may be older than today's table
    return PackageResource(
        name=file.name,
        title=table.title,
        description=table.description,
        path=f"{address}/files/{file.name}",
        format=file.format,
        mediatype=MEDIA_TYPES[file.format],
        encoding="utf-8" if is_text else None,
        bytes=file.bytes,
        hash=f"sha256:{file.sha256}",
        profile="tabular-data-resource" if is_text else "data-resource",
        table_schema=_schema(columns, table.key, is_text),
    )


def _schema(columns: Sequence[Column], key: Sequence[str], is_text: bool) -> PackageSchema:
    return PackageSchema(
        fields_=[_field(column, is_text) for column in columns],
        primary_key=list(key) or None,
        missing_values=[""] if is_text else [],
    )


def _field(column: Column, is_text: bool) -> PackageField:
    joined = is_text and column.kind is Kind.LIST
    return PackageField(
        name=column.name,
        type="string" if joined else TYPES[column.kind],
        description=column.description + (" Several are joined by `;`." if joined else ""),
        unit=column.unit,
    )
