"""Whose reports are looked for: the projects that are named, else those of the World Bank; never more than asked for."""

import pytest

from db.engine import reading
from db.queries.stated_totals import totals_of
from models.extraction.judging import Totals
from tests.data.export_helpers import PROJECT, csv_text, take

REFUGEES = PROJECT | {"name": "Support to refugees"}
AMOUNTS = {"P000001": "1000000", "P000002": "2000000", "P3": "3000000", "P0000004": "4000000"}


@pytest.mark.parametrize(
    ("named", "limit", "found"),
    [
        ((), None, ["P000001", "P000002"]),  # P and six digits
        ((), 1, ["P000001"]),
        (("P3", "P000002"), None, ["P3", "P000002"]),
        (("P3", "P000002"), 1, ["P3"]),
    ],
)
def test_projects_are_named_or_the_banks_own(named, limit, found, engine, write):
    records = [REFUGEES | {"project_id": name, "commitment_usd": amount} for name, amount in AMOUNTS.items()]
    take(engine, write("projects.csv", csv_text(*records)))
    with reading(engine) as connection:
        totals = totals_of(connection, named, limit)
    assert totals == {name: Totals(int(AMOUNTS[name]) * 100, None) for name in found}
    assert list(totals) == found
