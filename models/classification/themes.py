"""Verdicts from themes that the source itself gave, where the words say nothing."""

from models.classification.rules import RuleSet, ThemeRule
from models.classification.verdict import ClassifierInput, Evidence, Finding


def by_themes(text: ClassifierInput, rules: RuleSet) -> Finding | None:
    """The first rule that fits."""
    for rule in rules.theme_rules:
        if evidence := _evidence(text, rule):
            return Finding(rule.category, (), rule.relevance, rule.weight, (evidence,))
    return None


def _evidence(text: ClassifierInput, rule: ThemeRule) -> Evidence | None:
    at = 0
    for value in text.themes:
        if any(word in value.lower() for word in rule.themes):
            return Evidence(rule.id, value, "themes", at, at + len(value), f"supports {rule.category}: {rule.note}")
        at += len(value) + 2
    return None
