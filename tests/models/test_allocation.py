"""Where a project's money goes, by hand and for any project."""

from hypothesis import given
from hypothesis import strategies as st

from models.allocation import StatedComponent, Totals, allocate, allocate_family
from models.vocabulary import Granularity, Measure

COMMITMENT, COST = Measure.COMMITMENT, Measure.COST


def rows(allocation, measure=COMMITMENT):
    return [(r.granularity.value, r.component, r.amount) for r in allocation.rows if r.measure is measure]


def listed(*amounts, measure=COMMITMENT):
    return [StatedComponent(f"c{n}", amount, measure) for n, amount in enumerate(amounts, start=1)]


def test_without_stated_amounts_the_money_sits_on_the_whole_project():
    found = allocate(Totals("P", {COMMITMENT: 100}), listed(None, None))
    assert rows(found) == [("project", None, 100), ("component", "c1", None), ("component", "c2", None)]


def test_zeros_alone_do_not_say_where_the_money_went():
    found = allocate(Totals("P", {COMMITMENT: 100}), listed(0, None))
    assert rows(found) == [("project", None, 100), ("component", "c1", 0), ("component", "c2", None)]


def test_the_rest_is_a_remainder():
    found = allocate(Totals("P", {COMMITMENT: 100}), listed(60, None, 0))
    assert rows(found)[-1] == ("remainder", None, 40)


def test_one_percent_is_the_limit_for_scaling():
    fitting = allocate(Totals("P", {COMMITMENT: 500, COST: 1000}), listed(990, measure=COST))
    assert rows(fitting) == [("component", "c1", 495), ("remainder", None, 5)]
    beyond = allocate(Totals("P", {COMMITMENT: 500, COST: 1000}), listed(989, measure=COST))
    assert rows(beyond) == [("project", None, 500), ("component", "c1", None)]
    assert rows(beyond, COST) == [("component", "c1", 989), ("remainder", None, 11)]


def test_lists_on_two_measures_count_on_their_own_and_are_not_scaled():
    mixed = [*listed(70, measure=COST), StatedComponent("x", 25, COMMITMENT)]
    found = allocate(Totals("P", {COMMITMENT: 90, COST: 100}), mixed)
    assert rows(found) == [("component", "c1", None), ("component", "x", 25), ("remainder", None, 65)]
    assert rows(found, COST) == [("component", "c1", 70), ("component", "x", None), ("remainder", None, 30)]


def test_disbursements_are_never_scaled_from_a_plan():
    found = allocate(Totals("P", {COMMITMENT: 100, Measure.DISBURSEMENT: 40}), listed(100))
    assert rows(found, Measure.DISBURSEMENT)[0] == ("project", None, 40)


def test_a_family_list_is_spread_only_where_it_fits_the_family():
    family = {
        "P": Totals("P", {COMMITMENT: 100, COST: 100}, excluded=("A",)),
        "A": Totals("A", {COMMITMENT: 300, COST: 300}),
    }
    spread = allocate_family(family, "P", {"P": listed(400)})
    assert rows(spread["P"]) == [("component", "c1", 100)]
    assert rows(spread["A"]) == [("component", "c1", 300)]
    assert all(row.scaled for found in spread.values() for row in found.rows)
    alone = allocate_family(family, "P", {"P": listed(390)})
    assert rows(alone["P"]) == [("component", "c1", 390)]
    assert all(row.exceeds_total for row in alone["P"].rows if row.measure is COMMITMENT)
    assert rows(alone["A"]) == [("project", None, 300)]


amounts = st.none() | st.integers(0, 10**13)
components = st.lists(st.tuples(amounts, st.sampled_from([COMMITMENT, COST])), max_size=6)


@given(st.none() | st.integers(1, 10**13), st.none() | st.integers(1, 10**13), components)
def test_no_measure_loses_or_doubles_a_projects_money(commitment, cost, stated):
    """Rows sum to the total, or to more only where the list itself passes it, and then they are flagged."""
    parts = [StatedComponent(str(n), amount, measure) for n, (amount, measure) in enumerate(stated)]
    found = allocate(Totals("P", {COMMITMENT: commitment, COST: cost}), parts)
    for measure, total in ((COMMITMENT, commitment), (COST, cost)):
        mine = [row for row in found.rows if row.measure is measure]
        assert len({row.component for row in mine if row.component}) == len(parts)
        if total is None:
            continue
        counted = sum(row.amount or 0 for row in mine)
        assert counted == total or any(row.exceeds_total for row in mine)
        assert counted >= total
        assert all(row.amount > 0 for row in mine if row.granularity is Granularity.REMAINDER)
