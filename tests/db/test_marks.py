"""Which rows say of themselves that their project's aim is met by none of its rows."""

from types import SimpleNamespace

import pytest

from db.ingest.figures.facts import Member, _mark
from models.vocabulary import Measure, Relevance


def unmet(aim, *found):
    """What the rows of a project, each of a measure, a relevance and cents that count in full and in part, are marked with."""
    names = ("measure", "relevance", "amount_cents", "partial_cents")
    rows = [{"component_id": "X1-1", "project_id": "X1", **dict(zip(names, row, strict=True))} for row in found]
    _mark(rows, {"X1": Member({}, (), {}, SimpleNamespace(relevance=aim))})
    return [row["aim_unmet"] for row in rows]


@pytest.mark.parametrize(
    ("aim", "marked"), [(Relevance.DIRECT, True), (Relevance.PARTIAL, True), (Relevance.NONE, False)]
)
def test_only_an_aim_that_serves_migration_can_be_unmet(aim, marked):
    assert unmet(aim, (Measure.COMMITMENT, Relevance.NONE, 1, 0)) == [marked]


def test_an_aim_is_met_measure_by_measure():
    commitment = (Measure.COMMITMENT, Relevance.NONE, 1, 0)
    cost = (Measure.COST, Relevance.PARTIAL, 0, 1), (Measure.COST, Relevance.NONE, 1, 0)
    assert unmet(Relevance.DIRECT, commitment, *cost) == [True, False, False]


@pytest.mark.parametrize("nothing", [None, 0])
def test_an_aim_is_met_by_money_alone_where_there_is_any(nothing):
    serving = (Measure.COMMITMENT, Relevance.DIRECT, nothing, nothing)
    assert unmet(Relevance.DIRECT, serving, (Measure.COMMITMENT, Relevance.NONE, 1, 0)) == [True, True]
    assert unmet(Relevance.DIRECT, serving, (Measure.COMMITMENT, Relevance.NONE, nothing, nothing)) == [False, False]
