"""Reads the parts of an IATI activity: texts in their languages, dates, sectors and places, of version 1 and 2 alike."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from db.ingest.adapters.iati_xml import Node
from models.country import WORLD
from models.dates import parse_day
from models.iati.codes import load_iati_codes
from models.iati.shares import Part, Rebased, Shares, rebase
from models.texts import clean_text

CODES = load_iati_codes()
LANGUAGE = "xml:lang"
DAC, DAC_SECTORS, DAC_REGIONS = "1", "2", "1"
ROUNDED = Fraction(1, 2)
"""How far from 100 the percentages of countries may be and still be meant to be all of the money."""


@dataclass(slots=True)
class Findings:
    """What is odd in an activity: values it is kept without (element, value, reason), and notes."""

    set_aside: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def refuse(self, node: Node, value: str, reason: str) -> None:
        """Keep the activity without a value."""
        self.set_aside.append((node.name, value[:100], f"at line {node.line} {reason}"))

    def note(self, text: str | None) -> None:
        """Note something once."""
        if text and text not in self.notes:
            self.notes.append(text)

    def note_shares(self, what: str, rebased: Rebased) -> None:
        """Note what is odd about shares that count."""
        self.note(rebased.flag and f"{what}: {rebased.flag}")


def text_of(nodes: Iterable[Node], language: str) -> str | None:
    """Return a text in English where there is one, else in the activity's own language, else the first.

    Version 2 holds texts in `narrative` elements, version 1 directly; both repeat by language.
    """
    found = [(lang.lower()[:2], text) for node in nodes for lang, text in _texts(node, language)]
    for wanted in ("en", language.lower()[:2]):
        if text := next((text for lang, text in found if lang == wanted), None):
            return text
    return found[0][1] if found else None


def _texts(node: Node, language: str) -> Iterator[tuple[str, str]]:
    own = node.get(LANGUAGE) or language
    for part in node.all("narrative") or [node]:
        if text := clean_text(part.text):
            yield part.get(LANGUAGE) or own, text


def code_of(node: Node | None, name: str = "code") -> str:
    """Return the code of an element: its attribute, else its text, as some files of version 1 have it."""
    return "" if node is None else node.get(name) or node.text.strip()


def only_of(
    parent: Node, name: str, findings: Findings, attribute: str = "code", meant: Callable[[str], str] = str
) -> Node | None:
    """Return the one element of a name. Of several that differ none is taken, which is listed: nobody knows which was meant.

    An empty element beside another says nothing. `meant` makes codes that mean the same equal.
    """
    stated = parent.all(name)
    nodes = [node for node in stated if code_of(node, attribute)] or stated
    codes = list(dict.fromkeys(code_of(node, attribute) for node in nodes))
    if len({meant(code) for code in codes}) > 1:
        findings.refuse(nodes[-1], ", ".join(codes), "differs from another one beside it: expected one, none is taken")
        return None
    return nodes[0] if nodes else None


def dates_of(activity: Node, findings: Findings) -> dict[str, date]:
    """Return the dates of an activity by what they are: planned and actual start and end. Of two that differ none is taken."""
    found: dict[str, date] = {}
    differing = set()
    for node in activity.all("activity-date"):
        what = CODES.dates.get(node.get("type").lower())
        text = node.get("iso-date") or node.text.strip()
        if what is None:
            findings.refuse(node, node.get("type"), f"is no type of date; expected one of {', '.join(CODES.dates)}")
        elif (day := day_of(node, text, findings)) and found.setdefault(what, day) != day:
            findings.refuse(node, text, f"differs from {found[what]} beside it: expected one, none is taken")
            differing.add(what)
    return {what: day for what, day in found.items() if what not in differing}


def bare_day(text: str) -> str:
    """Leave the time and the zone of an ISO date away."""
    return re.sub(r"(?<=^\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d|T.*)$", "", text.strip())


def day_of(node: Node, text: str, findings: Findings) -> date | None:
    """Read an ISO date, with or without a time or a zone."""
    if not text:
        return None
    try:
        return parse_day(bare_day(text))
    except ValueError as error:
        findings.refuse(node, text, f"is no date: {error}")
        return None


def percentage(node: Node, findings: Findings) -> Fraction | None:
    """Read a percentage; one that is no number, or negative, is set aside and counts as missing."""
    text = node.get("percentage").removesuffix("%").strip()
    if not text:
        return None
    if not re.fullmatch(r"\d{1,9}(\.\d{0,12})?|\.\d{1,12}", text):
        findings.refuse(node, text, "is no percentage: expected a number of zero or more, such as 33.3")
        return None
    return Fraction(text)


@dataclass(frozen=True, slots=True)
class Sectors:
    """The purpose codes of an activity or transaction, and their names as the file gives them."""

    rebased: Rebased
    names: tuple[str, ...] = ()
    vocabulary: str = ""


def sectors_of(parent: Node, language: str, findings: Findings) -> Sectors:
    """Read the sectors of one vocabulary: the DAC's purpose codes, else its three-digit sectors, never both together.

    A code that cannot be read keeps its share: the others have no more for it.
    """
    by_vocabulary: dict[str, list[Node]] = {}
    for node in parent.all("sector"):
        vocabulary = CODES.sector_vocabularies.get(node.get("vocabulary").upper() or DAC, "")
        by_vocabulary.setdefault(vocabulary, []).append(node)
    chosen = next((name for name in (DAC, DAC_SECTORS) if name in by_vocabulary), "")
    if not chosen:
        return Sectors(Rebased((), None))
    parts, names = [], []
    for node in by_vocabulary[chosen]:
        code = node.get("code") or node.text.strip()
        if not re.fullmatch(r"[0-9]{3}([0-9]{2})?", code):
            findings.refuse(node, code, "is no code of the OECD DAC: expected five digits, or three")
            parts.append(Part("", percentage(node, findings)))
            continue
        parts.append(Part(code, percentage(node, findings)))
        name = text_of([node], language) if node.get("code") else None
        names.append(f"{name} ({code})" if name else code)
    return Sectors(rebase(parts), tuple(dict.fromkeys(names)), chosen)


@dataclass(frozen=True, slots=True)
class Places:
    """Where an activity or transaction is: countries and buckets with shares, or countries without known shares."""

    rebased: Rebased
    bucket: str = WORLD

    @property
    def stated(self) -> bool:
        """True where anything is said of the place."""
        return bool(self.rebased.codes)

    @property
    def shares(self) -> Shares:
        """Shares of the money; that of countries without shares counts in their bucket."""
        return self.rebased.shares or {self.bucket: Fraction(1)}


def places_of(parent: Node, findings: Findings) -> Places:
    """Read countries and regions.

    Where each has a percentage they share the money. Countries beat regions where percentages are missing, or where the
    countries alone make up about 100: regions then repeat them, unless they are just what is missing.
    """
    countries = [_country(node, findings) for node in parent.all("recipient-country")]
    regions = _regions(parent, findings)
    known = all(part.percent is not None for part in (*countries, *regions))
    if countries and regions and known and not _is_whole(countries, regions):
        chosen: Sequence[Part] = (*countries, *regions)
    else:
        chosen = countries or regions
    buckets = {part.code for part in regions}
    return Places(rebase(chosen), buckets.pop() if len(buckets) == 1 else WORLD)


def _is_whole(countries: Sequence[Part], regions: Sequence[Part]) -> bool:
    """Whether the countries alone make up the whole, but for rounding, and regions do not fill it up to exactly 100."""
    alone, beside = (sum((part.percent or 0 for part in parts), Fraction()) for parts in (countries, regions))
    return 100 - ROUNDED <= alone <= 100 + ROUNDED and alone + beside != 100


def _country(node: Node, findings: Findings) -> Part:
    code = code_of(node).upper()
    if code not in CODES.countries:
        findings.refuse(node, code, f"is no ISO 3166-1 alpha-2 code: its money counts under {WORLD}")
    return Part(CODES.countries.get(code, WORLD), percentage(node, findings))


def _regions(parent: Node, findings: Findings) -> list[Part]:
    """Read the regions of one vocabulary: the DAC's, else the first there is, whose money is not known to be in any country."""
    nodes = parent.all("recipient-region")
    given = [node.get("vocabulary") or DAC_REGIONS for node in nodes]
    chosen = DAC_REGIONS if DAC_REGIONS in given else next(iter(given), None)
    parts = [_region(node, vocabulary, findings) for node, vocabulary in zip(nodes, given, strict=True)]
    return [part for part, vocabulary in zip(parts, given, strict=True) if vocabulary == chosen]


def _region(node: Node, vocabulary: str, findings: Findings) -> Part:
    code = code_of(node)
    if vocabulary != DAC_REGIONS:
        findings.refuse(node, code, f"is of vocabulary {vocabulary}: only the DAC's (1) is read")
        return Part(WORLD, percentage(node, findings))
    if code not in CODES.regions:
        findings.refuse(node, code, f"is no region of the OECD DAC: its money counts under {WORLD}")
    return Part(CODES.regions.get(code, WORLD), percentage(node, findings))
