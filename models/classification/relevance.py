"""How far the money of a text is for the group that it names."""

import re
from dataclasses import dataclass
from itertools import pairwise

from models.classification.matching import Document, Match
from models.classification.rules import Cue, RuleSet

TITLES = ("name", "component_title")
_ENUMERATOR = re.compile(r"(?<![a-z0-9])\(?(?:[ivx]{1,4}|[a-h]|[1-9])\)")
_BREAK = re.compile(r"[.;](?=[ )]|$)|\(?(?<![a-z0-9])\(?(?:[ivx]{1,4}|[a-h]|[1-9])\)")


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer and what it rests on: the mention, and the cue's words if one was found."""

    relevance: str
    reason: str
    mention: Match
    cue: tuple[str, int, int] | None = None  # id, start and end in the mention's field
    late: bool = False


def items(text: str) -> list[tuple[int, int]]:
    """Spans of the numbered aims of a text, else of its parts between semicolons; empty if there is but one."""
    starts = [found.start() for found in _ENUMERATOR.finditer(text)]
    if len(starts) > 1:
        return list(pairwise([*starts, len(text)]))
    parts = [found.start() for found in re.finditer(";", text)]
    return list(pairwise([0, *parts, len(text)])) if len(parts) > 1 else []


def clause(text: str, start: int, end: int) -> tuple[int, int]:
    """Span of the sentence or numbered aim around text[start:end]."""
    first, last = 0, len(text)
    for found in _BREAK.finditer(text):
        if found.end() <= start:
            first = found.end()
        elif found.start() >= end:
            last = found.start()
            break
    return first, last


def aim(text: str, start: int, end: int, rules: RuleSet) -> tuple[int, int, bool]:
    """Span of the aim around text[start:end], and whether it is only one of several.

    Words in the last aim of a sentence mostly close all of them ("..., and ... for refugees"), so the last aim counts
    as the whole sentence. A sentence that says what is done "in addition" holds none but further aims.
    """
    first, last = clause(text, start, end)
    further = rules.further.match(text, first) is not None
    borders = [first + found.start() for found in rules.new_aim.finditer(text[first:last])]
    before = [border for border in borders if border < start]
    after = [border for border in borders if border >= end]
    if not after:
        return first, last, further
    among_others = further or bool(before) or len(after) >= rules.settings.aims_after
    return (before[-1] if before else first), after[0], among_others


def read(document: Document, mentions: list[Match], category: str, rules: RuleSet) -> Reading:
    """Judge by the first mention in a title, else by the first in the other fields."""
    titled = [match for match in mentions if match.field in TITLES]
    mention = min(titled or mentions, key=lambda match: (match.field, match.start))
    cue = _cue(document, mention, category, rules)
    if cue:
        return Reading("partial", "one group among others", mention, cue)
    if mention.rule.partial:
        return Reading("partial", "the words name others as well", mention)
    if titled:
        return Reading("direct", "named in the title", mention)
    if _one_aim(document.folded(mention.field), [match for match in mentions if match.field == mention.field]):
        return Reading("partial", "one of several numbered aims", mention)
    if aim(document.folded(mention.field), mention.start, mention.end, rules)[2]:
        return Reading("partial", "one of several aims", mention)
    if mention.start > rules.settings.late_mention:
        return Reading("partial", "named late in a long text", mention, late=True)
    return Reading("direct", "the objective as a whole", mention)


def _one_aim(text: str, mentions: list[Match]) -> bool:
    spans = items(text)
    if not spans or any(match.start < spans[0][0] for match in mentions):
        return False
    return any(all(not start <= match.start < end for match in mentions) for start, end in spans)


def _cue(document: Document, mention: Match, category: str, rules: RuleSet) -> tuple[str, int, int] | None:
    text = document.folded(mention.field)
    first, last = clause(text, mention.start, mention.end)
    window = rules.settings.cue_window
    first = max(first, mention.start - window)
    for cue in rules.cues_before:
        found = _search(cue, category, text[first : mention.start], rules)
        if found:
            return cue.id, first + found.start(), first + found.end()
    for cue in rules.cues_after:
        found = _search(cue, category, text[mention.end : min(last, mention.end + window)], rules)
        if found:
            return cue.id, mention.end + found.start(), mention.end + found.end()
    return None


def _search(cue: Cue, category: str, text: str, rules: RuleSet) -> re.Match[str] | None:
    if cue.categories and category not in cue.categories:
        return None
    return rules.compiled(cue.patterns).search(text)
