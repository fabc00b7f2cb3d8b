"""What OECD DAC purpose codes say of a project's money: which share of it is for which category, as its source states it.

docs/adr/0018-iati.md has the reasons.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.classification.rules import PurposeRule, RuleSet
from models.classification.taxonomy import NOT_MIGRATION, load_taxonomy
from models.classification.verdict import ClassifierInput, CodedShare, Evidence, Finding
from models.money import PPM

FIELD = "purpose_codes"
IN_DONOR = "in_donor_refugee_costs"
_WRITTEN = re.compile(r"([0-9]{3,5})(?::([0-9]{1,3})(?:\.([0-9]{1,4}))?)?")


@dataclass(frozen=True, slots=True)
class Purpose:
    """A code as it stands in the field, with its share in parts per million where that is stated, and its rule."""

    code: str
    share_ppm: int | None
    rule: PurposeRule | None
    written: str
    start: int


def purposes_of(text: ClassifierInput, rules: RuleSet) -> list[Purpose]:
    """Read the codes of a text, written as `24050` or with their percentage as `24050:30`; a code that stands alone has
    all the money."""
    found, at = [], 0
    for value in text.purpose_codes:
        if match := _WRITTEN.fullmatch(value.strip()):
            percent = None if match[2] is None else int(match[2]) * 10_000 + int((match[3] or "").ljust(4, "0"))
            found.append(Purpose(match[1], percent, rules.by_purpose.get(match[1]), value, at))
        at += len(value) + 2
    if len(found) == 1 == len(text.purpose_codes) and found[0].share_ppm is None:
        found = [replace(found[0], share_ppm=PPM)]
    return found


def in_donor_only(text: ClassifierInput, rules: RuleSet) -> Finding | None:
    """All the money stands under codes for refugees inside donor countries: no word weighs against that."""
    found = purposes_of(text, rules)
    claims = [item for item in found if item.rule and item.rule.category == IN_DONOR]
    if not claims or len(claims) < len(found) or not _adds_up(found) or _sum(claims) < PPM:
        return None
    weight = min(item.rule.weight for item in claims if item.rule)
    return Finding(IN_DONOR, (), "direct", weight, tuple(_evidence(item, IN_DONOR, rules) for item in claims))


def with_purposes(text: ClassifierInput, words: Finding, rules: RuleSet) -> Finding:
    """Lay what the codes say over what the words say.

    Stated shares decide over the money under their codes. The rest follows the words, unless these speak of what the
    codes have already given a share to. Without shares a code only helps where the words are silent.
    """
    seen = [item for item in purposes_of(text, rules) if item.rule]
    if not seen:
        return words
    claims = [item for item in seen if item.rule and item.rule.category]
    evidence = tuple(_evidence(item, _category(item, words, claims), rules) for item in seen)
    if not claims:
        return replace(words, evidence=(*words.evidence, *evidence))
    if not _adds_up(purposes_of(text, rules)):
        return _without_shares(words, claims, evidence)
    return _with_shares(words, claims, seen, evidence)


def _adds_up(purposes: Sequence[Purpose]) -> bool:
    return all(item.share_ppm is not None for item in purposes) and 0 < _sum(purposes) <= PPM


def _sum(purposes: Sequence[Purpose]) -> int:
    return sum(item.share_ppm or 0 for item in purposes)


def _category(item: Purpose, words: Finding, claims: Sequence[Purpose]) -> str | None:
    """The category of a code: its own, or for an open one that of the words, unless these are silent or speak of refugees
    whom a code for donor countries beside it answers."""
    if item.rule is None or item.rule.category is None:
        return None
    silent = words.category == NOT_MIGRATION or _answered_in_donor(words, claims)
    return words.category if item.rule.open and not silent else item.rule.category


def _answered_in_donor(words: Finding, claims: Sequence[Purpose]) -> bool:
    """Whether the words speak of refugees, and a code says that they are inside donor countries."""
    given = any(item.rule and item.rule.category == IN_DONOR and item.share_ppm != 0 for item in claims)
    return given and load_taxonomy().group_of(words.category) == "forced_displacement"


def _without_shares(words: Finding, claims: Sequence[Purpose], evidence: tuple[Evidence, ...]) -> Finding:
    if words.category != NOT_MIGRATION:
        return replace(words, evidence=(*words.evidence, *evidence))
    first = max(claims, key=lambda item: item.rule.weight if item.rule else 0)
    assert first.rule is not None
    assert first.rule.category is not None
    return Finding(first.rule.category, (), "partial", first.rule.weight, (*evidence, *words.evidence))


def _with_shares(
    words: Finding, claims: Sequence[Purpose], seen: Sequence[Purpose], evidence: tuple[Evidence, ...]
) -> Finding:
    given: Counter[str] = Counter()
    for item in claims:
        given[_category(item, words, claims) or NOT_MIGRATION] += item.share_ppm or 0
    given = +given
    if not given:
        return replace(words, evidence=(*words.evidence, *evidence))
    rest = PPM - given.total()
    shares = [CodedShare(category, ppm, "direct", True) for category, ppm in given.most_common()]
    left = _rest(words, set(given), seen)
    if rest and left == "none":
        shares.append(CodedShare(NOT_MIGRATION, rest, "none", True))
    elif rest and words.category in given:
        shares = [replace(s, share_ppm=s.share_ppm + rest * (s.category == words.category)) for s in shares]
    elif rest:
        shares.append(CodedShare(words.category, rest, left, left == "direct"))
    confidence = min([item.rule.weight for item in claims if item.rule] + [words.confidence] * (rest > 0))
    carried = {share.category for share in shares}
    others = (words.category, *words.secondary)
    secondary = tuple(sorted({code for code in others if code not in carried and code != NOT_MIGRATION}))
    return Finding(shares[0].category, secondary, "direct", confidence, (*evidence, *words.evidence), tuple(shares))


def _rest(words: Finding, given: set[str], seen: Sequence[Purpose]) -> str:
    """How far the money under no telling code serves migration.

    Words that say "in part" are answered by a share for the same category. Words on refugees are answered by a share for
    refugees inside donor countries, unless another code (of relief, for instance) leaves room for others.
    """
    hinted = any(item.rule and item.rule.category is None for item in seen)
    in_donor = not hinted and _answered_in_donor(words, seen)
    if in_donor or (words.relevance == "partial" and words.category in given):
        return "none"
    return words.relevance


def _evidence(item: Purpose, category: str | None, rules: RuleSet) -> Evidence:
    share = "a share that is not stated" if item.share_ppm is None else f"{item.share_ppm / 10_000:g} % of the money"
    vocabulary = "1, OECD DAC purpose codes" if len(item.code) == 5 else "2, OECD DAC sectors"
    rule = item.rule
    assert rule is not None
    effect = f"supports {category}" if category else "seen, decides nothing"
    name = rules.purpose_names[item.code]
    effect += f": {item.code} {name} (vocabulary {vocabulary}), {share}. {rule.note}"
    return Evidence(rule.id, item.written, FIELD, item.start, item.start + len(item.written), effect)
