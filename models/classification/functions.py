"""What is done for refugees: housing, schooling, health, work, social protection, services, or several of these."""

from models.classification.matching import Document, Match
from models.classification.relevance import aim
from models.classification.rules import REFUGEES_AT_LARGE, RuleSet


def function_of(
    document: Document, place: Match | None, sectors: tuple[str, ...], rules: RuleSet, title_only: bool = False
) -> str | None:
    """The refugee category of a text, or None where it names no function."""
    if title_only:
        return _single(_named(document.folded("component_title"), rules))
    title = document.folded("component_title") or document.folded("name")
    for function in rules.functions:
        if function.overrides and rules.compiled(function.patterns).search(title):
            return function.category
    for text in _scopes(document, place, rules):
        found = _named(text, rules)
        if found:
            return _leader(found, title, rules)
    return _by_sector(sectors, rules)


def _scopes(document: Document, place: Match | None, rules: RuleSet) -> list[str]:
    """Texts to look at, nearest first: the clause of the mention, the title, the objective of a titled mention."""
    scopes: list[str] = []
    if place is not None:
        text = document.folded(place.field)
        first, last, _ = aim(text, place.start, place.end, rules)
        scopes.append(text[first:last])
    if place is not None and place.field in {"name", "component_title"}:
        scopes.append(document.folded("objective"))
    scopes.append(document.folded("component_title") or document.folded("name"))
    return scopes


def _named(text: str, rules: RuleSet) -> set[str]:
    """Categories whose words stand in a text; words inside longer ones of an earlier function do not count."""
    taken = bytearray(len(text))
    found: set[str] = set()
    for function in rules.functions:
        for match in rules.compiled(function.patterns).finditer(text):
            if taken.find(1, *match.span()) < 0:
                taken[match.start() : match.end()] = b"\x01" * len(match.group())
                found.add(function.category)
    return found


def _leader(found: set[str], title: str, rules: RuleSet) -> str | None:
    """One function, or among several the one that the title alone names; services are too common to lead."""
    if len(found) > 1:
        in_title = _named(title, rules)
        if len(in_title) == 1 and in_title <= found and "refugee_services" not in in_title:
            return next(iter(in_title))
    return _single(found)


def _single(found: set[str]) -> str | None:
    if not found:
        return None
    return next(iter(found)) if len(found) == 1 else REFUGEES_AT_LARGE


def _by_sector(sectors: tuple[str, ...], rules: RuleSet) -> str | None:
    for sector in sectors:
        lowered = sector.lower()
        for function in rules.functions:
            if any(word in lowered for word in function.sectors):
                return function.category
    return None
