"""What goes into the classifier and what comes out."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ClassifierInput:
    """What is known of a project, or of one of its components if `component_title` is given."""

    name: str = ""
    objective: str = ""
    component_title: str = ""
    component_description: str = ""
    sectors: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    purpose_codes: tuple[str, ...] = ()  # OECD DAC, alone or with a percentage: 24050:30
    countries: tuple[str, ...] = ()  # ISO alpha-3
    borrower: str = ""
    implementing_agency: str = ""
    world_bank: bool = False  # its money reaches countries that borrow, so it is no donor's cost at home


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that a rule found: field_text(input, field)[start:end] == words."""

    rule: str
    words: str
    field: str
    start: int
    end: int
    effect: str

    def shown(self) -> dict[str, Any]:
        """The same by names, as it is stored and shown."""
        return {
            "rule": self.rule,
            "words": self.words,
            "field": self.field,
            "start": self.start,
            "end": self.end,
            "effect": self.effect,
        }


@dataclass(frozen=True, slots=True)
class CodedShare:
    """A category's share of the money, in parts per million, as codes of the source give it. `known`: what counts of it
    is known, too; it is not where an unknown part of it serves migration."""

    category: str
    share_ppm: int
    relevance: str
    known: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say, how sure they are, and why."""

    category: str
    secondary: tuple[str, ...]
    relevance: str
    confidence: float
    evidence: tuple[Evidence, ...]
    taxonomy_version: str
    rules_version: str
    shares: tuple[CodedShare, ...] = ()  # empty: all the money has the one category


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict before the versions are put on it."""

    category: str
    secondary: tuple[str, ...]
    relevance: str
    confidence: float
    evidence: tuple[Evidence, ...]
    shares: tuple[CodedShare, ...] = ()


def field_text(text: ClassifierInput, field: str) -> str:
    """The text that an evidence's offsets count in; lists are joined by a semicolon and a blank."""
    value: str | tuple[str, ...] = getattr(text, field)
    return value if isinstance(value, str) else "; ".join(value)
