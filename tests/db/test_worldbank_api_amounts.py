"""Amounts of the Projects API in every form they have had, and which of them are believed."""

import pytest

from tests.data.worldbank_records import GONE, read

AMOUNTS = (
    *("totalamt", "totalcommamt", "curr_total_commitment", "ibrdcommamt", "idacommamt", "grantamt", "lendprojectcost"),
    *("curr_project_cost", "curr_ibrd_commitment", "curr_ida_commitment"),
)


def money(**amounts):
    """The record of a made-up project with these amounts alone, and what was set aside of them."""
    record, aside = read(**{**dict.fromkeys(AMOUNTS, GONE), **amounts})
    return record, [(name, reason) for name, _, reason in aside]


M = 1_000_000
MONEY = {
    "commas": ({"totalamt": "150,000,000", "ibrdcommamt": "150,000,000", "idacommamt": "0"}, (150 * M, 150 * M, 0)),
    "numbers": ({"totalamt": 150000000, "ibrdcommamt": 0, "idacommamt": 150000000.0}, (150 * M, 0, 150 * M)),
    "plain-text": ({"totalamt": "95000000", "idacommamt": "95000000"}, (95 * M, None, 95 * M)),
    "current-in-millions": (
        {
            "totalamt": "150,000,000",
            "ibrdcommamt": "150,000,000",
            "curr_total_commitment": "150",
            "curr_ibrd_commitment": 150,
        },
        (150 * M, 150 * M, None),
    ),
    "current-in-dollars": (
        {"totalamt": "150,000,000", "ibrdcommamt": "150,000,000", "curr_total_commitment": "150000000"},
        (150 * M, 150 * M, None),
    ),
    "part-only-in-confirmed-millions": (
        {
            "totalamt": "150,000,000",
            "curr_total_commitment": "150",
            "curr_ibrd_commitment": "100",
            "curr_ida_commitment": 50,
        },
        (150 * M, 100 * M, 50 * M),
    ),
    "only-current-in-dollars": (
        {"curr_total_commitment": "150000000", "curr_ibrd_commitment": "150000000", "curr_ida_commitment": "0"},
        (150 * M, 150 * M, 0),
    ),
    "millions-among-dollars": ({"curr_total_commitment": "15.0", "idacommamt": "15000000"}, (15 * M, None, 15 * M)),
    "grant-beside-loans": (
        {"totalamt": "5000000", "idacommamt": "5000000", "grantamt": "400000"},
        (5_400_000, None, 5 * M),
    ),
    "grant-without-a-total": ({"grantamt": "400,000"}, (400_000, None, None)),
    "grant-with-a-total-of-zero": ({"grantamt": "400,000", "totalamt": "0", "ibrdcommamt": "0"}, (400_000, 0, None)),
    "zero-in-all-parts": ({"totalamt": "0", "ibrdcommamt": "0", "idacommamt": "0", "grantamt": 0}, (0, 0, 0)),
    "zero-but-for-the-grant": ({"totalamt": "0", "ibrdcommamt": "0", "idacommamt": "0"}, (None, 0, 0)),
    "zero-without-parts": ({"totalamt": "0"}, (None, None, None)),
    "nothing": ({"totalamt": "", "ibrdcommamt": "N/A", "idacommamt": None}, (None, None, None)),
    "billions-in-millions": (
        {"totalamt": "1,500,000,000", "curr_ibrd_commitment": "1500"},
        (1_500 * M, 1_500 * M, None),
    ),
    "billions-in-millions-beside-dollars": (
        {"totalamt": "1,500,000,000", "idacommamt": "500,000,000", "curr_ibrd_commitment": "1000", "grantamt": "9,000"},
        (1_500_009_000, 1_000 * M, 500 * M),
    ),
    "small-beside-real-money": (
        {"curr_total_commitment": "2005000", "curr_ibrd_commitment": "2000000", "curr_ida_commitment": "5000"},
        (2_005_000, 2 * M, 5_000),
    ),
    "small-beside-real-money-without-a-total": (
        {"curr_ibrd_commitment": "2000000", "curr_ida_commitment": "5000"},
        (2_005_000, 2 * M, 5_000),
    ),
    "small-in-dollars": ({"totalamt": "5,000", "idacommamt": "5,000"}, (5_000, None, 5_000)),
    "total-alone": ({"totalamt": "7,000,000"}, (7 * M, None, None)),
    "total-beyond-its-parts": ({"totalamt": "7,000,000", "ibrdcommamt": "6,000,000"}, (7 * M, 6 * M, None)),
    "current-zero-says-nothing": (
        {
            "totalamt": "7,000,000",
            "ibrdcommamt": "7,000,000",
            "curr_total_commitment": "0",
            "curr_ibrd_commitment": "0",
        },
        (7 * M, 7 * M, None),
    ),
}


