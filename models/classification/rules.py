"""The classification rules as data: loading and checking; each pattern is compiled when it is first looked for."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from models.checked import read_checked
from models.classification.stems import GAP, StemFinder
from models.classification.taxonomy import NOT_MIGRATION, load_taxonomy

REFUGEES_AT_LARGE = "refugee_general"
"""What serves refugees where no function says which of their categories it is."""

# Groups of people that rules may name beside the taxonomy's codes; the engine turns them into categories.
POPULATIONS = frozenset({"refugee_response", "displacement_response", "hosts_beside"})
_FILE = Path(__file__).with_name("rules.toml")
SPANS_KEPT = 500
MACROS_DEEP = 5
"""How far macros may stand in one another."""
_ESCAPED = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]")
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")


def in_one_line(pattern: str) -> str:
    """A pattern that is written over several lines as one: its lines are joined without the blanks around them, and what
    stands in a line behind ` # ` is a comment."""
    if "\n" not in pattern:
        return pattern
    return "".join(line.partition(" # ")[0].strip() for line in pattern.splitlines())


Pattern = Annotated[str, AfterValidator(in_one_line)]
TextField = Literal["name", "objective", "component_title", "component_description"]


def expand(pattern: str, macros: dict[str, str]) -> str:
    """Write a rule's short form out: `_` is a gap between words, `~` a few words, <name> a macro, in macros too."""
    expanded = pattern
    for _ in range(MACROS_DEEP):
        expanded = re.sub(r"<([a-z]+)>", lambda found: f"(?:{macros[found.group(1)]})", expanded)
    if _UNBOUNDED.search(_ESCAPED.sub("", expanded)):
        raise ValueError(f"a pattern may only repeat within bounds: {pattern}")
    return expanded.replace("_", f"(?:{GAP})").replace("~", "[^.;:]{0,60}?")


def compile_any(patterns: tuple[str, ...], macros: dict[str, str]) -> re.Pattern[str]:
    """One regular expression for any of the patterns, the first that fits wins."""
    return re.compile("|".join(f"(?:{expand(pattern, macros)})" for pattern in patterns))


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Strict):
    """Words that count for a category, or that take other words out of the count."""

    id: str = Field(pattern=r"^[a-z]+(\.[a-z0-9_]+)+$")
    note: str = Field(min_length=10)
    category: str | None = None  # None: the words are excluded
    also: tuple[str, ...] = ()
    weight: float = Field(default=0.9, gt=0, le=1)
    partial: bool = False  # the words themselves name others beside the group
    stems: tuple[str, ...] = Field(min_length=1)
    patterns: tuple[Pattern, ...] = Field(min_length=1)
    fields: tuple[TextField, ...] = ("name", "objective", "component_title", "component_description")
    requires: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
    countries: tuple[str, ...] = ()
    abroad: bool = False  # places that it names are abroad: the project's own country is none of them


class Home(_Strict):
    """A place where people go to work, by its names, and the countries (ISO alpha-3) whose people are at home there."""

    names: Pattern
    countries: tuple[str, ...] = Field(min_length=1)


class Cue(_Strict):
    """Words around a mention, or in a component's title, that say how far the money is for it."""

    id: str
    note: str = Field(min_length=10)
    patterns: tuple[Pattern, ...] = Field(min_length=1)
    categories: tuple[str, ...] = ()  # empty: for every category


class Function(_Strict):
    """What is done for refugees: words that name it and sectors that suggest it."""

    id: str
    category: str
    patterns: tuple[Pattern, ...]
    sectors: tuple[str, ...] = ()
    overrides: bool = False  # in a title it decides by itself


class ThemeRule(_Strict):
    """A category from a theme that the source itself gave."""

    id: str
    note: str = Field(min_length=10)
    category: str
    themes: tuple[str, ...] = Field(min_length=1)
    relevance: Literal["direct", "partial"]
    weight: float = Field(gt=0, le=1)


class PurposeRule(_Strict):
    """What OECD DAC purpose codes say of the money under them; without a category nothing is decided by them."""

    id: str
    note: str = Field(min_length=10)
    codes: tuple[str, ...] = Field(min_length=1)
    category: str | None = None
    open: bool = False  # the words choose, where they name a category
    weight: float = Field(gt=0, le=1)


class Settings(_Strict):
    """Numbers and lists that the engine works with."""

    precedence: tuple[str, ...]
    late_mention: int = Field(gt=0)
    cue_window: int = Field(gt=0)
    aims_after: int = Field(gt=0)
    matches_per_rule: int = Field(gt=0)
    aim_verbs: Pattern
    further: Pattern
    plain_words: tuple[str, ...]
    calibration: dict[str, float]


