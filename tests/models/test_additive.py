"""Rows are said to add up only where each amount stands in one of them."""

import pytest

from models.filters import Dimension, SpendQuery
from models.vocabulary import Basis

REPEATED = {Dimension.CATEGORY, Dimension.GROUP, Dimension.RELEVANCE}
"""What rows of one project differ in, so that the whole of it stands in several members."""


@pytest.mark.parametrize("dimension", Dimension)
def test_what_adds_up(dimension):
    def additive(basis):
        return SpendQuery(group_by=(Dimension.YEAR, dimension), basis=basis).additive

    assert additive(Basis.COMPONENT) == (dimension is not Dimension.SET)
    assert additive(Basis.PROJECT) == (dimension not in {*REPEATED, Dimension.SET})


def test_whole_projects_do_not_add_up_by_a_dimension_of_which_nobody_said_so():
    assert not SpendQuery(group_by=("granularity",), basis=Basis.PROJECT).additive
