"""The range of a ratio is what its money allows: money on both sides counts above and below the line alike."""

import itertools
from collections import defaultdict
from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from db import tables
from db.engine import reading
from db.queries.filtering import conditions, fact
from db.queries.spend.ratio import ratio_of, spend_ratio
from db.queries.spend.shared import Shared
from models.filters import Dimension, Filters, SpendQuery
from models.vocabulary import Basis, Relevance
from tests.db.test_spend_properties import data_sets, fill, pair

__all__ = ["pair"]

cents = st.integers(0, 5)
DIMENSIONS = (Dimension.YEAR, Dimension.COUNTRY, Dimension.LENDER)
SIDES = {
    "one and a part of it": (("remittances", "worker_mobility"), ("remittances",)),
    "two that overlap": (("remittances", "worker_mobility"), ("worker_mobility", "refugee_health")),
    "the same": (("remittances", "refugee_health"), ("remittances", "refugee_health")),
    "nothing in common": (("remittances",), ("worker_mobility",)),
    "what is no migration too": (("not_migration", "worker_mobility"), ("worker_mobility", "remittances")),
    "a group and what is kept apart from it": (("forced_displacement",), ("in_donor_refugee_costs", "refugee_health")),
    "what is kept apart": (("in_donor_refugee_costs", "remittances"), ("in_donor_refugee_costs",)),
}


def listed(number, category, relevance, amount):
    """A component and its review, as records."""
    component = {"type": "component", "project_id": "S00001", "ordinal": number, "title": f"Part {number}"}
    review = {"type": "review", "subject_id": f"S00001-{number}", "reviewer": "test", "reviewed_on": "2026-01-01"}
    review |= {"category": category, "relevance": relevance, "certainty": "sure", "reason": "made up"}
    return [component | {"amount_usd": amount, "amount_basis": "commitment"}, review]


APART = [
    {"type": "project", "project_id": "S00001", "name": "Made up", "countries": "JOR", "commitment_usd": 100},
    *listed(1, "in_donor_refugee_costs", "partial", 30),
    *listed(2, "refugee_health", "partial", 50),
    *listed(3, "refugee_health", "direct", 20),
]
"""Money in part that only one of two sides holds, though both hold its group."""


def bounds(ends):
    """The least and the most of some ratios, each a pair, as an answer has them."""
    ends = list(ends)
    found = [Fraction(over, under) for over, under in ends if under]
    boundless = any(over and not under for over, under in ends)
    return (
        as_shown(min(found)) if found else None,
        None if boundless or not found else as_shown(max(found)),
    )


def as_shown(ratio: Fraction) -> Decimal:
    sides = Decimal(ratio.numerator), Decimal(ratio.denominator)
    digits = Context(prec=4).divide(*sides)
    return digits if digits < Decimal("0.1") else (sides[0] / sides[1]).quantize(Decimal("0.0001"))


@given(sure=st.tuples(cents, cents, cents), more=st.tuples(cents, cents, cents))
def test_the_range_lies_between_the_ends_of_what_is_shared_and_what_is_not(sure, more):
    figures = {
        "numerator_amount_usd": sure[0] + sure[2],
        "numerator_partial_usd": more[0] + more[2],
        "denominator_amount_usd": sure[1] + sure[2],
        "denominator_partial_usd": more[1] + more[2],
    }
    found = ratio_of(figures, Shared(more[2], more[2]))
    counted = [
        [first + part for first, part in zip(sure, parts, strict=True)]
        for parts in itertools.product(*({0, end} for end in more))
    ]
    ends = ((above + both, below + both) for above, below, both in counted)
    assert (found["ratio_low"], found["ratio_high"]) == bounds(ends)
    if found["ratio"] is not None and found["ratio_high"] is not None:
        assert found["ratio_low"] <= found["ratio"] <= found["ratio_high"]