class RuleSet(_Strict):
    """All rules of one version."""

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    macros: dict[str, Pattern]
    settings: Settings
    homes: tuple[Home, ...]
    rules: tuple[Rule, ...]
    functions: tuple[Function, ...]
    cues_before: tuple[Cue, ...]
    cues_after: tuple[Cue, ...]
    component_cues: tuple[Cue, Cue]  # running a project, then institutions at large
    theme_rules: tuple[ThemeRule, ...]
    purpose_rules: tuple[PurposeRule, ...]
    purpose_names: dict[str, str]
    broad_words: tuple[str, ...]

    @model_validator(mode="after")
    def _unique_ids(self) -> "RuleSet":
        ids = [rule.id for rule in self.rules] + [function.id for function in self.functions]
        ids += [cue.id for cue in (*self.cues_before, *self.cues_after, *self.component_cues)]
        ids += [rule.id for rule in self.theme_rules] + [rule.id for rule in self.purpose_rules]
        doubled = sorted({name for name in ids if ids.count(name) > 1})
        if doubled:
            raise ValueError(f"rule ids must be unique: {', '.join(doubled)}")
        return self

    @model_validator(mode="after")
    def _known_categories(self) -> "RuleSet":
        known = load_taxonomy().by_code.keys() - {NOT_MIGRATION}
        used = {rule.category for rule in self.rules if rule.category} - POPULATIONS
        used |= {code for rule in self.rules for code in rule.also}
        used |= {function.category for function in self.functions} | {rule.category for rule in self.theme_rules}
        used |= {rule.category for rule in self.purpose_rules if rule.category}
        cues = (*self.cues_before, *self.cues_after, *self.component_cues)
        used |= {code for cue in cues for code in cue.categories} - POPULATIONS
        if not used <= known:
            raise ValueError(f"rules name unknown categories: {', '.join(sorted(used - known))}")
        precedence = set(self.settings.precedence)
        by_function = {function.category for function in self.functions} | {REFUGEES_AT_LARGE}
        unranked = known - precedence - by_function
        unranked |= {rule.category for rule in self.rules if rule.category} - POPULATIONS - precedence
        if unranked:
            raise ValueError(f"categories without a place in the precedence: {', '.join(sorted(unranked))}")
        return self

    @model_validator(mode="after")
    def _named_codes(self) -> "RuleSet":
        used = [code for rule in self.purpose_rules for code in rule.codes]
        if sorted(used) != sorted(self.purpose_names):
            raise ValueError("every purpose code needs one rule and one name")
        return self

    @cached_property
    def by_purpose(self) -> dict[str, PurposeRule]:
        """The rule of each purpose code."""
        return {code: rule for rule in self.purpose_rules for code in rule.codes}

    @cached_property
    def new_aim(self) -> re.Pattern[str]:
        """Where a sentence without numbers goes on to its next aim."""
        return compile_any((rf"(?:,_?(?:and_)?|_and_)(?:to_)?(?:{self.settings.aim_verbs})\b",), self.macros)

    @cached_property
    def further(self) -> re.Pattern[str]:
        """How a sentence begins that only adds to what was said."""
        return compile_any((rf"[ ]{{0,4}}(?:{self.settings.further}),?_",), self.macros)

    @cached_property
    def counting(self) -> frozenset[str]:
        """Stems of rules that count for a category: a text without any of them needs no closer look."""
        return frozenset(stem for rule in self.rules if rule.category for stem in rule.stems)

    @cached_property
    def stems(self) -> StemFinder:
        """Finds the stems of all rules in a text."""
        return StemFinder(stem for rule in self.rules for stem in rule.stems)

    @cached_property
    def places_of_stems(self) -> dict[str, list[int]]:
        """Where the rules with each stem stand among all."""
        found: dict[str, list[int]] = {}
        for place, rule in enumerate(self.rules):
            for stem in rule.stems:
                found.setdefault(stem, []).append(place)
        return found

    @cached_property
    def spans(self) -> Callable[[str, str], tuple[tuple[int, int], ...]]:
        """Where the words of a rule, by its id, stand in a text. The components of a project are read one after the other,
        each with the project's own texts, so what was found in those is remembered for a while."""
        by_id = {rule.id: rule for rule in self.rules}

        @lru_cache(SPANS_KEPT)
        def find(rule: str, text: str) -> tuple[tuple[int, int], ...]:
            return tuple(found.span() for found in self.compiled(by_id[rule].patterns).finditer(text))

        return find

    @cached_property
    def _names_at_home(self) -> dict[str, frozenset[str]]:
        """Names of places by each country whose people are at home there."""
        codes = {code for home in self.homes for code in home.countries}
        return {code: frozenset(home.names for home in self.homes if code in home.countries) for code in codes}

    def home_of(self, countries: Sequence[str]) -> tuple[re.Pattern[str], ...]:
        """Names of the places that are home to a project in all of its countries (ISO alpha-3); none where it has none."""
        at_home = [self._names_at_home.get(code, frozenset[str]()) for code in countries]
        names = sorted(at_home[0].intersection(*at_home[1:])) if at_home else ()
        return tuple(self.compiled((rf"\b(?:{each})\b",)) for each in names)

    def compiled(self, patterns: tuple[str, ...]) -> re.Pattern[str]:
        """The patterns as one regular expression, compiled once."""
        found = self._cache.get(patterns)
        if found is None:
            found = self._cache[patterns] = compile_any(patterns, self.macros)
        return found

    @cached_property
    def _cache(self) -> dict[tuple[str, ...], re.Pattern[str]]:
        return {}


@lru_cache(maxsize=1)
def load_rules() -> RuleSet:
    """Read the rules beside this file; who asks for no more than their version does not wait until patterns are compiled."""
    return read_checked(RuleSet, _FILE)
