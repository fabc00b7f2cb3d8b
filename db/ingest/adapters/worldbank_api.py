"""Reads projects of the World Bank's Projects API from kept pages, in every form that its fields have had."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from db.ingest.adapters.adapter import RawRecord
from db.ingest.adapters.worldbank_amounts import read_amounts
from db.ingest.adapters.worldbank_fields import (
    PROJECT_PAGE,
    SOURCE,
    mend_words,
    read_names,
    read_text,
    read_texts,
    real_day,
)
from db.ingest.sources.spool import read_manifest, read_page
from models.filters import STATUSES
from models.records import ProjectRecord, parse_flag
from models.texts import LONGEST_TEXT
from models.words import shape_of

TEXTS = {
    "name": "project_name",
    "region": "regionname",
    "instrument": "lendinginstr",
    "borrower": "borrower",
    "implementing_agency": "impagency",
}
DATES = {"approval_date": "boardapprovaldate", "closing_date": "closingdate"}
LISTS: dict[str, tuple[str, ...]] = {
    "sectors": ("sector1", "sector2", "sector3", "sector4", "sector5", "sector", "major_sectors"),
    "themes": (
        "theme1",
        "theme2",
        "theme_list",
        "themev2_level1_exact",
        "themev2_level2_exact",
        "themev2_level3_exact",
    ),
}
PROJECT_ID = re.compile(r"[A-Z]{1,3}\d{3,}")


class WorldBankApiAdapter:
    """Projects from the pages that a run has kept; the path is that of their manifest.

    What is not named in this module is not read. `approvalfy` is not: it follows from the date of approval. Names of
    staff are not even kept (`db.ingest.sources.worldbank`).
    """

    name = "worldbank-api"

    def read(self, path: Path) -> Iterator[RawRecord]:
        """Yield a project record for each project, once, as the first page that names it says; see `Adapter.read`."""
        manifest = read_manifest(path)
        yield from map(to_remark, manifest.notes)
        seen: set[str] = set()
        for number, entry in enumerate(manifest.pages, start=1):
            for key, fields in read_page(path.parent, entry)["records"].items():
                if key in seen or len(seen) == manifest.limit:
                    continue
                seen.add(key)
                yield to_record(place_of(number, key), key, fields, datetime.fromisoformat(entry.retrieved_at))


def place_of(page: int, key: str) -> str:
    """Name the place of a project: its page, from 1, and the id under which it stands there."""
    return f"page {page}, {key}"


def to_remark(note: str) -> RawRecord:
    """Turn a note on how the list came into a remark."""
    return RawRecord("the list", ProjectRecord, {}, remark=note)


def to_record(place: str, key: str, source: object, retrieved_at: datetime) -> RawRecord:
    """Turn a project of an answer into a raw record; `retrieved_at` is when the API said it (UTC)."""
    if not isinstance(source, dict):
        return _broken(place, key, f"{key} is {shape_of(source)}, expected an object with the project's fields")
    said = source.get("id") or source.get("proj_id") or key
    if not PROJECT_ID.fullmatch(key) or said != key:
        return _broken(place, key, f"stands under {key!r}, names itself {str(said)[:40]!r}: expected one project id")
    reader = _Reader(source)
    for field, name in TEXTS.items():
        reader.first(field, (name,), read_text)
    reader.place()
    reader.first("objective", ("pdo", "project_abstract"), lambda value: _prose(value, source))
    reader.first("status", ("projectstatusdisplay", "status"), _status)
    reader.first("additional_financing", ("supplementprojectflg",), _flag)
    for field, name in DATES.items():
        reader.first(field, (name,), _day)
    for field, names in LISTS.items():
        reader.names_of(field, names)
    amounts = read_amounts(source)
    reader.fields |= amounts.fields
    reader.names |= amounts.names
    reader.first("source_url", ("url",), _address)
    reader.fields = {"project_id": key, "source_url": PROJECT_PAGE + key} | reader.fields
    reader.fields |= {"source": SOURCE, "as_of": retrieved_at.date().isoformat()}
    set_aside = (*reader.set_aside, *amounts.set_aside)
    return RawRecord(
        place, ProjectRecord, reader.fields, names=reader.names, set_aside=set_aside, retrieved_at=retrieved_at
    )


def _broken(place: str, key: str, reason: str) -> RawRecord:
    return RawRecord(place, ProjectRecord, {"project_id": key[:100]}, broken=reason)


class _Reader:
    """Collects the fields of one record, and the values that are of no form seen before."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source
        self.fields: dict[str, Any] = {}
        self.names: dict[str, str] = {}
        self.set_aside: list[tuple[str, str, str]] = []

    def first(self, field: str, names: tuple[str, ...], read: Callable[[Any], Any]) -> None:
        """Take the first of the source's fields that says anything."""
        for name in names:
            if field not in self.fields and (value := self._try(name, read)) not in (None, [], ""):
                self.fields[field], self.names[field] = value, name

    def names_of(self, field: str, names: tuple[str, ...]) -> None:
        """Gather the names of sectors or themes under all of the source's fields, each once, in their order."""
        found = [text for name in names for text in self._try(name, lambda value: list(read_names(value))) or ()]
        once: dict[str, str] = {}
        for text in found:
            once.setdefault(text.casefold(), text)
        if once:
            self.fields[field] = list(once.values())

    def place(self) -> None:
        """Take the label of the country or region. Several countries make a regional project: its money is in no one.

        `countryname` is a list, or a text that may be cut at 40 characters; the short name is never cut.
        """
        short, long = (self._try(name, read_texts) or [] for name in ("countryshortname", "countryname"))
        codes = set(self._try("countrycode", read_texts) or [])
        if max(len(set(short)), len(set(long)), len(codes)) > 1:
            self.fields["regional"] = True
        for name, labels in (("countryshortname", short), ("countryname", long)):
            if len(labels) == 1 and "place" not in self.fields:
                self.fields["place"], self.names["place"] = labels[0], name

    def _try(self, name: str, read: Callable[[Any], Any]) -> Any:
        value = self.source.get(name)
        try:
            return read(value)
        except (ValueError, RecursionError) as error:
            shown = value if isinstance(value, str | int | float) else shape_of(value)
            self.set_aside.append((name, str(shown)[:200], str(error)))
            return None


def _prose(value: object, source: Mapping[str, Any]) -> str | None:
    text = read_text(value)
    if text is None:
        return None
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"has {len(text):,} characters, at most {LONGEST_TEXT:,} are taken")
    others = (source.get(name) for name in ("project_name", "pdo", "project_abstract"))
    return mend_words(text, [other[:LONGEST_TEXT] for other in others if isinstance(other, str) and other is not value])


def _status(value: object) -> str | None:
    text = read_text(value)
    if text is None:
        return None
    if text.capitalize() not in STATUSES:
        raise ValueError(f"is no status, expected one of {', '.join(STATUSES)}")
    return text.capitalize()


def _flag(value: object) -> bool | None:
    """A financing says whether it is additional; one that says nothing is left open."""
    if (
        isinstance(value, bool) or str(value).strip() == "0"
    ):  # which `read_text` does not take for a text, or for nothing
        return parse_flag(value)
    text = read_text(value)
    return None if text is None else parse_flag(text)


def _day(value: object) -> str | None:
    text = read_text(value)
    if text and real_day(text) is None:
        raise ValueError("is no date, expected YYYY-MM-DD or M/D/YYYY")
    return real_day(text) if text else None


def _address(value: object) -> str | None:
    text = read_text(value)
    if text and not re.fullmatch(r"https?://\S+", text):
        raise ValueError("is no address on the web")
    return text
