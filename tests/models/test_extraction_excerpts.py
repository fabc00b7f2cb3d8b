"""Excerpts: what the end of a text may have cut is not taken."""

import random
import re

import pytest

from models.extraction import extract
from tests.models.test_extraction import HEAD, REPORTS, told

CUT = [
    ("Jetties 24.50 Training 6.00 Project mana", [(1, "Jetties", 24.5), (2, "Training", 6)]),
    ("Jetties 24.50 Training 6.00 Project management 12", [(1, "Jetties", 24.5), (2, "Training", 6)]),
    ("Component 1: Jetties 24.50 Component 2: Training 6.5", [(1, "Jetties", 24.5)]),
    ("Component 1: Jetties 24.50 Component 2: Training 6.50", [(1, "Jetties", 24.5), (2, "Training", 6.5)]),
    ("Jetties 24.50 8.00 Training 6.00 2.00 1.00", []),
]


@pytest.mark.parametrize(("rows", "components"), CUT)
def test_a_table_that_its_excerpt_cuts_short(rows, components):
    """The last figure may have lost some of its own: one with fewer decimals than the others is left out."""
    assert told(f"{HEAD}Component Name Cost (US$, millions) {rows}") == components


@pytest.mark.parametrize(
    ("end", "amount"),
    [
        ("(appraisal estimate US$19.86 million, actu", 19.86),
        ("(appraisal cost: US$19.86 million of which IDA would f", 19.86),
        ("(US$0.840 million at appraisal, US", 0.84),
        ("(US$19.86 million, of wh", None),
        ("(original US$19.86 million, add", None),
        ("(IDA US$19.86 million, of which", None),
        ("(appraisal estimate US$19.86 million", None),
        ("(appraisal estimate US$19.86 mil", None),
        ("(appraisal estimate US$19.8", None),
        (": US$19.86 million", 19.86),
        (": US$ 19,860,000", 19.86),
        (": US$ 19,860", None),
        (": US$19.86 mil", None),
    ],
)
def test_an_amount_that_its_excerpt_cuts_short(end, amount):
    """What an excerpt may have cut is not taken; a bracket that began to tell what was spent states the plan all the same."""
    components = told(f"{HEAD}Component 1: Roads (US$5 million). It. Component 2: Loans {end}")
    assert components[0] == (1, "Roads", 5)
    assert components[1:] in ([(2, "Loans", amount)], [] if amount is None else None)


TOLD_AGAIN = {"conflicting_amounts", "ranges_and_rounding", "tables_of_lender_and_cost"}
"""Reports that say more of the same amounts further down."""

UNSEEN = {"spanish_table", "unit_costs"}
"""Nothing shows the cut in '2,2' of '2,25', nor that 'US$ 40,000 pe' will be the cost of one stove."""


@pytest.mark.parametrize("name", sorted(REPORTS.keys() - TOLD_AGAIN - UNSEEN))
def test_no_excerpt_invents_an_amount(name):
    """Cut anywhere, near figures above all, a report states no amount that it does not state as a whole."""
    text = REPORTS[name]
    amounts = {item.amount_cents for item in extract(text).components}
    places = [found.start() + more for found in re.finditer(r"\d|mil|\$", text) for more in (0, 1, 2, 3, 5, 8)]
    for place in random.Random(1).sample(places, min(40, len(places))):
        found = {item.amount_cents for item in extract(text[:place]).components} - {None}
        assert found <= amounts, text[:place][-80:]
