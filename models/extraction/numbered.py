"""Components numbered without the word: '1. Title (appraisal: US$46.7 million; actual: US$48.9 million)'."""

import re
from itertools import islice

from models.extraction.amounts import find_money, has_money_mark
from models.extraction.brackets import CUT, bracket_end, cut_bracket
from models.extraction.candidate import Candidate
from models.extraction.cleaning import CleanText
from models.extraction.headings import SECTION_END, SECTION_START
from models.extraction.statement import Stated, choose
from models.extraction.titles import is_title, ordinal_of, starts_large, tidy
from models.vocabulary import Measure

_SECTION, _TRIED = 14_000, 80
_STYLES = {
    "1.": re.compile(r"(?:(?<=[\s.;:)])|^)(?P<num>\d{1,2})[.)] ?(?=[A-ZÀ-Ý\"'(])"),
    "(1)": re.compile(r"\((?P<num>\d{1,2})\) ?(?=[A-ZÀ-Ýa-z])"),
    "A.": re.compile(r"(?:(?<=[\s.;:)])|^)(?P<num>[A-H])(?:[.)]|(?<=[.;:)] [A-H]):) ?(?=[A-ZÀ-Ý])"),
    "(i)": re.compile(r"\((?P<num>i{1,3}|iv|vi{0,3}|ix|x)\) ?"),
    "(a)": re.compile(r"\((?P<num>[a-h])\) ?"),
    "Part A": re.compile(r"\bP(?:art|ART) (?P<num>[A-H]|\d)[.:] ?(?=[A-ZÀ-Ý])"),
}
_BULLET = re.compile(r"(?:(?<=\s)|^)[-•·▪*] ?(?=[A-ZÀ-Ý])")
_AMOUNT_LABEL = re.compile(
    r"[-:,.;] ?(?:[a-z]+ ){0,2}?(?:apprais\w+|estimat\w+|planned|original|total)?(?: ?(?:costs?|estimate|amount|budget))?"
    r"(?: at appraisal)?\Z"
)
_SECOND_AMOUNT = re.compile(
    r"[,;] ?(?:actual|final|revised|of which|ida|ibrd|government)\b[^.;]{0,30}?\d[^;]{0,40}?(?=\. |;|\Z)"
)
_SUB_MARK = re.compile(r"\([a-z]{1,4}\)|\b[ivx]+\)|•|\b\d\.\d|\bsub-?comp|\bsub-?projet")
_SENTENCE_START = re.compile(r"[.:;] |\A")
_TOLD = re.compile(r"(?=.*\b(?:apprais|estimat|plan|original|prevu))(?=.*\b(?:actual|final|reel|real\b))", re.DOTALL)
_NEXT_SENTENCE = re.compile(r"\s*(?:This|It|The|These|Under|Cette|Elle|Este|Esta|El|La)\b|\s*\(")


def numbered_components(even: CleanText, continental: bool) -> list[Candidate]:
    """Read the first section of components whose items carry amounts."""
    best: list[Candidate] = []
    titles: list[Candidate] = []
    for section in islice(SECTION_START.finditer(even.folded), _TRIED):
        begin = section.end()
        stop = SECTION_END.search(even.folded, begin, begin + _SECTION)
        end = stop.start() if stop else min(len(even.folded), begin + _SECTION)
        found = _read_section(even, begin, end, continental)
        if len(found) > 1 and any(item.cents is not None for item in found):
            return found
        if len(found) > len(titles) and all(item.stated is None for item in found):
            titles = found
        if sum(item.stated is not None for item in found) > sum(item.stated is not None for item in best):
            best = found
    return best or (titles if len(titles) > 1 else [])


def _read_section(even: CleanText, begin: int, end: int, continental: bool) -> list[Candidate]:
    heads = [
        (match.start(), name)
        for name, style in _STYLES.items()
        if (match := style.search(even.text, begin, min(end, begin + 420))) and ordinal_of(match["num"].lower()) == 1
    ]
    if not heads:
        return _bulleted(even, begin, end, continental) or _unnumbered(even, begin, end, continental)
    style = _STYLES[min(heads)[1]]
    marks: list[re.Match[str]] = []
    for match in style.finditer(even.text, begin, end):
        if ordinal_of(match["num"].lower()) == len(marks) + 1:
            marks.append(match)
    found = []
    for index, mark in enumerate(marks):
        stop = marks[index + 1].start() if index + 1 < len(marks) else end
        candidate = _read_item(even, mark, min(stop, mark.end() + 700), index + 1, continental)
        if candidate is None:
            break  # what follows is another list, or the numbers are of paragraphs
        found.append(candidate)
    return found


