"""How far a report's list is taken: trusted, in doubt, or not at all."""

import pytest

from models.extraction.judging import Totals, Trust, judge
from models.vocabulary import Measure
from tests.data.fake_documents import TITLES, status_report

MILLION = 1_000_000_00
COSTS = ("3,000,000.00", "1,500,000.00", "500,000.00")


def report(costs=COSTS):
    return status_report("P900001", dict(zip(TITLES, costs, strict=True)))


@pytest.mark.parametrize(
    ("totals", "trust"),
    [
        (Totals(5 * MILLION), Trust.TRUSTED),
        (Totals(4 * MILLION, 5 * MILLION), Trust.TRUSTED),
        (Totals(5_050_505_05), Trust.TRUSTED),
        (Totals(5_051_000_00), Trust.DOUBTFUL),
        (Totals(5_060_000_00), Trust.DOUBTFUL),
        (Totals(4 * MILLION, 0), Trust.DOUBTFUL),
        (Totals(0), Trust.DOUBTFUL),
        (Totals(), Trust.DOUBTFUL),
    ],
)
def test_a_list_is_trusted_where_its_sum_is_within_a_hundredth_of_a_total(totals, trust):
    judgement = judge(report(), "P900001", totals)
    assert judgement.trust is trust
    assert bool(judgement.reason) is (trust is Trust.DOUBTFUL)
    assert len(judgement.components) == 3


@pytest.mark.parametrize(
    ("totals", "basis", "flags"),
    [
        (Totals(5 * MILLION, 6 * MILLION), Measure.COMMITMENT, ("basis_by_sum",)),
        (Totals(5 * MILLION, 5 * MILLION), Measure.COMMITMENT, ("basis_by_sum",)),
        (Totals(4 * MILLION, 5 * MILLION), Measure.COST, ()),
    ],
)
def test_the_sum_says_what_the_word_cost_of_a_status_report_means(totals, basis, flags):
    components = judge(report(), "P900001", totals).components
    assert {(item.basis, item.flags) for item in components} == {(basis, flags)}


def test_an_amount_is_left_as_it_is_or_left_out_with_a_flag():
    (first, *_) = judge(report(), "P900001", Totals(50 * MILLION)).components
    assert first.amount_cents in (None, 3 * MILLION)
    assert (first.amount_cents is None) is ("basis_unstated" in first.flags)
    assert "mismatch" in first.flags
    assert "3,000,000.00" in first.passage


def test_a_shape_below_the_bound_is_in_doubt_even_where_it_fits():
    lines = "\n".join(
        f"{title}\nComponent Cost {cost}" for title, cost in zip(TITLES, ("3.00", "1.50", "0.50"), strict=True)
    )
    text = report().split("Name\n")[0] + "Component Name\n" + lines + "\n3. OVERALL RATINGS"
    judgement = judge(text, "P900001", Totals(5 * MILLION))
    assert judgement.trust is not Trust.TRUSTED


@pytest.mark.parametrize(
    "text", ["", "\x00\ufeff", report().replace("P900001", "P900002"), status_report("P900001", {})]
)
def test_a_text_that_gives_nothing_says_why(text):
    judgement = judge(text, "P900001", Totals(5 * MILLION))
    assert (judgement.trust, judgement.components) == (Trust.NONE, ())
    assert judgement.reason
