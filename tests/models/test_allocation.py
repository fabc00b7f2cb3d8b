"""Where a project's money goes, by hand and for any project."""

from hypothesis import given
from hypothesis import strategies as st

from models.allocation import StatedComponent, Totals, allocate, allocate_family, fits
from models.money import split_cents
from models.vocabulary import Granularity, Measure

COMMITMENT, COST, DISBURSEMENT = Measure.COMMITMENT, Measure.COST, Measure.DISBURSEMENT


def rows(allocation, measure=COMMITMENT):
    return [(r.granularity.value, r.component, r.amount) for r in allocation if r.measure is measure]


def listed(*amounts, measure=COMMITMENT):
    return [StatedComponent(f"c{n}", amount, measure) for n, amount in enumerate(amounts, start=1)]


def test_without_stated_amounts_the_money_sits_on_the_whole_project():
    found = allocate(Totals({COMMITMENT: 100}), listed(None, None))
    assert rows(found) == [("project", None, 100), ("component", "c1", None), ("component", "c2", None)]


def test_zeros_alone_do_not_say_where_the_money_went():
    found = allocate(Totals({COMMITMENT: 100}), listed(0, None))
    assert rows(found) == [("project", None, 100), ("component", "c1", 0), ("component", "c2", None)]


def test_the_rest_is_a_remainder():
    found = allocate(Totals({COMMITMENT: 100}), listed(60, None, 0))
    assert rows(found)[-1] == ("remainder", None, 40)


def test_one_percent_is_the_limit_for_scaling():
    fitting = allocate(Totals({COMMITMENT: 500, COST: 1000}), listed(990, measure=COST))
    assert rows(fitting) == [("component", "c1", 495), ("remainder", None, 5)]
    beyond = allocate(Totals({COMMITMENT: 500, COST: 1000}), listed(989, measure=COST))
    assert rows(beyond) == [("project", None, 500), ("component", "c1", None)]
    assert rows(beyond, COST) == [("component", "c1", 989), ("remainder", None, 11)]


def test_lists_on_two_measures_count_on_their_own_and_are_not_scaled():
    mixed = [*listed(70, measure=COST), StatedComponent("x", 25, COMMITMENT)]
    found = allocate(Totals({COMMITMENT: 90, COST: 100}), mixed)
    assert rows(found) == [("component", "c1", None), ("component", "x", 25), ("remainder", None, 65)]
    assert rows(found, COST) == [("component", "c1", 70), ("component", "x", None), ("remainder", None, 30)]


def test_disbursements_are_never_scaled_from_a_plan():
    found = allocate(Totals({COMMITMENT: 100, DISBURSEMENT: 40}), listed(100))
    assert rows(found, DISBURSEMENT)[0] == ("project", None, 40)


def test_a_family_list_is_spread_only_where_it_fits_the_family():
    family = {
        "P": Totals({COMMITMENT: 100, COST: 100}, excluded=("A",)),
        "A": Totals({COMMITMENT: 300, COST: 300}),
    }
    spread = allocate_family(family, {"P": listed(400)})
    assert rows(spread["P"]) == [("component", "c1", 100)]
    assert rows(spread["A"]) == [("component", "c1", 300)]
    assert all(row.scaled for found in spread.values() for row in found)
    alone = allocate_family(family, {"P": listed(390)})
    assert rows(alone["P"]) == [("component", "c1", 390)]
    assert all(row.exceeds_total for row in alone["P"] if row.measure is COMMITMENT)
    assert rows(alone["A"]) == [("project", None, 300)]


def test_a_list_of_disbursements_is_not_scaled_to_the_plan():
    found = allocate(Totals({COMMITMENT: 100, DISBURSEMENT: 40}), listed(40, measure=DISBURSEMENT))
    assert rows(found) == [("project", None, 100), ("component", "c1", None)]
    assert rows(found, DISBURSEMENT) == [("component", "c1", 40)]


