"""Reads activities in the IATI standard, versions 1.01 to 2.03, as records of projects. docs/iati.md describes it."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from db.ingest.adapters.adapter import RawRecord, file_date
from db.ingest.adapters.iati_fields import (
    CODES,
    LANGUAGE,
    Findings,
    Places,
    Sectors,
    code_of,
    dates_of,
    only_of,
    places_of,
    sectors_of,
    text_of,
)
from db.ingest.adapters.iati_money import COMMITMENT, DISBURSEMENT, Money, money_of, shares_of
from db.ingest.adapters.iati_xml import Activity, Node, read_activities
from db.progress import Position, anywhere
from models.dates import check_partial_date
from models.iati.identifiers import project_id_of
from models.iati.shares import Shares, percentages
from models.money import MAX_DOLLARS, usd
from models.records import ProjectRecord
from models.texts import LONGEST_TEXT, clean_text, storable

SOURCE = "iati"
UNSPECIFIED = "99810"
"""The DAC's code for sectors that are not specified; it decides nothing."""
MEANING_FIRST = ("2", "1", "", "3", "4")
"""Types of description in the order in which they are put together: objectives, general, target groups, other."""
NAMES = {"project_id": "iati-identifier", "name": "title", "objective": "description", "place": "recipient-country"}


class IatiAdapter:
    """Activities of any publisher. `source_url` is where the file was fetched; `position` learns how far it is read."""

    name = "iati"

    def __init__(self, source_url: str | None = None, position: Position = anywhere) -> None:
        self.source_url = source_url
        self.position = position

    def read(self, path: Path) -> Iterator[RawRecord]:
        """Yield a project record for each activity; see `Adapter.read`."""
        name = storable(path.name)
        written_on = file_date(path)
        for activity in read_activities(path, self.position):
            yield self._record(name, activity, written_on)

    def _record(self, name: str, activity: Activity, written_on: str) -> RawRecord:
        node = activity.node
        place = f"{name}, line {node.line}"
        identifiers = _identifiers(node)
        identifier = next(iter(identifiers), "")
        reporter = node.first("reporting-org") or Node("", {}, 0)
        broken = activity.broken or _fault_of_identifiers(identifiers)
        project_id = identifier
        try:
            project_id = project_id_of(identifier, reporter.get("ref") or None)
        except ValueError as error:
            broken = broken or (f"iati-identifier: {error}" if identifier else "iati-identifier: required, but missing")
        if broken:
            return RawRecord(place, ProjectRecord, {"project_id": identifier}, broken=broken)
        findings = Findings()
        fields = self._fields(node, findings) | {
            "project_id": project_id,
            "reported_id": identifier,
            "as_of": _said_on(node, activity.generated, findings) or written_on,
            "source": SOURCE,
            "source_url": self.source_url,
            "note": _note(findings.notes),
        }
        given = {name: value for name, value in fields.items() if value not in (None, "", (), [])}
        return RawRecord(place, ProjectRecord, given, names=NAMES, set_aside=tuple(findings.set_aside))

    def _fields(self, node: Node, findings: Findings) -> dict[str, Any]:
        language = node.get(LANGUAGE) or "en"
        sectors, places = sectors_of(node, language, findings), places_of(node, findings)
        money = money_of(node, language, findings)
        by_sector, by_place = shares_of(money.weighed(), sectors, places, findings)
        return {
            "name": text_of(node.all("title"), language),
            "objective": _objective(node, language, findings),
            **_reporter(node, language),
            **_times(node, money, findings),
            **_where(places, by_place, money),
            **_what(sectors, by_sector, money),
            **_dollars(money, findings),
            "conversions": tuple(money.conversions),
        }


def _identifiers(node: Node) -> list[str]:
    """The identifiers of an activity, each once; an element without text names none."""
    return list(dict.fromkeys(filter(None, (clean_text(stated.text) for stated in node.all("iati-identifier")))))


def _fault_of_identifiers(identifiers: Sequence[str]) -> str | None:
    if len(identifiers) < 2:
        return None
    return f"iati-identifier: {' and '.join(repr(one[:100]) for one in identifiers[:2])} stand in one activity: expected one"


