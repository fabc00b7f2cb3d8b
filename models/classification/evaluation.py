"""Measures of a classifier against hand-made labels. Pure: rows and verdicts in, numbers out."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from models.classification.classifier import Verdict
from models.classification.taxonomy import NOT_MIGRATION, load_taxonomy

POOLED_REFUGEES = "refugee"
_MENTION = "mention"  # named, but nothing is financed: counts as none


@dataclass(frozen=True, slots=True)
class GoldRow:
    """A hand-made label."""

    project_id: str
    category: str
    relevance: str


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of one label; a share of nothing is 0."""

    support: int
    predicted: int
    correct: int

    @property
    def precision(self) -> float:
        """Share of the predictions that are right."""
        return _share(self.correct, self.predicted)

    @property
    def recall(self) -> float:
        """Share of the labelled rows that were found."""
        return _share(self.correct, self.support)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.correct, self.support + self.predicted)


@dataclass(frozen=True, slots=True)
class Error:
    """A row whose category or relevance came out differently."""

    project_id: str
    expected: tuple[str, str]
    found: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All measures of one comparison."""

    rows: int
    migration: Score
    categories: dict[str, Score]
    pooled: dict[str, Score]
    groups: dict[str, Score]
    category_accuracy: float  # over rows labelled migration
    pooled_accuracy: float  # the same, all refugee categories as one
    pooled_weighted_f1: float  # over all rows
    relevance_accuracy: float
    confusion: dict[tuple[str, str], int]
    errors: tuple[Error, ...]


def pooled(category: str) -> str:
    """The category, with all refugee categories as one."""
    return POOLED_REFUGEES if category.startswith("refugee_") else category


def evaluate(gold: Sequence[GoldRow], verdicts: Sequence[Verdict]) -> Evaluation:
    """Compare labels and verdicts, which must be in the same order."""
    pairs = [(row.category, verdict.category) for row, verdict in zip(gold, verdicts, strict=True)]
    positives = [(wanted, found) for wanted, found in pairs if wanted != NOT_MIGRATION]
    by_pool = _scores(pairs, pooled)
    relevances = [(_relevance(row), verdict.relevance) for row, verdict in zip(gold, verdicts, strict=True)]
    return Evaluation(
        rows=len(pairs),
        migration=_scores(pairs, _is_migration).get("yes", Score(0, 0, 0)),
        categories=_scores(pairs, str),
        pooled=by_pool,
        groups=_scores(pairs, load_taxonomy().group_of),
        category_accuracy=_agreement(positives),
        pooled_accuracy=_agreement((pooled(wanted), pooled(found)) for wanted, found in positives),
        pooled_weighted_f1=_share(sum(score.f1 * score.support for score in by_pool.values()), len(pairs)),
        relevance_accuracy=_agreement(relevances),
        confusion=dict(sorted(Counter(pairs).items())),
        errors=tuple(_errors(gold, verdicts)),
    )


def _errors(gold: Sequence[GoldRow], verdicts: Sequence[Verdict]) -> Iterable[Error]:
    for row, verdict in zip(gold, verdicts, strict=True):
        expected, found = (row.category, _relevance(row)), (verdict.category, verdict.relevance)
        if expected != found:
            yield Error(row.project_id, expected, found)


def _relevance(row: GoldRow) -> str:
    return "none" if row.relevance == _MENTION else row.relevance


def _is_migration(category: str) -> str:
    return "no" if category == NOT_MIGRATION else "yes"


def _scores(pairs: Sequence[tuple[str, str]], label: Callable[[str], str]) -> dict[str, Score]:
    labelled = [(label(wanted), label(found)) for wanted, found in pairs]
    support = Counter(wanted for wanted, _ in labelled)
    predicted = Counter(found for _, found in labelled)
    correct = Counter(wanted for wanted, found in labelled if wanted == found)
    names = sorted(support.keys() | predicted.keys())
    return {name: Score(support[name], predicted[name], correct[name]) for name in names}


def _agreement(pairs: Iterable[tuple[str, str]]) -> float:
    listed = list(pairs)
    return _share(sum(wanted == found for wanted, found in listed), len(listed))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
