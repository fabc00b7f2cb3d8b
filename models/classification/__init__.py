"""Classification of migration finance: the taxonomy, the rules, the engine and its evaluation. No tables, no web."""

from models.classification.classifier import ClassifierInput, Evidence, Verdict, classify, field_text
from models.classification.evaluation import Evaluation, GoldRow, Score, evaluate
from models.classification.rules import RuleSet, load_rules
from models.classification.taxonomy import NOT_MIGRATION, Category, CategorySet, Group, Taxonomy, load_taxonomy

__all__ = [
    "NOT_MIGRATION",
    "Category",
    "CategorySet",
    "ClassifierInput",
    "Evaluation",
    "Evidence",
    "GoldRow",
    "Group",
    "RuleSet",
    "Score",
    "Taxonomy",
    "Verdict",
    "classify",
    "evaluate",
    "field_text",
    "load_rules",
    "load_taxonomy",
]
