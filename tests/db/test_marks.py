"""Which rows say of themselves that their project's aim is met by none of its rows."""

from types import SimpleNamespace

import pytest

from db.ingest.figures.facts import Family, Member, _mark
from models.vocabulary import Measure, Relevance


def unmet(aim, *found):
    """What the rows of a project, each of a measure and relevance, are marked with."""
    rows = [{"component_id": "X1-1", "project_id": "X1", "measure": one, "relevance": how} for one, how in found]
    _mark(rows, Family({"X1": Member({}, (), {}, SimpleNamespace(relevance=aim))}))
    return [row["aim_unmet"] for row in rows]


@pytest.mark.parametrize(
    ("aim", "marked"), [(Relevance.DIRECT, True), (Relevance.PARTIAL, True), (Relevance.NONE, False)]
)
def test_only_an_aim_that_serves_migration_can_be_unmet(aim, marked):
    assert unmet(aim, (Measure.COMMITMENT, Relevance.NONE)) == [marked]


def test_an_aim_is_met_measure_by_measure():
    rows = (Measure.COMMITMENT, Relevance.NONE), (Measure.COST, Relevance.PARTIAL), (Measure.COST, Relevance.NONE)
    assert unmet(Relevance.DIRECT, *rows) == [True, False, False]
