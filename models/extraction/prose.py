"""Components told in sentences: 'Component 2: Title (US$12.5 million equivalent)', in four languages."""

import re
from dataclasses import dataclass

from models.extraction.amounts import find_money, has_money_mark
from models.extraction.brackets import CUT, bracket_end, cut_bracket, more_brackets
from models.extraction.candidate import Candidate
from models.extraction.cleaning import CleanText
from models.extraction.headings import END_HEADING
from models.extraction.statement import choose
from models.extraction.titles import LABEL, LONGEST_TITLE, SEPARATOR, is_title, ordinal_of, starts_large, tidy

_WINDOW = 900
_CONNECTOR = re.compile(
    r"(?:[-:,;.]|,? ?\b(?:totall?ing|amounting to|(?:estimated|budgeted|costed|valued) at|por valor de"
    r"|(?:with|for|pour|d'|por) ?(?:an?|the|un|une)? ?(?:[a-z]+ )?(?:allocation|amount|budget|cost|montant|monto) (?:of|de))"
    r"|\b(?:for|of|a|de|at|is)|\b(?:(?:total|estimated|planned|indicative) )?(?:costs?|cout|costo|custo"
    r"|montant|monto|amount"
    r"|budget|allocation|(?:provisional|preliminary) (?:estimate|assessment))"
    r"(?: total| estime| estimado)?) ?:? ?(?:about |approximately |environ |de )?\Z"
)
_DONE = re.compile(r"\b(?:was|were|has been|have been)\b")  # a sentence about results, no title
_NEXT_ROW = re.compile(r" ?[|]? ?(?:component|composante|total|\Z)")
_COST_NEXT = re.compile(
    r"\.? ?(?:(?:total|estimated|planned|indicative|approximate) )*(?:costs?|cout|costo|custo|montant|monto|amount)\b"
)
_BOUNDARY = re.compile(r"(?:^|[.;:)\]•\"|/-]|[A-Z][\w-]*|\d|%|\b(?:and|et|y|e|the|by component))\s*$")


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a title ends, why, and the stretch that states the amount."""

    title_end: int
    end: int
    kind: str
    amount: tuple[int, int] | None = None


def prose_components(even: CleanText, continental: bool) -> list[list[Candidate]]:
    """Read labelled components, in runs of rising numbers; a later run repeats or belongs to another list."""
    labels = list(LABEL.finditer(even.folded))
    runs: list[list[Candidate]] = []
    last_end = -1
    for index, label in enumerate(labels):
        if label["sub"] or label["sub2"] or label["inner"] or not _is_number(even, label):
            continue
        limit = min(len(even.folded), label.end() + _WINDOW)
        following = labels[index + 1].start() if index + 1 < len(labels) else limit
        candidate = _read_definition(even, label, min(limit, following), following <= limit, continental)
        if candidate is None or not (label.start() == last_end or _introduces(even, label, candidate)):
            continue
        last_end = candidate.end
        if not runs or candidate.ordinal < runs[-1][-1].ordinal:
            runs.append([])
        runs[-1].append(candidate)
    return [run for run in runs if not _is_contents(run)]


def _is_contents(run: list[Candidate]) -> bool:
    """Titles that end in rising numbers, the last one perhaps not, stand on a contents page: 'Component 1: Roads 13'."""
    ends = [re.search(r" (\d{1,3})\Z", item.title) for item in run]
    pages = [int(end[1]) for end, item in zip(ends, run, strict=True) if end and int(end[1]) > item.ordinal]
    if any(item.stated for item in run) or len(pages) < max(2, len(run) - 1):
        return False
    return pages == sorted(pages)


def _introduces(even: CleanText, label: "re.Match[str]", candidate: Candidate) -> bool:
    """Tell 'Component 2: Roads (US$5 million)' from a mention: 'as in Component 2. The council (US$3 million)'."""
    before = even.text[max(0, label.start() - 40) : label.start()]
    if before.rfind("(") > before.rfind(")") and even.text[label.end() : label.end() + 1] == ")":
        return False
    if _BOUNDARY.search(before):
        return True
    return candidate.stated is not None and re.match(r" ?[:-]", even.folded[label.end() : label.end() + 3]) is not None


def _is_number(even: CleanText, label: "re.Match[str]") -> bool:
    """Letters and words count as numbers only as capitals; 'component a' is an article, 'component one' a mention."""
    number = even.text[label.start("num") : label.end("num")]
    return number.isdigit() or number.isupper() or (len(number) > 2 and number.istitle())


def _read_definition(
    even: CleanText, label: "re.Match[str]", limit: int, next_label: bool, continental: bool
) -> Candidate | None:
    separator = SEPARATOR.match(even.folded, label.end())
    mark = separator["mark"] if separator else ""
    begin = separator.end() if separator else label.end()
    if even.folded[begin : begin + 1] in {"(", "["} and not mark.strip("."):
        return _amount_first(even, label, begin, limit, next_label, continental)
    ending = _find_ending(even, begin, limit, next_label, continental)
    title = tidy(even.text[begin : ending.title_end])
    if not is_title(title) or not (mark or starts_large(title)):
        return None
    return _candidate(even, label, title, mark, ending, continental)


def _candidate(
    even: CleanText, label: "re.Match[str]", title: str, mark: str, ending: Ending, continental: bool
) -> Candidate | None:
    ordinal = ordinal_of(label["num"])
    stated = choose(even.folded[slice(*ending.amount)], continental) if ending.amount else None
    if stated is None:
        if ending.kind == "none":
            return None
        if ending.kind == "words" and not set(mark) & set(":-"):
            return None
        loose = ending.kind in {"words", "sentence"}
        if not starts_large(title):
            return None
        return Candidate(ordinal, title, label.start(), ending.end, None, 0.5 if loose else 0.7, loose)
    confidence = 0.6 if stated.cents is None else 0.75
    return Candidate(ordinal, title, label.start(), ending.end, stated, confidence)


def _amount_first(
    even: CleanText, label: "re.Match[str]", begin: int, limit: int, next_label: bool, continental: bool
) -> Candidate | None:
    """Read 'Component 1 (US$12 million): Title'."""
    close = bracket_end(even.folded, begin)
    if close is None or close > limit or not has_money_mark(even.folded[begin:close]):
        return None
    separator = re.compile(r" ?[:\-] ?").match(even.folded, close)
    if not separator:
        return None
    ending = _find_ending(even, separator.end(), limit, next_label, continental)
    title = tidy(even.text[separator.end() : ending.title_end])
    if ending.amount or ending.kind == "none" or not is_title(title) or not starts_large(title):
        return None
    stated = choose(even.folded[begin:close], continental)
    confidence = 0.6 if stated is None or stated.cents is None else 0.7
    return Candidate(ordinal_of(label["num"]), title, label.start(), ending.title_end, stated, confidence)


def _find_ending(even: CleanText, begin: int, limit: int, next_label: bool, continental: bool) -> Ending:
    """Walk from the start of a title to what ends it: an amount, a sentence, a heading, the next label."""
    folded = even.folded
    heading = END_HEADING.search(folded, begin, limit)
    stop_at = heading.start() if heading else limit
    last_kind = "heading" if heading else "label" if next_label else "none"
    direct = [begin + money.start for money in find_money(folded[begin:stop_at], continental)]
    position = begin
    while stop := _next_stop(even, position, stop_at, direct):
        place, kind = stop
        if kind == "bracket":
            close = bracket_end(folded, place)
            if close is None and (opened := _open_bracket(even, place, stop_at, continental)):
                return opened
            if (
                close
                and close <= stop_at
                and has_money_mark(folded[place:close])
                and choose(folded[place:close], continental)
            ):
                return Ending(
                    place,
                    more_brackets(folded, close, stop_at),
                    "amount",
                    (place, more_brackets(folded, close, stop_at)),
                )
            position = min(close - 1 if close else place + 1, stop_at)  # the closing bracket may end a sentence
            direct = [start for start in direct if start >= position]
            continue
        if kind == "money":
            return _direct_amount(even, begin, place, stop_at)
        if kind == "sentence" and (after := _amount_after(even, place, stop_at)):
            return after
        return Ending(place, place, kind)
    return Ending(stop_at, stop_at, last_kind)


def _next_stop(even: CleanText, position: int, limit: int, direct: list[int]) -> tuple[int, str] | None:
    """Next bracket, sentence end, telling word or bare amount."""
    found: tuple[int, str] | None = None
    for match in _STOP_TEXT.finditer(even.text, position, limit):
        char = match.group()[0]
        kind = "bracket" if char in "([" else "sentence" if match.group()[-1] == " " else "words"
        place = match.start() + (1 if kind == "sentence" else 0)
        if kind == "sentence" and _is_abbreviation(even.text, match.start() + 1):
            continue
        found = (place, kind)
        break
    if direct and (found is None or direct[0] < found[0]):
        return direct[0], "money"
    return found


_NEXT_NUMBER = re.compile(
    r"\s(?:\d{1,2}[.)]|\([a-z\d]{1,3}\)) |(?<=[.;:)]) \d{1,2}(?:\.\d{1,2})+\.? (?=[A-ZÀ-Ý])"  # an item, a heading
)
_STOP_TEXT = re.compile(
    r"[(\[]|[A-Za-zÀ-ÿ0-9)\"'][.;] (?=[A-ZÀ-Ý(\"'])|•|\b(?i:will|would|shall|aims? to|seeks? to|vise à|visera"
    r"|financera|comprend"
    r"|permettra|tiene como|tendrá|financiará|this (?:sub)?component|the component|cette composante|este componente)\b"
)


def _is_abbreviation(text: str, dot: int) -> bool:
    """'St. Lucia', 'U.S. ', 'vs. ': a dot behind at most two letters ends no sentence."""
    if text[dot] != ".":
        return False
    word = re.search(r"[^\W\d_]+\Z", text[max(0, dot - 12) : dot])
    return word is not None and len(word.group()) <= 2 and not text[dot + 2 : dot + 6].lower().startswith("this")


def _open_bracket(even: CleanText, place: int, limit: int, continental: bool) -> Ending | None:
    """An amount in a bracket that never closes: a slip of the pen, or the end of an excerpt."""
    money = next(iter(find_money(even.folded[place : min(limit, place + CUT)], continental)), None)
    if money is None or money.start > CUT // 2:
        return None
    if len(even.folded) - place <= CUT:
        cut = cut_bracket(even.folded, place, continental)
        return Ending(place, cut, "amount", (place, cut)) if cut else Ending(place, place, "none")
    end = _sentence_end(even, place + money.end, limit)
    return Ending(place, end, "amount", (place, end))


def _direct_amount(even: CleanText, begin: int, money: int, limit: int) -> Ending:
    """An amount without brackets counts only right behind the title: ': US$5 million', 'estimated cost US$5 million'."""
    connector = _CONNECTOR.search(even.folded, max(begin, money - 60), money)
    if not connector and (cell := _cell(even, money, limit)):
        return Ending(money, cell, "amount", (money, cell))
    if not connector or money - begin > LONGEST_TITLE + 60 or _DONE.search(even.folded, begin, connector.start()):
        return Ending(money, money, "none")
    end = _sentence_end(even, money, limit)
    return Ending(connector.start(), end, "amount", (connector.start(), end))


def _cell(even: CleanText, money: int, limit: int) -> int | None:
    """End of an amount that stands in the cell of a table: right behind it comes the next row, or that of totals."""
    first = next(iter(find_money(even.folded[money:limit], False)), None)
    if first is None:
        return None
    end = money + first.end
    return end if _NEXT_ROW.match(even.folded, end) else None


def _sentence_end(even: CleanText, start: int, limit: int) -> int:
    limit = min(limit, start + 160)
    for match in _STOP_TEXT.finditer(even.text, start, limit):
        if match.group()[0] not in "([":
            return match.start() + 1
    mark = _NEXT_NUMBER.search(even.text, start, limit)
    return mark.start() if mark else limit


def _amount_after(even: CleanText, place: int, limit: int) -> Ending | None:
    """Amount in its own sentence right behind the title: 'Title. (US$5 million)', 'Title. Estimated cost: US$5 million.'"""
    rest = even.folded[place:limit]
    opening = re.match(r"[.;] ?[(\[]", rest)
    if opening:
        start = place + opening.end() - 1
        close = bracket_end(even.folded, start)
        if close and close <= limit and find_money(even.folded[start:close], False):
            return Ending(place, close, "amount", (start, close))
        return None
    cost = _COST_NEXT.match(rest)
    if cost:
        end = _sentence_end(even, place + cost.end(), limit)
        if has_money_mark(even.folded[place:end]):
            return Ending(place, end, "amount", (place, end))
    return None
