"""Components of status reports: 'Title:(Cost $49.53 M)' between two headings."""

import itertools
import re
from dataclasses import replace

from models.extraction.amounts import to_cents
from models.extraction.candidate import Candidate, numbered
from models.extraction.cleaning import CleanText, spaced
from models.extraction.headings import END_HEADING, STATUS_HEADING
from models.extraction.result import AMBIGUOUS_UNIT, AMOUNT_UNREADABLE, NOT_USD
from models.extraction.statement import Stated
from models.extraction.titles import LABEL, is_title, ordinal_of, tidy
from models.vocabulary import Measure

_MARK = re.compile(
    rf"[(\[] ?(?:{spaced('cost')}(?: ?[oe])?|{spaced('cout')}|{spaced('custo')}) ?:? ?(?P<currency>(?:us ?\$|usd|\$"
    rf"|[a-z]{{0,3}}\$|[a-z]{{3}}|€|£) ?)?"
    r"(?P<number>\d[\d., ]{0,24}?) ?(?P<unit>millions?|billions?|mn|m|b|k)?(?P<after> ?(?:us ?\$|usd|\$|eur|€))? ?[)\]]"
)
_JOINED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d\d)?|\d{1,3}(?:\.\d{3})+(?:,\d\d)?|\d+[.,]\d\d|\d{1,3}(?: \d{3})+")
_RATINGS = re.compile(
    r"\boverall ratings?\b|\bimplementation status (?:and|&) key decisions\b|\bkey issues (?:&|and) status\b"
)
_STRONG = len("components ")  # a heading of more than the one word
_LINE_GAP, _HEADING_GAP, _TAIL_GAP = 520, 640, 420
_SUB = re.compile(
    rf"[ .:;-]*(?:name ?:? ?)?(?:(?:sub|sous) ?-? ?(?:{spaced('component')}|componente|composante)"
    rf"|(?:component )?\d{{1,2}} ?\.\d)"
)
_LETTER = re.compile(r"\(?(?:[a-z]|[ivx]{1,4})\) ?(?=\S)")
_EMERGENCY = re.compile(
    r"(?:contingen(?:t|cy) emergency response (?:component|mechanism|fund)(?: \(cer[cmf]p?\))?|cerc"
    r"|contingent emergency response \(cerc\))"
    r"(?= (?:project|component|[a-z]+ing|strengthen|support|improv|enhanc|institutional|technical)\b)"
)


def status_components(even: CleanText) -> list[list[Candidate]]:
    """Read the lists of cost lines of a status report; none where no heading of components stands before them."""
    found: list[list[Candidate]] = []
    group: list[re.Match[str]] = []
    floor = 0
    for mark in _MARK.finditer(even.folded):
        if group and _is_new_list(even, group[-1].end(), mark.start()):
            found.append(_read_group(even, group, floor))
            floor = group[-1].end()
            group = []
        group.append(mark)
    if group:
        found.append(_read_group(even, group, floor))
    return [items for items in found if items]


def _is_new_list(even: CleanText, end: int, start: int) -> bool:
    """A list is over with the ratings behind it or a heading of another list; its titles may hold other headings' words."""
    if start - end > _LINE_GAP or _RATINGS.search(even.folded, end, start):
        return True
    return any(len(match.group()) > _STRONG for match in STATUS_HEADING.finditer(even.folded, end, start))


def _read_group(even: CleanText, marks: "list[re.Match[str]]", floor: int) -> list[Candidate]:
    begin = _after_heading(even, marks[0].start(), floor)
    if begin is None:
        return []
    found: list[Candidate] = []
    for mark in marks:
        found += _read_line(even, begin, mark)
        begin = mark.end()
    end = END_HEADING.search(even.folded, begin, begin + _TAIL_GAP)
    if end:
        found += _titles_only(even, begin, end.start())
    return numbered(_top_level(found))


