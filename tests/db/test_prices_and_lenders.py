"""Constant prices, lenders and statuses, worked by hand."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest

from db.engine import reading
from db.errors import PricesMissingError
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from db.queries.components import list_components
from db.queries.prices import load_price_index
from db.queries.spend.spend import spend
from db.queries.spend.warnings import gap_warnings
from models.filters import STATUSES, Dimension, Filters, SpendQuery
from models.vocabulary import Basis, Lender, Measure, Tag
from tests.conftest import client_of

PROJECT = {"type": "project", "name": "Synthetic refugees", "countries": "JOR", "status": "Closed"}
REVIEW = {
    "type": "review",
    "category": "refugee_health",
    "relevance": "direct",
    "certainty": "sure",
    "reason": "synthetic",
    "reviewer": "test",
    "reviewed_on": "2026-01-01",
}


@pytest.fixture
def small(engine, tmp_path):
    """One project of 2014 with three lenders, one of 2020 whose lenders pass the commitment, one in the pipeline."""
    records = [
        PROJECT
        | {"project_id": "S00001", "approval_date": "2014-05-01", "commitment_usd": "100.00"}
        | {"ibrd_usd": "33.33", "ida_usd": "33.33", "grant_usd": "20"},
        PROJECT
        | {"project_id": "S00002", "approval_date": "2020-07-01", "commitment_usd": "10", "ida_usd": "12.01"}
        | {"project_cost_usd": "30"},
        PROJECT | {"project_id": "S00003", "commitment_usd": "5", "status": "Pipeline"},
        *(REVIEW | {"subject_id": f"S0000{number}"} for number in (1, 2, 3)),
    ]
    path = tmp_path / "synthetic.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    assert ingest(engine, RecordsAdapter(), [path]).rejected == 0
    return engine


def amounts(engine, *group_by, basis=Basis.COMPONENT, **filters):
    with reading(engine) as connection:
        rows = spend(connection, SpendQuery(Filters(**filters), group_by, basis)).rows
    return {tuple(row[d.value] for d in group_by): row["amount_usd"] for row in rows}


@pytest.mark.parametrize("basis", list(Basis))
def test_a_commitment_is_split_by_its_lenders(small, basis):
    """Of 100.00 the lenders leave 13.34; lenders that pass the commitment say nothing."""
    assert amounts(small, Dimension.LENDER, basis=basis, projects=("S00001",)) == {
        ("ibrd",): 3333,
        ("ida",): 3333,
        ("grant",): 2000,
        ("not_stated",): 1334,
    }
    assert amounts(small, Dimension.LENDER, basis=basis, projects=("S00002",)) == {("not_stated",): 1000}
    cost = amounts(small, Dimension.LENDER, basis=basis, projects=("S00002",), measure=Measure.COST)
    assert cost == {("not_stated",): 3000}
    assert amounts(small, basis=basis, lenders=(Lender.GRANT, Lender.IDA)) == {(): 5333}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("commitment", "parts", "expected"),
    [
        # P176505 as stated: 1/16 of a millionth too much, split by 500,000,000 : 26,401,000
        ("526400992", ("500000000", "26401000"), {("ibrd",): 49_999_999_240, ("grant",): 2_640_099_960}),
        ("999998", ("500000", "500000"), {("ibrd",): 49_999_900, ("grant",): 49_999_900}),
        ("999997", ("500000", "500000"), {("not_stated",): 99_999_700}),
        ("5000000", ("5000000", "5"), {("ibrd",): 499_999_500, ("grant",): 500}),
        # the parts of P162858 are 30 dollars short of 750 million; what is short by more keeps its rest
        ("526401008", ("500000000", "26401000"), {("ibrd",): 50_000_000_760, ("grant",): 2_640_100_040}),
        ("1000003", ("500000", "500000"), {("ibrd",): 50_000_000, ("grant",): 50_000_000, ("not_stated",): 300}),
        ("2", ("0", "0"), {("not_stated",): 200}),
        ("5000000", ("5000000", "5.01"), {("not_stated",): 500_000_000}),
    ],
    ids=[
        "single-precision",
        "whole-dollars",
        "three-dollars",
        "a-millionth",
        "short-by-rounding",
        "three-dollars-short",
        "none-states-anything",
        "more-than-a-millionth",
    ],
)
def test_lenders_that_differ_from_the_commitment_by_rounding_share_it(engine, tmp_path, commitment, parts, expected):
    path = tmp_path / "rounded.jsonl"
    amounts_of = {"commitment_usd": commitment, "ibrd_usd": parts[0], "grant_usd": parts[1]}
    records = [PROJECT | {"project_id": "S00001"} | amounts_of, REVIEW | {"subject_id": "S00001"}]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    assert ingest(engine, RecordsAdapter(), [path]).rejected == 0
    for basis in Basis:
        assert amounts(engine, Dimension.LENDER, basis=basis) == expected


@pytest.mark.parametrize("basis", list(Basis))
def test_constant_prices_follow_the_index_fact_by_fact(small, basis):
    """CPI-U: 236.736 in 2014, 258.811 in 2020, 304.702 in 2023."""
    ratio = Fraction(304702, 236736)
    expected = sum(round(cents * ratio) for cents in (3333, 3333, 2000, 1334)), round(1000 * Fraction(304702, 258811))
    got = amounts(small, Dimension.YEAR, basis=basis, base_year=2023, year_from=2014)
    assert got == {(2014,): expected[0], (2020,): expected[1]}
    assert amounts(small, basis=basis, base_year=2023, year_from=2014) == {(): sum(expected)}
    assert amounts(small, basis=basis, base_year=2014, year_to=2014) == {(): 10000}


def test_components_in_constant_prices_sum_to_spend(small):
    filters = Filters(base_year=2023, year_from=2014)
    with reading(small) as connection:
        listed = sum(row["amount_usd"] for row in list_components(connection, filters))
        assert listed == spend(connection, SpendQuery(filters)).totals["amount_usd"]


def test_years_without_an_index_are_an_error_that_names_them(small):
    with reading(small) as connection:
        with pytest.raises(PricesMissingError, match="without a date of approval"):
            spend(connection, SpendQuery(Filters(base_year=2023)))
        beyond = load_price_index().last_year + 1
        with pytest.raises(PricesMissingError, match=str(beyond)):
            list_components(connection, Filters(base_year=beyond, year_from=2014))


def test_min_amount_looks_at_the_whole_row(small):
    """Of the 100.00 no lender has more than 33.34, but the row as a whole does."""
    assert amounts(small, min_cents=10000) == {(): 10000}
    assert amounts(small, min_cents=10000, lenders=(Lender.GRANT,)) == {(): 2000}
    assert amounts(small, max_cents=9999, statuses=("Closed",)) == {(): 1000}


def test_what_states_no_amount_is_not_told_as_zero_dollars(small, tmp_path):
    path = tmp_path / "more.jsonl"
    stated = PROJECT | {"project_id": "S00009", "status": "Pipeline"}
    path.write_text("\n".join(map(json.dumps, [stated, REVIEW | {"subject_id": "S00009"}])), encoding="utf-8")
    assert ingest(small, RecordsAdapter(), [path]).rejected == 0
    with reading(small) as connection:
        warnings = spend(connection, SpendQuery(Filters(projects=("S00009",)))).warnings
    assert warnings == ["includes 1 project of no stated amount in the pipeline, not approved yet"]


def test_a_tag_or_an_instrument_that_no_project_has_is_a_gap(small):
    filters = Filters(tags=(Tag.BRIEF_EXAMPLE,), instruments=("Synthetic Loan",))
    with reading(small) as connection:
        assert gap_warnings(connection, filters) == [
            "no row loaded has instrument Synthetic Loan: the answer is empty there, which is not zero",
            "no project loaded has tag brief_example: the answer is empty there, which is not zero",
        ]


@pytest.fixture(scope="module")
def of_each_status(shared, tmp_path_factory):
    """A project of each status and one of which no source states any, each with an amount that tells it."""
    cents = {"Active": 1, "Closed": 20, "Pipeline": 300, "Dropped": 4000, None: 50000}
    records = []
    for number, (status, amount) in enumerate(cents.items()):
        stated = {"project_id": f"S{number:05}", "commitment_usd": str(Decimal(amount) / 100), "status": status}
        records += [PROJECT | stated, REVIEW | {"subject_id": f"S{number:05}"}]
    path = tmp_path_factory.mktemp("records") / "synthetic.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    engine = shared()
    assert ingest(engine, RecordsAdapter(), [path]).rejected == 0
    return engine


@pytest.mark.parametrize(
    ("statuses", "counted"),
    [
        (("Dropped",), 4000),
        (("Active",), 1),
        (("Active", "Closed"), 21),
        (("Pipeline", "Dropped"), 4300),
        (("Active", "Closed", "Pipeline"), 50321),
        (STATUSES, 54321),
        ((), 54321),
    ],
)
@pytest.mark.parametrize("more", [{}, {"min_confidence": 0.1}], ids=["summaries", "facts"])
def test_who_states_no_status_counts_unless_some_are_picked_out(of_each_status, statuses, counted, more):
    assert amounts(of_each_status, statuses=statuses, **more) == {(): counted}
    by_status = amounts(of_each_status, Dimension.STATUS, statuses=statuses, **more)
    assert sum(by_status.values()) == counted
    with reading(of_each_status) as connection:
        listed = list(list_components(connection, Filters(statuses=statuses, **more)))
    assert sum(row["amount_usd"] for row in listed) == counted


@pytest.mark.parametrize("asked", ["", "&status=Active,Closed"])
def test_what_is_said_to_leave_out_rows_without_a_date_does(of_each_status, asked):
    get = client_of(of_each_status)
    path = f"/v1/spend?prices=constant&base_year=2023{asked}"
    item = get(path).json()["errors"][0]
    assert "rows without a date of approval" in item["message"]
    assert get(f"{path}&{item['suggestion']}").status_code == 200