def test_a_zero_stated_on_one_measure_is_a_zero_on_the_other():
    mixed = [*listed(0, 70, measure=COST), StatedComponent("x", 25, COMMITMENT)]
    found = allocate(Totals({COMMITMENT: 25, COST: 70}), mixed)
    assert rows(found) == [("component", "c1", 0), ("component", "c2", None), ("component", "x", 25)]


def test_only_money_is_marked_as_scaled():
    found = allocate(Totals({COMMITMENT: 50, COST: 100}), listed(100, 0, None, measure=COST))
    marks = [(row.amount, row.scaled) for row in found if row.measure is COMMITMENT]
    assert marks == [(50, True), (0, False), (None, False)]


def test_only_stated_amounts_are_marked_as_more_than_the_total():
    found = allocate(Totals({COMMITMENT: 100}), listed(150, None))
    marks = [(row.amount, row.exceeds_total) for row in found if row.measure is COMMITMENT]
    assert marks == [(150, True), (None, False)]


def test_a_list_that_fits_its_own_project_is_not_spread_over_a_small_financing():
    """The list of 1,000 is within one percent of the family's 1,005 as well."""
    family = {"P": Totals({COMMITMENT: 1000}, excluded=("A",)), "A": Totals({COMMITMENT: 5})}
    found = allocate_family(family, {"P": listed(1000)})
    assert rows(found["P"]) == [("component", "c1", 1000)]
    assert rows(found["A"]) == [("project", None, 5)]


def test_a_list_on_two_measures_is_not_spread_over_a_family():
    family = {
        "P": Totals({COMMITMENT: 100, COST: 100}, excluded=("A",)),
        "A": Totals({COMMITMENT: 300, COST: 300}),
    }
    mixed = [*listed(150), StatedComponent("x", 250, COST)]
    found = allocate_family(family, {"P": mixed})
    assert rows(found["P"]) == [("component", "c1", 150), ("component", "x", None)]
    assert rows(found["P"], COST) == [("component", "c1", None), ("component", "x", 250)]
    assert rows(found["A"]) == [("project", None, 300)]


def test_a_list_is_spread_by_what_is_stated_on_its_own_measure():
    """By commitments half of it would go to each, and neither would be what it costs."""
    family = {
        "P": Totals({COMMITMENT: 100, COST: 150}, excluded=("A",)),
        "A": Totals({COMMITMENT: 100, COST: 100}),
    }
    found = allocate_family(family, {"P": listed(150, 100, measure=COST)})
    assert rows(found["P"], COST) == [("component", "c1", 90), ("component", "c2", 60)]
    assert rows(found["A"], COST) == [("component", "c1", 60), ("component", "c2", 40)]
    for each in found.values():
        assert rows(each) == [("component", "c1", 60), ("component", "c2", 40)]
        assert all(row.scaled and not row.exceeds_total for row in each)


def test_a_list_is_spread_on_its_measure_where_the_parent_states_nothing_on_another():
    family = {
        "P": Totals({COMMITMENT: None, COST: 100}, excluded=("A",)),
        "A": Totals({COMMITMENT: 300, COST: 300}),
    }
    found = allocate_family(family, {"P": listed(400, measure=COST)})
    assert rows(found["P"], COST) == [("component", "c1", 100)]
    assert rows(found["A"], COST) == rows(found["A"]) == [("component", "c1", 300)]
    assert rows(found["P"]) == [("project", None, None), ("component", "c1", None)]


def test_a_parent_that_states_no_amount_on_the_measure_of_its_list_keeps_it():
    """All of it would be the financing's."""
    family = {
        "P": Totals({COMMITMENT: 100, COST: None}, excluded=("A",)),
        "A": Totals({COMMITMENT: 300, COST: 300}),
    }
    found = allocate_family(family, {"P": listed(300, measure=COST)})
    assert rows(found["P"], COST) == [("component", "c1", 300)]
    assert rows(found["A"], COST) == [("project", None, 300)]


