"""Builds small input files, and shows what became of them in the database."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from sqlalchemy import Engine, select

from db import tables
from db.engine import reading
from db.ingest.adapters.adapter import Adapter
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from db.ingest.report import Report

LOGS = ("ingest_run", "rejected_record")

PROJECT = {
    "project_id": "X1",
    "name": "Roads and migrants",
    "countries": "UGA",
    "status": "Active",
    "approval_date": "2020-05-01",
    "commitment_usd": "5000000",
    "source": "user-records",
}

_CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def csv_text(*records: Mapping[str, str]) -> str:
    """Write records as CSV under the columns that any of them has."""
    out = io.StringIO()
    columns = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


def worth(write: Callable[[str, str], Path], dollars: int) -> Path:
    """Write a file with `PROJECT` alone, whose commitment is so many dollars: with another one it makes another release."""
    return write(f"{dollars}.csv", csv_text({**PROJECT, "commitment_usd": str(dollars)}))


def jsonl_text(*records: Mapping[str, Any], kind: str = "project") -> str:
    """Write records as JSON, one a line."""
    return "".join(json.dumps({"type": kind, **record}) + "\n" for record in records)


def xlsx_bytes(rows: Sequence[Sequence[str | int | float]], more: str = "") -> bytes:
    """Write a workbook with one sheet, as small as Excel would still open; `more` is XML that follows its rows."""
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(_cell(f"{_letters(column)}{number}", value) for column, value in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    relation = "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>{}</Relationships>"
    link = '<Relationship Id="r1" Type="' + _OFFICE + '/{}" Target="{}"/>'
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": relation.format(link.format("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": relation.format(link.format("worksheet", "worksheets/sheet1.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="Projects" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}{more}</sheetData></worksheet>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _letters(column: int) -> str:
    return ("" if column < 26 else chr(64 + column // 26)) + chr(65 + column % 26)


def _cell(place: str, value: str | int | float) -> str:
    if isinstance(value, str) and value.startswith("#"):
        return f'<c r="{place}" t="e"><v>{value}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else ""
    return f'<c r="{place}"><v>{value}</v></c>'


def take(engine: Engine, path: Path, adapter: Adapter | None = None) -> Report:
    """Take a file in, as records in our own form unless another adapter is named."""
    return ingest(engine, adapter or RecordsAdapter(), [path])


def rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    """All rows of a table, in the order of its key."""
    found = tables.metadata.tables[table]
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(select(found).order_by(*found.primary_key)).mappings()]


def project(engine: Engine, project_id: str) -> dict[str, Any]:
    """A stored project."""
    return next(row for row in rows(engine, "project") if row["project_id"] == project_id)


def project_ids(engine: Engine) -> list[str]:
    """Identifiers of the stored projects."""
    return [row["project_id"] for row in rows(engine, "project")]


def rejected(engine: Engine) -> list[dict[str, Any]]:
    """What the newest run refused, in its order."""
    newest = rows(engine, "ingest_run")[-1]["run_id"]
    return [row for row in rows(engine, "rejected_record") if row["run_id"] == newest]


def everything(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """All that is stored, but for the log of runs and the time of the last one."""
    found = {name: rows(engine, name) for name in tables.metadata.tables if name not in LOGS}
    return found | {"release": [{**row, "checked_at": None} for row in found["release"]]}


def address(engine: Engine) -> str:
    """The address of a database, as another process needs it."""
    return engine.url.render_as_string(hide_password=False)


def adds_up(report: Report) -> bool:
    """Tell whether every record read is counted once."""
    return report.read == report.added + report.changed + report.unchanged + report.rejected
