"""Measures against an example worked out by hand."""

import pytest

from models.classification import GoldRow, Verdict, evaluate
from models.classification.evaluation import Error, Score, pooled

GOLD = [
    GoldRow("A", "refugee_health", "direct"),
    GoldRow("B", "refugee_education", "direct"),
    GoldRow("C", "remittances", "partial"),
    GoldRow("D", "remittances", "direct"),
    GoldRow("E", "not_migration", "none"),
    GoldRow("F", "not_migration", "mention"),
]
FOUND = [
    ("refugee_health", "direct"),
    ("refugee_general", "direct"),
    ("remittances", "direct"),
    ("not_migration", "none"),
    ("diaspora", "partial"),
    ("not_migration", "none"),
]


def verdict(category, relevance):
    return Verdict(category, (), relevance, 0.5, (), "1.0.0", "1.0.0")


@pytest.fixture
def result():
    return evaluate(GOLD, [verdict(*found) for found in FOUND])


def test_migration_or_not(result):
    assert result.migration == Score(support=4, predicted=4, correct=3)
    assert result.migration.precision == 0.75
    assert result.migration.recall == 0.75
    assert result.migration.f1 == 0.75


def test_categories(result):
    assert result.rows == 6
    assert result.categories["remittances"] == Score(2, 1, 1)
    assert result.categories["remittances"].f1 == pytest.approx(2 / 3)
    assert result.categories["refugee_education"] == Score(1, 0, 0)
    assert result.categories["refugee_education"].precision == 0.0
    assert result.categories["diaspora"] == Score(0, 1, 0)
    assert result.category_accuracy == 0.5


def test_pooled_refugees(result):
    assert pooled("refugee_housing") == "refugee"
    assert pooled("diaspora") == "diaspora"
    assert result.pooled["refugee"] == Score(2, 2, 2)
    assert result.pooled_accuracy == 0.75
    # F1: refugee 1 (two rows), remittances 2/3 (two rows), not_migration 1/2 (two rows), diaspora no row
    assert result.pooled_weighted_f1 == pytest.approx((2 * 1 + 2 * 2 / 3 + 2 * 0.5) / 6)


def test_groups(result):
    assert result.groups["forced_displacement"] == Score(2, 2, 2)
    assert result.groups["economic_migration"] == Score(2, 2, 1)
    assert result.groups["none"] == Score(2, 2, 1)


def test_relevance_counts_a_mention_as_none(result):
    assert result.relevance_accuracy == pytest.approx(3 / 6)


def test_confusion_and_errors(result):
    assert result.confusion["remittances", "not_migration"] == 1
    assert sum(result.confusion.values()) == 6
    assert [error.project_id for error in result.errors] == ["B", "C", "D", "E"]
    assert result.errors[1] == Error("C", ("remittances", "partial"), ("remittances", "direct"))


def test_nothing_to_measure():
    empty = evaluate([], [])
    assert empty.rows == 0
    assert empty.migration == Score(0, 0, 0)
    assert empty.pooled_weighted_f1 == 0.0
    assert empty.errors == ()


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="shorter"):
        evaluate(GOLD, [])