def _top_level(found: list[Candidate]) -> list[Candidate]:
    """Lines '(a) …' between numbered components are parts of them; where all lines are such, they are the components."""
    labelled = any(item.ordinal for item in found)
    return [
        replace(item, title=_LETTER.sub("", item.title))
        for item in found
        if not (labelled and not item.ordinal and _LETTER.match(item.title))
    ]


def _after_heading(even: CleanText, position: int, floor: int) -> int | None:
    start = max(floor, position - _HEADING_GAP)
    matches = [
        match
        for match in STATUS_HEADING.finditer(even.folded, start, position)
        if even.text[match.start()].isupper() or match.group()[0].isdigit()
    ]
    if not matches:
        return None
    strong = [match for match in matches if len(match.group()) > _STRONG]
    end = (strong or matches)[-1].end()
    name = re.compile(r" ?(?:component )?name\b ?:? ?").match(even.folded, end)
    return name.end() if name else end


def _read_line(even: CleanText, begin: int, mark: "re.Match[str]") -> list[Candidate]:
    """Read the title before a cost; labels and the emergency component before it are titles without a cost."""
    starts = _title_starts(even, begin, mark.start())
    found = [candidate for start, end in itertools.pairwise(starts) for candidate in _titles_only(even, start, end)]
    start = starts[-1]
    if _SUB.match(even.folded, start):
        return found
    title = tidy(even.text[start : mark.start()])
    if is_title(title):
        stated = _cost(mark)
        found.append(
            Candidate(
                _label_number(even, start), title, start, mark.end(), stated, 0.9 if stated.cents is not None else 0.8
            )
        )
    return found


def _title_starts(even: CleanText, begin: int, end: int) -> list[int]:
    labels = [
        match.start() for match in LABEL.finditer(even.folded, begin, end) if not match["sub"] and not match["sub2"]
    ]
    if labels and tidy(even.text[begin : labels[0]]) == "":
        begin = labels.pop(0)
    starts = [begin, *labels]
    if len(starts) == 1:
        lead = len(even.folded[begin:end]) - len(even.folded[begin:end].lstrip(" .:;-"))
        emergency = _EMERGENCY.match(even.folded, begin + lead, end)
        if emergency:
            starts.append(emergency.end())
    return starts


def _titles_only(even: CleanText, begin: int, end: int) -> list[Candidate]:
    starts = _title_starts(even, begin, end)
    found = []
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        if _SUB.match(even.folded, start):
            continue
        title = tidy(even.text[start:stop])
        if is_title(title, 200):
            begin_at = start + len(even.text[start:stop]) - len(even.text[start:stop].lstrip())
            found.append(Candidate(_label_number(even, start), title, begin_at, stop, None, 0.7))
    return found


def _label_number(even: CleanText, start: int) -> int:
    """Number of 'Component 3:' or 'C3:' at the start of a line, 0 if it has none."""
    lead = re.compile(r"[ .:;-]*(?:name ?:? ?)?(?:c ?(?P<short>\d{1,2}) ?[:.)-])?").match(even.folded, start)
    if lead and lead["short"]:
        return int(lead["short"])
    label = LABEL.match(even.folded, lead.end() if lead else start)
    return ordinal_of(label["num"]) if label and label["num"] and not label["inner"] else 0


def _cost(mark: "re.Match[str]") -> Stated:
    currency = (mark["currency"] or mark["after"] or "").replace(" ", "")
    if currency not in {"", "$", "us$", "usd"}:
        return Stated(None, None, (NOT_USD,))
    number = mark["number"].strip()
    joined = number.replace(" ", "")
    if joined != number and not (_JOINED.fullmatch(joined) or _JOINED.fullmatch(number)):
        return Stated(None, None, (AMOUNT_UNREADABLE,))
    unit = mark["unit"] or ""
    cents, flag = to_cents(joined, unit, continental=not unit and joined.count(".") > 1)
    if cents is None:
        return Stated(None, None, (flag or AMBIGUOUS_UNIT,))
    return Stated(cents, Measure.COST)
