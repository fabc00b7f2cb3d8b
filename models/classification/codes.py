"""Verdicts from codes and themes that the source itself gave."""

from models.classification.rules import CodeRule, RuleSet
from models.classification.verdict import ClassifierInput, Evidence, Finding


def by_codes(text: ClassifierInput, rules: RuleSet, deciding: bool = False) -> Finding | None:
    """The first rule that fits; with `deciding`, only rules that win over the words of the text."""
    for rule in rules.code_rules:
        if deciding and not rule.decides:
            continue
        evidence = _code_evidence(text, rule)
        if evidence:
            return Finding(rule.category, (), rule.relevance, rule.weight, (evidence,))
    return None


def _code_evidence(text: ClassifierInput, rule: CodeRule) -> Evidence | None:
    for field, wanted in (("purpose_codes", rule.codes), ("themes", rule.themes)):
        at = 0
        for value in getattr(text, field):
            lowered = value.strip().lower()
            fits = lowered in wanted if field == "purpose_codes" else any(word in lowered for word in wanted)
            if fits:
                return Evidence(rule.id, value, field, at, at + len(value), f"supports {rule.category}: {rule.note}")
            at += len(value) + 2
    return None
