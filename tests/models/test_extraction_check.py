"""The sum of what was read against what is known of the project's money."""

import pytest

from models.extraction import ExtractedComponent, Extraction, check_against
from models.vocabulary import Measure


def extraction(*amounts, basis=None):
    components = tuple(
        ExtractedComponent(index, f"Part {index}", amount, basis if amount is not None else None, 0.75, 0, 1, "x")
        for index, amount in enumerate(amounts, 1)
    )
    return Extraction("P900001", components, ())


def outcome(checked):
    return [(item.basis, item.flags) for item in checked.components]


@pytest.mark.parametrize(
    ("amounts", "commitment", "cost", "expected"),
    [
        ((60, 40), 100, 200, [(Measure.COMMITMENT, ()), (Measure.COMMITMENT, ())]),
        ((60, 40), 50, 100, [(Measure.COST, ()), (Measure.COST, ())]),
        ((60, 40), 101, None, [(Measure.COMMITMENT, ()), (Measure.COMMITMENT, ())]),
        ((60, 40), 103, None, [(None, ("mismatch",)), (None, ("mismatch",))]),
        ((60, 40), 50, 80, [(None, ("exceeds_total",)), (None, ("exceeds_total",))]),
        ((60, None), 100, None, [(None, ()), (None, ())]),
        ((160, None), 100, None, [(None, ("exceeds_total",)), (None, ())]),
        ((60, 40), None, None, [(None, ()), (None, ())]),
        ((None, None), 100, 100, [(None, ()), (None, ())]),
        ((0, 0), 0, None, [(None, ()), (None, ())]),
    ],
)
def test_check(amounts, commitment, cost, expected):
    before = extraction(*amounts)
    after = check_against(before, commitment, cost)
    assert outcome(after) == expected
    assert [item.amount_cents for item in after.components] == list(amounts)
    assert check_against(after, commitment, cost) == after


def test_a_stated_basis_stays():
    checked = check_against(extraction(60, 40, basis=Measure.COST), 100, None)
    assert outcome(checked) == [(Measure.COST, ()), (Measure.COST, ())]
