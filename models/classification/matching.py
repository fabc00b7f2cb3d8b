"""Where the rules' words stand in a text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from models.classification.rules import Rule, RuleSet
from models.classification.text import FoldedText, fold

BORDER = "|"
"""Stands between the fields of a document; no stem holds it."""
_LETTER = re.compile(r"[a-z]")


@dataclass(frozen=True, slots=True)
class Match:
    """A rule's words in one field; `start` and `end` count in the folded text."""

    rule: Rule
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """The folded fields of one project or component."""

    fields: dict[str, FoldedText]
    countries: tuple[str, ...] = ()
    barred: frozenset[str] = frozenset()
    whole: str = field(default="")
    home: tuple[re.Pattern[str], ...] = ()  # names of the project's own country
    _applying: list[tuple[Rule, ...]] = field(default_factory=list)

    @classmethod
    def of(
        cls, fields: dict[str, str], countries: Iterable[str], rules: RuleSet, barred: Iterable[str] = ()
    ) -> "Document":
        """Fold every field that holds text; rules for `barred` categories do not apply."""
        folded = {name: fold(text) for name, text in fields.items() if text}
        whole = f" {BORDER} ".join(text.folded for text in folded.values())
        codes = tuple(code.upper() for code in countries)
        return cls(folded, codes, frozenset(barred), whole, rules.home_of(codes))

    def folded(self, name: str) -> str:
        """The folded text of one field, empty if the field is."""
        text = self.fields.get(name)
        return text.folded if text else ""

    def as_read_by(self, rule: Rule, text: str) -> str:
        """A folded text as a rule reads it: one on work abroad finds no name there of the project's own country."""
        for names in self.home if rule.abroad else ():
            text = names.sub(lambda found: _LETTER.sub("x", found.group()), text)
        return text

    def applying(self, rules: RuleSet) -> tuple[Rule, ...]:
        """The rules that may find something in it, in their order; looked for once, as fields are read one after the
        other."""
        if not self._applying:
            self._applying.append(tuple(self._find_applying(rules)))
        return self._applying[0]

    def _find_applying(self, rules: RuleSet) -> Iterator[Rule]:
        # Field by field, for those of the project were searched with its other components already.
        stems = set().union(*map(rules.stems.found_in, self.whole.split(BORDER)))
        if not stems.isdisjoint(rules.counting):
            for place in sorted({place for stem in stems for place in rules.places_of_stems[stem]}):
                rule = rules.rules[place]
                if rule.category not in self.barred and _applies(rule, self, rules):
                    yield rule


def find_matches(document: Document, rules: RuleSet, fields: tuple[str, ...]) -> list[Match]:
    """All words that the rules take, in the order of the rules; no stretch of text is taken twice."""
    present = [name for name in fields if name in document.fields]
    taken = {name: bytearray(len(document.folded(name))) for name in present}
    return [match for rule in document.applying(rules) for match in _take(rule, document, rules, taken)]


def _applies(rule: Rule, document: Document, rules: RuleSet) -> bool:
    whole = document.as_read_by(rule, document.whole)
    if rule.unless and rules.compiled(rule.unless).search(whole):
        return False
    if not rule.requires and not rule.countries:
        return True
    if not set(rule.countries).isdisjoint(document.countries):
        return True
    return bool(rule.requires and rules.compiled(rule.requires).search(whole))


def _take(rule: Rule, document: Document, rules: RuleSet, taken: dict[str, bytearray]) -> Iterator[Match]:
    left = rules.settings.matches_per_rule
    for name, marks in taken.items():
        if name not in rule.fields:
            continue
        for start, end in rules.spans(rule.id, document.as_read_by(rule, document.folded(name))):
            if start == end or marks.find(1, start, end) >= 0:
                continue
            marks[start:end] = b"\x01" * (end - start)
            if left > 0 or rule.category is None:
                left -= 1
                yield Match(rule, name, start, end)
