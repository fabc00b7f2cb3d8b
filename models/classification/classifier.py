"""The rule engine: from the words of a project or component to a category, a relevance and the evidence for both."""

import re

from models.classification.functions import function_of
from models.classification.matching import Document, Match, find_matches
from models.classification.purposes import IN_DONOR, in_donor_only, with_purposes
from models.classification.relevance import TITLES, Reading, aim, read
from models.classification.rules import REFUGEES_AT_LARGE, Cue, RuleSet, load_rules
from models.classification.taxonomy import NOT_MIGRATION, load_taxonomy
from models.classification.themes import by_themes
from models.classification.verdict import ClassifierInput, Evidence, Finding, Verdict, field_text

__all__ = ["ClassifierInput", "Evidence", "Verdict", "classify", "field_text"]

PROJECT_FIELDS = ("name", "objective")
COMPONENT_FIELDS = ("component_title", "component_description")
REFUGEES = "refugee_response"  # the population; the function makes it one of the refugee_* categories
_RESPONSE = "displacement_response"
_BESIDE = {"hosts_beside": ("host_communities",)}
_DISPLACED = {REFUGEES, _RESPONSE, "host_communities", "hosts_beside", "internal_displacement", "displaced_return"}
_LEADS_OVER_HOSTS = {REFUGEES, "internal_displacement", "displaced_return", "migrant_integration"}
_MAX_EVIDENCE = 40
_SURE = 0.9


def classify(text: ClassifierInput) -> Verdict:
    """Classify a project, or a component within its project. Any text gets an answer, always the same one."""
    rules = load_rules()
    names = (*PROJECT_FIELDS, *COMPONENT_FIELDS)
    barred = (IN_DONOR,) if text.world_bank else ()
    document = Document.of({name: field_text(text, name) for name in names}, text.countries, rules, barred)
    judge = _component if text.component_title.strip() else _project
    finding = judge(text, document, rules)
    return Verdict(
        category=finding.category,
        secondary=finding.secondary,
        relevance=finding.relevance,
        confidence=finding.confidence,
        evidence=finding.evidence,
        taxonomy_version=load_taxonomy().version,
        rules_version=rules.version,
        shares=finding.shares,
    )


def _project(text: ClassifierInput, document: Document, rules: RuleSet) -> Finding:
    if given := in_donor_only(text, rules):
        return given
    matches = find_matches(document, rules, PROJECT_FIELDS)
    words = _weigh(text, document, matches, rules) or by_themes(text, rules) or _nothing(document, matches, rules)
    return with_purposes(text, words, rules)


def _component(text: ClassifierInput, document: Document, rules: RuleSet) -> Finding:
    if given := in_donor_only(text, rules):
        return given
    matches = find_matches(document, rules, COMPONENT_FIELDS)
    own = _weigh(text, document, matches, rules)
    return own or _inherited(text, document, matches, rules)


def _inherited(text: ClassifierInput, document: Document, matches: list[Match], rules: RuleSet) -> Finding:
    """A component without a word of its own: running costs are nothing, the rest may follow its project."""
    nothing = _nothing(document, matches, rules)
    if any(match.field == "component_title" for match in matches):  # its own words are about something else
        return nothing
    management, institutions = (_component_cue(document, cue, rules) for cue in rules.component_cues)
    if management:
        return _set_aside(management, nothing, rules)
    project = _project(text, document, rules)
    if project.category == NOT_MIGRATION:
        return nothing
    for_refugees = project.category.startswith("refugee_")
    function = function_of(document, None, (), rules, title_only=True) if for_refugees or institutions else None
    tied = _tied(document, project, rules)
    if project.relevance == "partial" and not tied:
        return nothing
    if institutions and (project.relevance == "partial" or (not tied and function is None)):
        return _set_aside(institutions, nothing, rules)
    category = function or project.category if for_refugees else project.category
    confidence = round(project.confidence * rules.settings.calibration["inherited"], 2)
    return Finding(category, project.secondary, project.relevance, confidence, project.evidence)


def _component_cue(document: Document, cue: Cue, rules: RuleSet) -> Evidence | None:
    found = rules.compiled(cue.patterns).search(document.folded("component_title"))
    if not found:
        return None
    return _evidence(document, cue.id, "component_title", found.start(), found.end(), f"none: {cue.note}")


def _set_aside(evidence: Evidence, nothing: Finding, rules: RuleSet) -> Finding:
    confidence = rules.settings.calibration["management"]
    return Finding(NOT_MIGRATION, (), "none", confidence, (evidence, *nothing.evidence))


def _tied(document: Document, project: Finding, rules: RuleSet) -> bool:
    """Whether a component's title shares a telling word with the project's aim that names the group."""
    title = _stems(document.folded("component_title"))
    for item in project.evidence:
        if item.field == "objective" and item.effect.startswith("supports"):
            text = document.folded("objective")
            first, last, _ = aim(text, min(item.start, len(text)), min(item.end, len(text)), rules)
            shared = title & _stems(text[first:last])
            if len(shared) > 2 or shared - set(rules.settings.plain_words):
                return True
    return False


def _stems(text: str) -> set[str]:
    return {word[:6] for word in re.findall(r"[a-z]{6,40}", text)}


