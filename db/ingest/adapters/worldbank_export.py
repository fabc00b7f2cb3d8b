"""Reads the World Bank's own export of its projects, CSV or Excel, under any of the column titles it has used."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from db.errors import FileRefusedError
from db.ingest.adapters.adapter import RawRecord, bare, check_rows, file_date, read_csv
from db.ingest.adapters.excel import ERRORS, EXCEL, read_excel
from db.ingest.adapters.worldbank_fields import AMOUNTS, PROJECT_PAGE, SOURCE, real_day, settle_amounts
from models.money import parse_dollars
from models.records import ProjectRecord, is_web_address
from models.texts import clean_text
from models.words import counted

COLUMNS = {
    "project_id": ("id", "project id", "projectid", "proj_id"),
    "name": ("project_name", "project name"),
    "objective": ("pdo", "project development objective"),
    "place": ("countryshortname", "country"),
    "region": ("regionname", "region"),
    "status": ("status", "project status", "projectstatusdisplay"),
    "approval_date": ("boardapprovaldate", "board approval date"),
    "closing_date": ("closingdate", "project closing date"),
    "instrument": ("lendinginstr", "lending instrument"),
    "additional_financing": ("supplementprojectflg", "supplement project flag"),
    "borrower": ("borrower",),
    "implementing_agency": ("impagency", "implementing agency"),
    "project_cost_usd": ("curr_project_cost", "current project cost", "lendprojectcost"),
    "ibrd_usd": ("curr_ibrd_commitment", "ibrd commitment"),
    "ida_usd": ("idacommamt", "curr_ida_commitment", "ida commitment"),
    "grant_usd": ("grantamt", "grant amount"),
    "commitment_usd": ("curr_total_commitment", "total commitment", "total ida and ibrd commitment"),
    "source_url": ("url", "project url"),
}
"""Our field and the titles under which exports hold it. Columns not named here are not read: staff names never are."""

LISTS = {
    "sectors": ("sector1", "sector2", "sector3", "sector4", "sector5", "sector 1", "sector 2", "sector 3"),
    "themes": ("theme1", "theme2", "theme 1", "theme 2"),
}
DAYS = {"approval_date", "closing_date"}
PROSE = {"objective", "region", "instrument", "borrower", "implementing_agency", "source_url", *LISTS}
"""Fields that take any text, so that validation would let an error of Excel pass; in others it names the error itself."""

REQUIRED = ("project_id", "name", "commitment_usd")
HEADER_WITHIN = 6


class WorldBankExportAdapter:
    """The list of all projects that the World Bank's site offers for download."""

    name = "worldbank-export"

    def __init__(self, as_of: str | None = None) -> None:
        self.as_of = as_of

    def read(self, path: Path) -> Iterator[RawRecord]:
        """Yield a project record for each row; see `Adapter.read`."""
        rows = read_excel(path, "projects") if path.suffix.lower() in EXCEL else read_csv(path)
        head = list(islice(rows, HEADER_WITHIN))
        titles, columns, start = _find_header(path, head)
        as_of = self.as_of or _stated_date(path, head[:start]) or file_date(path)
        unit = "row" if path.suffix.lower() in EXCEL else "line"
        key = next(place for place, field in columns.items() if field == "project_id")
        for number, row, fault in check_rows(chain(head[start + 1 :], rows), titles, key=key):
            place = f"{unit} {number}"
            if fault:
                yield RawRecord(place, ProjectRecord, {}, broken=fault)
            else:
                yield _to_record(place, row, titles, columns, as_of)


def _find_header(path: Path, head: list[tuple[int, list[str]]]) -> tuple[list[str], dict[int, str], int]:
    known = {title: field for field, titles in (COLUMNS | LISTS).items() for title in titles}
    for index, (_, row) in enumerate(head):
        names = bare(row)
        columns = {i: known[name] for i, name in enumerate(names) if name in known}
        if "project_id" in columns.values() or len(columns) > 3:
            missing = [COLUMNS[field][0] for field in REQUIRED if field not in columns.values()]
            if missing:
                raise FileRefusedError(f"{path.name} lacks the columns {', '.join(missing)} of the World Bank's export")
            if repeated := [name for name, times in Counter(names[i] for i in columns).items() if times > 1]:
                raise FileRefusedError(f"{path.name} repeats {', '.join(repeated)}: expected each column once")
            return row, columns, index
    found = counted(len(head[0][1]), "column") if head else "nothing"  # without their values: they may name people
    raise FileRefusedError(
        f"{path.name} has no header of the World Bank's project export in its first rows (found {found}); "
        f"expected among others {', '.join(COLUMNS[field][0] for field in REQUIRED)}"
    )


def _stated_date(path: Path, banner: list[tuple[int, list[str]]]) -> str | None:
    """Find the date of the export in its banner line or its file name."""
    for _, row in banner:
        if (match := re.search(r"(\d{1,2}/\d{1,2}/\d{4})", " ".join(row))) and (day := real_day(match[1])):
            return day
    match = re.search(r"(20\d\d-[01]\d-[0-3]\d)", path.name)
    return real_day(match[1]) if match else None


def _to_record(place: str, row: list[str], titles: list[str], columns: dict[int, str], as_of: str) -> RawRecord:
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    set_aside, broken, doubted = [], None, set()
    for index, field in columns.items():
        text = clean_text(row[index])
        if text is None:
            continue
        if text in ERRORS and field == "name":
            broken = f"{titles[index]}: {text} is an error of Excel, not a value"
        elif text in ERRORS and field in PROSE:
            set_aside.append((titles[index], text, "is an error of Excel, not a value"))
        elif field in LISTS:
            fields.setdefault(field, []).append(text)
        elif field not in fields:
            fields[field], names[field] = (real_day(text) or text) if field in DAYS else text, titles[index]
        elif not _says_the_same(field, text, fields[field]):
            doubted.add(field)
            set_aside.append((titles[index], text, f"differs from {names[field]}, which states {fields[field][:100]}"))
    if "project_id" in doubted:
        broken = broken or "the columns with the project's id differ: expected one id"
    for field in filter(doubted.__contains__, AMOUNTS):
        set_aside.append(
            (names[field], fields.pop(field), "differs from another column for the same amount: none is taken")
        )
    set_aside += settle_amounts(fields)
    if not is_web_address(fields.get("source_url", PROJECT_PAGE)):
        set_aside.append(("source_url", fields.pop("source_url"), "is no address on the web"))
    fields.setdefault("source_url", PROJECT_PAGE + str(fields.get("project_id", "")))
    fields |= {"source": SOURCE, "as_of": as_of}
    return RawRecord(place, ProjectRecord, fields, broken, names, tuple(set_aside))


def _says_the_same(field: str, text: str, other: str) -> bool:
    """Whether a second column for a field states what the first one does, in whatever form."""
    if field in DAYS:
        return (real_day(text) or text) == other
    try:
        return text == other or (field in AMOUNTS and parse_dollars(text) == parse_dollars(other))
    except ValueError:
        return False
