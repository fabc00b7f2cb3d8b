"""Reads components out of reports that the World Bank's Documents API lists, from pages and texts that a run has kept."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from db.ingest.adapters.adapter import RawRecord
from db.ingest.adapters.worldbank_fields import read_text, real_day
from db.ingest.sources.spool import read_manifest, read_page
from db.ingest.sources.texts import TextStore
from models.dates import tomorrow
from models.extraction import ExtractedComponent
from models.extraction.judging import Judgement, Totals, Trust, judge
from models.money import usd
from models.records import ComponentRecord
from models.texts import LONGEST_TEXT, LONGEST_WORDS

SOURCE = "worldbank-documents"
TEXTS = "texts"
"""The folder of texts, beside those of pages: all questions share it."""

KINDS = (
    "implementation status and results report",
    "project appraisal document",
    "project paper",
    "project information document",
    "implementation completion report",
    "implementation completion and results report",
    "icr review",
)
"""How the types of reports that list components with amounts begin; a completion report's review is of the fifth."""

PROJECT_ID = re.compile(r"\b[A-Z]{1,3}\d{3,}\b")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

Get = Callable[[str], tuple[str | None, str]]
"""Gets the text under an address, or `None` and why there is none."""


@dataclass(frozen=True, slots=True)
class Document:
    """A report as the API lists it. `address` is that of its text, `place` what it is listed under."""

    key: str
    title: str | None
    day: str | None
    address: str | None
    place: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The report whose list is taken, and why each of the others is not."""

    chosen: tuple[Document, Judgement] | None
    passed_over: tuple[tuple[Document, str], ...]


def to_documents(project_id: str, records: Mapping[str, Any]) -> list[Document]:
    """Pick the reports that are worth reading from a list of the API, the newest first."""
    found = [
        _document(project_id, key, fields)
        for key, fields in records.items()
        if isinstance(fields, dict) and _wanted(fields)
    ]
    return sorted(found, key=lambda document: (document.day or "", document.key), reverse=True)


def _wanted(fields: Mapping[str, Any]) -> bool:
    kind = (_text(fields, "docty") or "").casefold().replace("&", "and")
    return not kind or kind.startswith(KINDS)


def _document(project_id: str, key: str, fields: Mapping[str, Any]) -> Document:
    said, address = _text(fields, "docdt"), _text(fields, "txturl")
    day = parse_document_day(said)
    listed_for = PROJECT_ID.findall(_text(fields, "projectid") or "")
    problem = ""
    if listed_for and project_id not in listed_for:
        problem = f"the API says that it is of {', '.join(listed_for[:5])}"
    elif _text(fields, "docty") is None:
        problem = "the API does not say what kind of document it is (docty)"
    elif address is None:
        problem = "the API gives no address of a text (txturl)"
    elif not re.fullmatch(r"https?://[^\s/]+\S*", address):
        problem = f"{address[:80]!r} is no address of a text"
    elif day is None:
        problem = f"{(said or 'nothing')[:40]!r} is no date of a document"
    elif day > tomorrow().isoformat():
        problem = f"its date, {day}, is yet to come"
    place = address or _text(fields, "pdfurl") or f"document {key}"
    return Document(key, _text(fields, "display_title"), day, address, place[:500], problem)


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    try:
        return read_text(fields.get(name))
    except (ValueError, RecursionError):
        return None


def parse_document_day(text: str | None) -> str | None:
    """Read a date as the API writes it, ISO or `19-Aug-2026`; anything else is `None`."""
    match = re.fullmatch(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})", text or "")
    if match and match[2].casefold() in MONTHS:
        text = f"{match[3]}-{MONTHS.index(match[2].casefold()) + 1:02}-{int(match[1]):02}"
    return real_day(text) if text else None


def choose(project_id: str, documents: Sequence[Document], totals: Totals, get: Get) -> Choice:
    """Read a project's reports from the newest on until one can be trusted; else the newest doubtful one is taken.

    Older ones than a trusted one are not even asked for.
    """
    trusted: tuple[Document, Judgement] | None = None
    doubtful: list[tuple[Document, Judgement]] = []
    passed: list[tuple[Document, str]] = []
    for document in documents:
        if trusted:
            passed.append((document, f"not read: the newer report of {trusted[0].day} is trusted"))
            continue
        text, problem = (None, document.problem) if document.problem else get(document.address or "")
        if text is None:
            passed.append((document, problem))
            continue
        judgement = judge(text, project_id, totals)
        if judgement.trust is Trust.TRUSTED:
            trusted = (document, judgement)
        elif judgement.trust is Trust.DOUBTFUL:
            doubtful.append((document, judgement))
        else:
            passed.append((document, judgement.reason))
    chosen = trusted or next(iter(doubtful), None)
    better = "is trusted" if trusted else "is newer, though in doubt too"
    others = [
        (document, f"{judgement.reason}; the report of {chosen[0].day} {better}")
        for document, judgement in doubtful
        if chosen and document is not chosen[0]
    ]
    return Choice(chosen, tuple(sorted(passed + others, key=lambda pair: documents.index(pair[0]))))


class WorldBankDocumentsAdapter:
    """Components out of reports, from the pages and texts that a run has kept; the path is that of the manifest.

    `totals` is what the database knows of each project's money; lists are judged by it.
    """

    name = "worldbank-documents"

    def __init__(self, totals: Mapping[str, Totals]) -> None:
        self.totals = totals

    def read(self, path: Path) -> Iterator[RawRecord]:
        """Yield the components of the report chosen for each project, and each report that was passed over; see
        `Adapter.read`."""
        manifest = read_manifest(path)
        store = TextStore(path.parent.parent / TEXTS)
        for entry in manifest.pages:
            page = read_page(path.parent, entry)
            project_id = page["project_id"]
            if project_id in self.totals:
                get = _kept_texts(store, page["texts"])
                choice = choose(project_id, to_documents(project_id, page["records"]), self.totals[project_id], get)
                for note in page["notes"]:
                    yield to_remark(project_id, note)
                yield from _records(project_id, choice, datetime.fromisoformat(entry.retrieved_at))


def to_remark(project_id: str, note: str, place: str = "the list of documents") -> RawRecord:
    """Turn a note on a project's reports into a remark."""
    return RawRecord(place, ComponentRecord, {"project_id": project_id}, remark=note)