def _bulleted(even: CleanText, begin: int, end: int, continental: bool) -> list[Candidate]:
    """Read '- Title: US$5 million' and '• Title (US$5 million)', two or more right behind each other."""
    marks = list(_BULLET.finditer(even.text, begin, end))
    if not marks or marks[0].start() > begin + 420:
        return []
    found: list[Candidate] = []
    for mark, stop in zip(marks, [*(mark.start() for mark in marks[1:]), end], strict=True):
        candidate = _read_item(even, mark, min(stop, mark.end() + 400), len(found) + 1, continental)
        if candidate is None or candidate.stated is None:
            break
        found.append(candidate)
    return found if len(found) > 1 else []


def _read_item(even: CleanText, mark: "re.Match[str]", stop: int, ordinal: int, continental: bool) -> Candidate | None:
    begin = mark.end()
    text, folded = even.text, even.folded
    for opening in re.compile(r"[(\[]").finditer(folded, begin, stop):
        close = bracket_end(folded, opening.start()) or cut_bracket(folded, opening.start(), continental)
        if close is None or close > stop + 60 or not has_money_mark(folded[opening.start() : close]):
            continue
        between = text[begin : opening.start()]
        if _SUB_MARK.search(between) or not find_money(folded[opening.start() : close], continental):
            break
        title = tidy(between)
        if not is_title(title, 220):
            break
        stated = choose(folded[opening.start() : close], continental)
        return Candidate(
            ordinal, title, mark.start(), close, stated, 0.75 if stated and stated.cents is not None else 0.6
        )
    return _bare_amount(even, mark, stop, ordinal, continental) or _title_only(even, mark, stop, ordinal)


def _bare_amount(
    even: CleanText, mark: "re.Match[str]", stop: int, ordinal: int, continental: bool
) -> Candidate | None:
    """Read '1. Title - US$5 million' and '1. Title, US$5 million'."""
    folded = even.folded[mark.end() : min(stop, mark.end() + 300)]
    money = next(iter(find_money(folded, continental)), None)
    if money is None:
        return None
    before = folded[: money.start]
    connector = re.search(r" ?(?:[-:,]|\bat|\bfor) ?(?:a |de )?\Z", before)
    if not connector or re.search(r"[a-z]{3}[.;] |[(\[]", before):
        return None
    label = _AMOUNT_LABEL.search(before, 0, connector.start())
    begin = label.start() if label else connector.start()
    title = tidy(even.text[mark.end() : mark.end() + begin])
    if not is_title(title, 200) or not starts_large(title):
        return None
    second = _SECOND_AMOUNT.match(folded, money.end)
    said = folded[begin : second.end() if second else money.end + 12].split(". ")[0]
    stated = choose(said if second else said.split(";")[0], continental)
    end = mark.end() + max(money.end, begin + len(said) if second else 0)
    return Candidate(ordinal, title, mark.start(), end, stated, 0.7 if stated and stated.cents is not None else 0.6)


def _title_only(even: CleanText, mark: "re.Match[str]", stop: int, ordinal: int) -> Candidate | None:
    """A numbered title with no amount, where a sentence about the component follows."""
    end = re.compile(r"[^\W\d_]{3,}[.:] ").search(even.text, mark.end(), min(stop, mark.end() + 220))
    if not end or not _NEXT_SENTENCE.match(even.text, end.end()):
        return None
    title = tidy(even.text[mark.end() : end.end() - 2])
    if not is_title(title, 160) or not starts_large(title) or len(title.split()) > 22:
        return None
    return Candidate(ordinal, title, mark.start(), end.end() - 1, None, 0.5, loose=True)


def _unnumbered(even: CleanText, begin: int, end: int, continental: bool) -> list[Candidate]:
    """Read 'Title (appraisal, US$70 million; actual, US$69.9 million) was to …', each at the start of a sentence."""
    found: list[Candidate] = []
    last = begin
    for opening in re.compile(r"[(\[]").finditer(even.folded, begin, end):
        if opening.start() < last:
            continue
        close = bracket_end(even.folded, opening.start()) or _cut_off(even, opening.start())
        inner = even.folded[opening.start() : close]
        if close is None or not has_money_mark(inner) or not _TOLD.search(inner):
            continue
        lead = even.text[max(last, opening.start() - 260) : opening.start()]
        start = [match.end() for match in _SENTENCE_START.finditer(lead)][-1]
        title = tidy(lead[start:])
        stated = choose(inner, continental)
        if is_title(title, 160) and starts_large(title) and len(title.split()) <= 18 and _planned(stated):
            place = opening.start() - len(lead) + start
            found.append(Candidate(len(found) + 1, title, place, close, stated, 0.65))
            last = close
    return found


def _cut_off(even: CleanText, start: int) -> int | None:
    """An open bracket at the very end of an excerpt ends with it."""
    return len(even.folded) if len(even.folded) - start < CUT else None


def _planned(stated: Stated | None) -> bool:
    return stated is not None and (stated.planned or stated.basis is Measure.COST)