def _said_on(node: Node, generated: str, findings: Findings) -> str | None:
    """The day on which the activity was updated, else that of the file; one that cannot be is set aside."""
    updated = node.get("last-updated-datetime")
    for name, moment in (("last-updated-datetime", updated), ("generated-datetime", generated)):
        if day := re.match(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", moment):
            try:
                return check_partial_date(day[0])
            except ValueError as error:
                findings.set_aside.append((name, moment[:100], f"is no date: {error}"))
    return None


def _note(notes: Sequence[str]) -> str | None:
    return f"IATI: {'; '.join(notes)}"[:LONGEST_TEXT] if notes else None


def _objective(node: Node, language: str, findings: Findings) -> str | None:
    by_type: dict[str, list[Node]] = {}
    for part in node.all("description"):
        by_type.setdefault(part.get("type"), []).append(part)
    order = sorted(by_type, key=lambda kind: MEANING_FIRST.index(kind) if kind in MEANING_FIRST else len(MEANING_FIRST))
    texts = [text for kind in order if (text := text_of(by_type[kind], language))]
    whole = " ".join(dict.fromkeys(texts))
    if len(whole) > LONGEST_TEXT:
        findings.set_aside.append(
            ("objective", whole[:100], f"has {len(whole):,} characters and was cut at {LONGEST_TEXT:,}")
        )
    return whole[:LONGEST_TEXT] or None


def _reporter(node: Node, language: str) -> dict[str, Any]:
    reporters = node.all("reporting-org")
    former = [code_of(other, "ref") for other in node.all("other-identifier") if other.get("type") == "B1"]
    return {
        "reporting_org": text_of(reporters, language),
        "reporting_org_ref": reporters[0].get("ref") if reporters else None,
        "reporting_org_former": tuple(filter(None, former)),
    }


def _times(node: Node, money: Money, findings: Findings) -> dict[str, str | None]:
    """Say when it was approved: its actual start, else its first commitment, else, once under way, its planned start."""
    dates, status = dates_of(node, findings), _status(node, findings)
    planned = None if status == "Pipeline" else dates.get("planned_start")
    approved = dates.get("actual_start") or money.first_day() or planned
    closed = dates.get("actual_end") or dates.get("planned_end")
    return {"status": status, "approval_date": _iso(approved), "closing_date": _iso(closed)}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _status(node: Node, findings: Findings) -> str | None:
    stated = only_of(node, "activity-status", findings)
    code = code_of(stated)
    if stated is not None and code not in CODES.statuses:
        findings.refuse(stated, code, f"is no status of an activity; expected one of {', '.join(CODES.statuses)}")
    return CODES.statuses.get(code)


def _where(places: Places, by_place: Shares | None, money: Money) -> dict[str, Any]:
    shares = by_place or places.rebased.shares
    if shares:
        written = percentages(shares)
        codes = tuple(written)
        return {"countries": codes, "country_shares": tuple(written.values()) if len(codes) > 1 else ()}
    named = list(places.rebased.codes)
    if not named:
        transactions = (a for amounts in money.amounts.values() for a in amounts)
        named = list(dict.fromkeys(code for a in transactions for code in a.places.rebased.codes))
    bucket = places.bucket if len(named) > 1 else None  # shares are not known: all of it counts in one bucket
    return {"countries": tuple(named), "region": bucket}


def _what(sectors: Sectors, by_sector: Shares | None, money: Money) -> dict[str, Any]:
    shares = by_sector or sectors.rebased.shares
    codes: tuple[str, ...] = sectors.rebased.codes
    names = sectors.names
    of_amounts = [amount.sectors for amounts in money.amounts.values() for amount in amounts]
    names = tuple(dict.fromkeys((*names, *(name for own in of_amounts for name in own.names))))
    if shares:
        written = percentages(shares)
        return {"sectors": names, "purpose_codes": tuple(f"{code}:{share}" for code, share in written.items() if code)}
    codes = codes or tuple(dict.fromkeys(code for own in of_amounts for code in own.rebased.codes))
    read = tuple(filter(None, codes))
    if len(read) == 1 < len(codes):  # alone it would have all the money, that of what cannot be read too
        read = tuple(dict.fromkeys((*read, UNSPECIFIED)))
    return {"sectors": names, "purpose_codes": read}


def _dollars(money: Money, findings: Findings) -> dict[str, str]:
    found = {}
    for what in (COMMITMENT, DISBURSEMENT):
        cents = money.total(what)
        if cents is not None and cents < 0:
            reason = "the sum of the transactions is negative: more is taken back than this file gives"
            findings.set_aside.append((f"{what}_usd", str(usd(cents)), reason))
        elif cents is not None and cents > MAX_DOLLARS * 100:
            reason = (
                f"the sum of the transactions is outside what one operation can cost (up to {MAX_DOLLARS:,} dollars)"
            )
            findings.set_aside.append((f"{what}_usd", str(usd(cents)), reason))
        elif cents is not None:
            found[f"{what}_usd"] = str(usd(cents))
        elif money.amounts[what]:
            findings.note(f"the {what} is not known in dollars: a part of it cannot be read or converted")
    return found