def test_a_list_with_a_cancellation_is_not_spread():
    family = {"P": Totals({COMMITMENT: 100}, excluded=("A",)), "A": Totals({COMMITMENT: 100})}
    found = allocate_family(family, {"P": listed(210, -10)})
    assert [row[1:] for row in rows(found["P"])] == [("c1", 210), ("c2", -10)]
    assert rows(found["A"]) == [("project", None, 100)]


def test_a_project_is_not_spread_over_twice():
    """What the topmost list covers, no list below does: B has nothing itself, so that it does not stand in the way of P's."""
    family = {
        "P": Totals({COMMITMENT: 100}, excluded=("B", "C")),
        "B": Totals({COMMITMENT: 0}, excluded=("C",)),
        "C": Totals({COMMITMENT: 50}),
    }
    found = allocate_family(family, {"P": listed(150), "B": [StatedComponent("b1", 50, COMMITMENT)]})
    assert [rows(found[key]) for key in "PC"] == [[("component", "c1", 100)], [("component", "c1", 50)]]


def test_a_list_that_is_spread_leaves_no_cents_over():
    """Three thirds of three projects: each component by itself would be rounded for the same project each time."""
    family = {
        "P": Totals({COMMITMENT: 100_00}, excluded=("A", "B")),
        "A": Totals({COMMITMENT: 100_00}),
        "B": Totals({COMMITMENT: 100_00}),
    }
    found = allocate_family(family, {"P": listed(100_00, None, 100_00, 100_00)})
    assert rows(found["P"]) == [
        ("component", "c1", 33_34),
        ("component", "c2", None),
        ("component", "c3", 33_33),
        ("component", "c4", 33_33),
    ]
    for allocation in found.values():
        assert sum(amount or 0 for *_, amount in rows(allocation)) == 100_00
        assert not any(row.exceeds_total for row in allocation)


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=5), st.lists(st.integers(1, 10**6), max_size=5))
def test_a_spread_list_gives_each_project_its_money_and_each_component_its_own(commitments, weights):
    """The list names the family's money to the cent."""
    names = [f"X{number}" for number in range(len(commitments))]
    family = {
        name: Totals({COMMITMENT: cents}, excluded=tuple(names[1:]) if name == "X0" else ())
        for name, cents in zip(names, commitments, strict=True)
    }
    stated = listed(*split_cents(sum(commitments), weights or [1]))
    found = allocate_family(family, {"X0": stated})
    if fits(sum(commitments), commitments[0]):
        return
    for name, cents in zip(names, commitments, strict=True):
        assert sum(amount or 0 for *_, amount in rows(found[name])) == cents
        assert not any(row.exceeds_total or row.granularity is Granularity.REMAINDER for row in found[name])
    for component in stated:
        mine = [row.amount or 0 for each in found.values() for row in each if row.component == component.key]
        assert sum(mine) == component.amount


amounts = st.none() | st.integers(0, 10**13)
components = st.lists(st.tuples(amounts, st.sampled_from([COMMITMENT, COST])), max_size=6)


@given(st.none() | st.integers(1, 10**13), st.none() | st.integers(1, 10**13), components)
def test_no_measure_loses_or_doubles_a_projects_money(commitment, cost, stated):
    """Rows sum to the total, or to more only where the list itself passes it, and then they are flagged."""
    parts = [StatedComponent(str(n), amount, measure) for n, (amount, measure) in enumerate(stated)]
    found = allocate(Totals({COMMITMENT: commitment, COST: cost}), parts)
    for measure, total in ((COMMITMENT, commitment), (COST, cost)):
        mine = [row for row in found if row.measure is measure]
        assert len({row.component for row in mine if row.component}) == len(parts)
        if total is None:
            continue
        counted = sum(row.amount or 0 for row in mine)
        assert counted == total or any(row.exceeds_total for row in mine)
        assert counted >= total
        assert all(row.amount > 0 for row in mine if row.granularity is Granularity.REMAINDER)