def _weigh(text: ClassifierInput, document: Document, matches: list[Match], rules: RuleSet) -> Finding | None:
    """Population first, then function, then relevance, then what else is named."""
    named = [match for match in matches if match.rule.category and match.rule.category not in _BESIDE]
    if not named:
        return None
    lead = _leading(named, rules)
    population = REFUGEES if lead.rule.category == _RESPONSE else str(lead.rule.category)
    family = [match for match in matches if _related(match, population)]
    reading = read(document, family, population, rules)
    category, certain = population, True
    if population == REFUGEES:
        found = function_of(document, _place_of(family, reading), text.sectors, rules)
        category, certain = found or REFUGEES_AT_LARGE, found is not None
    secondary = _secondary(matches, category, population)
    confidence = _confidence(lead, reading, certain, rules)
    return Finding(category, secondary, reading.relevance, confidence, _explain(document, matches, reading))


def _leading(named: list[Match], rules: RuleSet) -> Match:
    categories = {match.rule.category for match in named}
    hidden: set[str | None] = {"host_communities"} if categories & _LEADS_OVER_HOSTS else set()
    if categories - {_RESPONSE} & _DISPLACED:
        hidden.add(_RESPONSE)
    order = {category: index for index, category in enumerate(rules.settings.precedence)}

    def rank(match: Match) -> tuple[bool, bool, int]:
        category = REFUGEES if match.rule.category == _RESPONSE else str(match.rule.category)
        return category == "migration_governance", match.field not in TITLES, order[category]

    lead = min((match for match in named if match.rule.category not in hidden), key=rank)
    return _named_before(lead, named) if lead.rule.category == REFUGEES else lead


def _named_before(lead: Match, named: list[Match]) -> Match:
    """People displaced inside the country lead if the same field names them first, and surely."""
    first = min(match.start for match in named if match.field == lead.field and match.rule.category == REFUGEES)
    for match in named:
        inside = match.rule.category == "internal_displacement" and match.rule.weight >= _SURE
        if inside and match.field == lead.field and match.start < first:
            return match
    return lead


def _related(match: Match, population: str) -> bool:
    """Whether a mention speaks of the same people: displaced and hosts are read together."""
    category = match.rule.category
    if category is None:
        return False
    if population in _DISPLACED:
        return category in _DISPLACED
    return category in {population, "hosts_beside"} or population in match.rule.also


def _place_of(family: list[Match], reading: Reading) -> Match | None:
    """The mention whose clause says what is done: the first outside the titles."""
    outside = [match for match in family if match.field not in TITLES]
    return min(outside, key=lambda match: (match.field, match.start), default=None) if outside else reading.mention


def _secondary(matches: list[Match], category: str, population: str) -> tuple[str, ...]:
    found: set[str] = set()
    for match in matches:
        rule = match.rule
        if rule.category is None:
            continue
        found.update(rule.also)
        found.update(_BESIDE.get(rule.category, (rule.category,)))
    if population != REFUGEES and found & {REFUGEES, _RESPONSE}:
        found.add(REFUGEES_AT_LARGE)
    if category.startswith("refugee_"):
        found.discard(REFUGEES_AT_LARGE)
    if REFUGEES_AT_LARGE not in found and not category.startswith("refugee_") and population not in _DISPLACED:
        found -= {"host_communities"} if population not in {"migrant_integration", "worker_return"} else set()
    known = load_taxonomy().by_code
    return tuple(sorted(code for code in found if code in known and code != category))


def _confidence(lead: Match, reading: Reading, certain: bool, rules: RuleSet) -> float:
    scale = rules.settings.calibration
    value = lead.rule.weight * scale["title" if reading.mention.field in TITLES else "objective"]
    if reading.late:
        value *= scale["late"]
    elif reading.relevance == "partial":
        value *= scale["subset"]
    if not certain:
        value *= scale["no_function"]
    return round(value, 2)


def _nothing(document: Document, matches: list[Match], rules: RuleSet) -> Finding:
    scale = rules.settings.calibration
    excluded = [match for match in matches if match.rule.category is None]
    confidence = scale["component_silent" if document.folded("component_title") else "nothing_found"]
    if excluded:
        confidence = scale["excluded_words"]
    elif any(map(document.whole.__contains__, rules.broad_words)):
        confidence = scale["broad_words"]
    evidence = tuple(_of_match(document, match) for match in excluded[:_MAX_EVIDENCE])
    return Finding(NOT_MIGRATION, (), "none", confidence, evidence)


def _explain(document: Document, matches: list[Match], reading: Reading) -> tuple[Evidence, ...]:
    found = [_of_match(document, match) for match in matches[:_MAX_EVIDENCE]]
    mention = reading.mention
    effect = f"relevance {reading.relevance}: {reading.reason}"
    rule, start, end = reading.cue or (mention.rule.id, mention.start, mention.end)
    if start == end:
        rule, start, end = mention.rule.id, mention.start, mention.end
    return (*found, _evidence(document, rule, mention.field, start, end, effect))


def _of_match(document: Document, match: Match) -> Evidence:
    category = match.rule.category
    effect = f"supports {_BESIDE.get(category, (category,))[0]}" if category else f"excluded: {match.rule.note}"
    return _evidence(document, match.rule.id, match.field, match.start, match.end, effect)


def _evidence(document: Document, rule: str, field: str, start: int, end: int, effect: str) -> Evidence:
    text = document.fields[field]
    first, last = text.span(start, end)
    return Evidence(rule, text.original[first:last], field, first, last, effect)