@settings(
    max_examples=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example fills a database
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@example(data=(APART,), group_by=())
@given(data=data_sets, group_by=st.sampled_from([(), *((one,) for one in DIMENSIONS)]))
def test_the_range_is_that_of_all_that_rows_and_whole_projects_may_count(pair, data, group_by):
    answers = {}
    for kind, engine in pair.items():
        fill(engine, list(itertools.chain(*data)))
        with reading(engine) as connection:
            answers[kind] = [
                check(connection, above, below, SpendQuery(group_by=group_by, basis=basis))
                for above, below in SIDES.values()
                for basis in Basis
            ]
    assert answers["sqlite"] == answers["postgresql"]


def check(connection, above, below, query):
    sides = [replace(query, filters=filters_of(categories)) for categories in (above, below)]
    answer = spend_ratio(connection, *sides)
    for row in answer.rows:
        group = {dimension.value: row[dimension.value] for dimension in query.group_by}
        expected = bounds(all_ends(connection, sides, group))
        assert (row["ratio_low"], row["ratio_high"]) == expected, (query, group)
    if not query.group_by:
        assert answer.totals["ratio_high"] == answer.rows[0]["ratio_high"]
    expected = bounds(all_ends(connection, sides, {}))
    assert (answer.totals["ratio_low"], answer.totals["ratio_high"]) == expected, query
    return answer


def filters_of(names):
    relevance = tuple(Relevance) if "not_migration" in names else (Relevance.DIRECT, Relevance.PARTIAL)
    kind = "groups" if names == ("forced_displacement",) else "categories"
    return Filters(relevance=relevance, **{kind: names})


def all_ends(connection, sides, group):
    """Both sides of a ratio, in cents, for each way in which all that may count does or does not."""
    found = [rows_of(connection, side, group) for side in sides]
    parts = (component_parts if sides[0].basis is Basis.COMPONENT else whole_parts)(connection, found, group)
    sums = {(0, 0)}
    for choices in parts:  # as sets of sums, which are far fewer than the ways to them
        sums = {(over + a, under + b) for over, under in sums for a, b in choices}
    return sums


def rows_of(connection, side, group):
    rows = connection.execute(select(fact).where(*conditions(side.filters))).mappings()
    keys = ("component_id", "project_id", "country", "lender", "category", "relevance", "amount_cents", "partial_cents")
    return {
        tuple(row[key] for key in keys) for row in rows if all(row[name] == member for name, member in group.items())
    }


def component_parts(connection, found, group):
    above, below = found
    for row in above | below:
        sure, more = row[-2] or 0, row[-1] or 0
        yield {(cents * (row in above), cents * (row in below)) for cents in (sure, sure + more)}


def whole_parts(connection, found, group):
    """Of a whole project nothing, a part or all may count for what is on both sides and what is on one. It is known to count
    where a row is direct, and where none of a side serves migration, which the side asks for then."""
    weights = {
        (row.project_id, row.country_code, row.lender): row.amount_cents or 0
        for row in connection.execute(
            select(tables.project_amount).where(tables.project_amount.c.measure == "commitment")
        )
    }
    states = defaultdict(lambda: [[], [], []])
    for row in found[0] | found[1]:
        place = 2 if row in found[0] & found[1] else 0 if row in found[0] else 1
        states[row[1:4]][place].append(row[5])
    for part, (above, below, both) in states.items():
        weight = weights.get(part, 0)
        over, under = (not serving(side) and bool(side) for side in (above + both, below + both))
        yield {
            (max(here, first, over) * weight, max(here, second, under) * weight)
            for here in whole_ends(serving(both))
            for first in whole_ends(serving(above))
            for second in whole_ends(serving(below))
        }


def serving(relevances):
    return [relevance for relevance in relevances if relevance != "none"]


def whole_ends(relevances):
    return {1} if "direct" in relevances else {0, 1} if relevances else {0}


@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize("held", [Filters(), Filters(year_from=2014, year_to=2023, base_year=2015)])
def test_a_part_is_never_more_than_its_whole(loaded, basis, held):
    hosts, displaced = (
        SpendQuery(replace(held, **aim), basis=basis)
        for aim in ({"categories": ("host_communities",)}, {"groups": ("forced_displacement",)})
    )
    with reading(loaded) as connection:
        same = spend_ratio(connection, hosts, hosts).totals
        part = spend_ratio(connection, hosts, displaced).totals
    assert [same[name] for name in ("ratio", "ratio_low", "ratio_high")] == [1, 1, 1]
    assert 0 < part["ratio_low"] < part["ratio"] < part["ratio_high"] < 1