def _kept_texts(store: TextStore, texts: Mapping[str, Mapping[str, str]]) -> Get:
    def get(address: str) -> tuple[str | None, str]:
        known = texts.get(address, {"problem": "its text was not asked for"})
        return (store.read(address, known["sha256"]), "") if "sha256" in known else (None, known["problem"])

    return get


def _records(project_id: str, choice: Choice, retrieved_at: datetime) -> Iterator[RawRecord]:
    for document, reason in choice.passed_over:
        fields = {"project_id": project_id, "document": document.key, "title": document.title, "date": document.day}
        yield RawRecord(document.place, ComponentRecord, fields, passed_over=reason)
    if choice.chosen:
        document, judgement = choice.chosen
        if judgement.reason:
            yield to_remark(project_id, f"the list of {document.day} is in doubt: {judgement.reason}", document.place)
        ordinals = [item.ordinal for item in judgement.components]
        as_read = len(set(ordinals)) == len(ordinals) and min(ordinals) >= 1 and max(ordinals) <= 999
        for number, item in enumerate(judgement.components, start=1):
            fields = _fields(project_id, document, judgement, item, item.ordinal if as_read else number)
            yield RawRecord(document.place, ComponentRecord, fields, retrieved_at=retrieved_at)


def _fields(
    project_id: str, document: Document, judgement: Judgement, item: ExtractedComponent, ordinal: int
) -> dict[str, Any]:
    fields = {
        "project_id": project_id,
        "ordinal": ordinal,
        "title": item.title[:LONGEST_WORDS],
        "amount_usd": None if item.amount_cents is None else str(usd(item.amount_cents)),
        "amount_basis": item.basis if item.amount_cents is not None else None,
        "list_complete": judgement.trust is Trust.TRUSTED,
        "note": f"Read from a report with doubts: {judgement.reason}." if judgement.reason else None,
        "source": SOURCE,
        "source_url": document.address,
        "as_of": document.day,
        "passage": item.passage[:LONGEST_TEXT],
        "passage_start": item.start,
        "passage_end": item.end,
        "extraction_confidence": item.confidence,
        "extraction_flags": list(item.flags),
    }
    return {name: value for name, value in fields.items() if value is not None}