def dollars(record):
    cents = (record.commitment_cents, record.ibrd_cents, record.ida_cents)
    return tuple(None if amount is None else amount // 100 for amount in cents)


@pytest.mark.parametrize(("amounts", "expected"), MONEY.values(), ids=MONEY)
def test_amounts_are_read_in_every_form(amounts, expected):
    record, aside = money(**amounts)
    assert (dollars(record), aside) == (expected, [])


DOUBTS = {
    "millions-that-nothing-confirms": (
        {"curr_total_commitment": "15.0"},
        (None, None, None),
        [("curr_total_commitment", "too small")],
    ),
    "parts-and-total-in-millions": (
        {"curr_total_commitment": "15", "curr_ida_commitment": "15"},
        (None, None, None),
        [("curr_total_commitment", "too small"), ("curr_ida_commitment", "too small")],
    ),
    "billions-in-millions-that-nothing-confirms": (
        {"curr_total_commitment": "1500", "curr_ida_commitment": "1500"},
        (None, None, None),
        [("curr_total_commitment", "too small"), ("curr_ida_commitment", "too small")],
    ),
    "a-part-alone-in-millions": (
        {"curr_ida_commitment": "1500"},
        (None, None, None),
        [("curr_ida_commitment", "too small")],
    ),
    "a-part-in-millions-beside-zeros-and-a-cost": (
        {"curr_ida_commitment": "1500", "ibrdcommamt": 0, "grantamt": 0, "lendprojectcost": "2000000000"},
        (None, 0, None),
        [("curr_ida_commitment", "too small")],
    ),
    "parts-in-millions": (
        {"curr_ida_commitment": "1500", "curr_ibrd_commitment": "1500"},
        (None, None, None),
        [("curr_ibrd_commitment", "too small"), ("curr_ida_commitment", "too small")],
    ),
    "a-part-in-millions-beside-dollars": (
        {"curr_ida_commitment": "1500", "ibrdcommamt": "20,000,000"},
        (None, 20 * M, None),
        [("curr_ida_commitment", "too small")],
    ),
    "total-alone-in-millions": (
        {"curr_total_commitment": "1500"},
        (None, None, None),
        [("curr_total_commitment", "too small")],
    ),
    "zeros-against-a-total-and-a-part": (
        {
            **dict.fromkeys(("totalamt", "ibrdcommamt", "idacommamt", "grantamt"), "0"),
            **dict.fromkeys(("curr_total_commitment", "curr_ibrd_commitment"), "150,000,000"),
        },
        (None, None, 0),
        [("curr_total_commitment", "which say zero"), ("curr_ibrd_commitment", "which say zero")],
    ),
    "totals-that-differ": (
        {"totalamt": "7,000,000", "idacommamt": "7,000,000", "curr_total_commitment": "9"},
        (7 * M, None, 7 * M),
        [("curr_total_commitment", "differs from the total of 7000000")],
    ),
    "words": ({"totalamt": "seven", "idacommamt": "7000000"}, (None, None, 7 * M), [("totalamt", "is not an amount")]),
    "decimal-comma": ({"idacommamt": "7000000,50"}, (None, None, None), [("idacommamt", "is not an amount")]),
    "object": ({"idacommamt": {"a": 1}, "totalamt": "7000000"}, (7 * M, None, None), [("idacommamt", "is no amount")]),
    "negative": ({"totalamt": -7}, (None, None, None), [("totalamt", "is negative")]),
    "cost-again": (
        {"totalamt": "9000000", "lendprojectcost": "9000000"},
        (None, None, None),
        [("totalamt", "repeats the project's cost")],
    ),
}


@pytest.mark.parametrize(("amounts", "expected", "doubts"), DOUBTS.values(), ids=DOUBTS)
def test_an_amount_that_cannot_be_believed_is_set_aside(amounts, expected, doubts):
    record, aside = money(**amounts)
    assert dollars(record) == expected
    assert [name for name, _ in aside] == [name for name, _ in doubts]
    assert all(said in reason for (_, reason), (_, said) in zip(aside, doubts, strict=True))


@pytest.mark.parametrize(
    ("amounts", "cost"),
    [
        ({"curr_project_cost": "205500000", "lendprojectcost": "300,000,000"}, 205_500_000),
        ({"curr_project_cost": "205.5", "lendprojectcost": "205,500,000"}, 205_500_000),
        ({"curr_project_cost": "2000", "lendprojectcost": "2,000,000,000"}, 2_000_000_000),
        ({"curr_project_cost": "2000", "lendprojectcost": "2,100,000,000"}, 2_100_000_000),
        ({"curr_project_cost": "12000", "lendprojectcost": "12,000,000,000"}, 12_000_000_000),
        ({"lendprojectcost": 187500000}, 187_500_000),
        ({"curr_project_cost": "0", "lendprojectcost": "187500000"}, 187_500_000),
        ({"lendprojectcost": "0"}, None),
    ],
)
def test_a_cost_of_zero_is_not_stated_and_one_in_millions_gives_way(amounts, cost):
    record, aside = money(**amounts)
    assert (record.cost_cents, aside) == (None if cost is None else cost * 100, [])
