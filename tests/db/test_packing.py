"""Figures that are packed into one number add up as they do one by one."""

from hypothesis import given
from hypothesis import strategies as st

from db.ingest.figures.packing import packed, unpacked
from models.summary import FIGURES

figures = st.lists(st.integers(-(2**62), 2**62 - 1), min_size=len(FIGURES), max_size=len(FIGURES))


@given(one=figures, other=figures)
def test_sums_and_differences_of_numbers_are_those_of_their_figures(one, other):
    assert unpacked(packed(one) + packed(other)) == tuple(a + b for a, b in zip(one, other, strict=True))
    assert unpacked(packed(one) - packed(other)) == tuple(a - b for a, b in zip(one, other, strict=True))


@given(one=figures)
def test_what_is_taken_back_leaves_nothing(one):
    assert packed(one) + -1 * packed(one) == 0
    assert (packed(one) == 0) is not any(one)
