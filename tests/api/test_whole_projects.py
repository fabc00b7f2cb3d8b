"""Whole projects of which a question asks for what serves no migration: they count in full, as rows of it do."""

import pytest

from tests.conftest import client_of, let_go
from tests.data.export_helpers import PROJECT, csv_text, jsonl_text, take

MONEY = ("amount_usd", "partial_usd")
PROJECTS = {"NOTHING": "100", "MIXED": "1000", "DIRECT": "10000"}
LISTED = [
    ("MIXED", 1, "Host communities", "400"),
    ("MIXED", 2, "Rural roads", "600"),
    ("DIRECT", 1, "Remittances", "4000"),
    ("DIRECT", 2, "Rural roads", "6000"),
]
REVIEWS = [
    ("NOTHING", "not_migration", "none"),
    ("MIXED-1", "host_communities", "partial"),
    ("MIXED-2", "not_migration", "none"),
    ("DIRECT-1", "remittances", "direct"),
    ("DIRECT-2", "not_migration", "none"),
]


@pytest.fixture
def ask(engine, write):
    projects = (
        PROJECT | {"project_id": name, "name": name, "commitment_usd": cents} for name, cents in PROJECTS.items()
    )
    take(engine, write("projects.csv", csv_text(*projects)))
    names = ("project_id", "ordinal", "title", "amount_usd")
    rows = (dict(zip(names, row, strict=True)) | {"amount_basis": "commitment"} for row in LISTED)
    take(engine, write("components.jsonl", jsonl_text(*rows, kind="component")))
    told = {"certainty": "sure", "reason": "made up", "reviewer": "me", "reviewed_on": "2026-11-25"}
    lines = (dict(zip(("subject_id", "category", "relevance"), one, strict=True)) | told for one in REVIEWS)
    take(engine, write("reviews.jsonl", jsonl_text(*lines, kind="review")))
    yield client_of(engine)
    let_go(engine)


@pytest.mark.parametrize("through", ["", "&min_amount=0"])  # from cells, and from the facts
@pytest.mark.parametrize(
    ("query", "money"),
    [
        ("relevance=none", (11_100, 0)),
        ("category=not_migration", (11_100, 0)),
        ("group=none", (11_100, 0)),
        ("project=NOTHING&relevance=direct,partial,none", (100, 0)),
        ("project=MIXED&relevance=direct,partial,none", (0, 1000)),
        ("project=MIXED&relevance=partial", (0, 1000)),
        ("project=MIXED&relevance=none", (1000, 0)),
        ("project=DIRECT&relevance=direct,partial,none", (10_000, 0)),
    ],
)
def test_what_serves_nothing_counts_in_part_of_nothing(ask, query, money, through):
    answer = ask(f"/v1/spend?basis=project&{query}{through}").json()
    assert tuple(answer["totals"][name] for name in MONEY) == money
    assert sum(row["share"] or 0 for row in answer["data"]) == (1 if money[0] else 0)


@pytest.mark.parametrize("through", ["", "&min_amount=0"])
def test_grouped_by_relevance_only_what_is_partial_counts_in_part(ask, through):
    query = f"basis=project&relevance=direct,partial,none&group_by=relevance{through}"
    rows = {row["relevance"]: row for row in ask(f"/v1/spend?{query}").json()["data"]}
    found = {relevance: tuple(row[name] for name in MONEY) for relevance, row in rows.items()}
    assert found == {"none": (11_100, 0), "partial": (0, 1000), "direct": (10_000, 0)}


def test_a_ratio_over_what_serves_nothing_has_no_range(ask):
    """A project with rows of both sides counts in part below the line alone: nothing of that is shared."""
    answer = ask("/v1/spend/ratio?basis=project&numerator=not_migration&denominator=not_migration").json()
    totals = answer["totals"]
    assert [totals[name] for name in ("ratio", "ratio_low", "ratio_high")] == [1, 1, 1]
    totals = ask("/v1/spend/ratio?basis=project&numerator=not_migration&denominator=host_communities").json()["totals"]
    assert (totals["numerator_amount_usd"], totals["numerator_partial_usd"]) == (11_100, 0)
    assert (totals["ratio_low"], totals["ratio_high"]) == (11.1, None)


@pytest.mark.parametrize("through", ["", "&min_amount=0"])
@pytest.mark.parametrize("measure", ["cost", "disbursement"])
def test_a_project_that_states_no_total_is_worth_what_its_components_state(ask, engine, write, measure, through):
    """Zero would say that the whole is less than its parts."""
    take(engine, write("project.csv", csv_text(PROJECT | {"project_id": "NO-TOTAL", "commitment_usd": "50"})))
    listed = {"project_id": "NO-TOTAL", "amount_basis": measure}
    rows = (
        listed | {"ordinal": 1, "title": "Remittances", "amount_usd": "30"},
        listed | {"ordinal": 2, "title": "Rural roads", "amount_usd": "60.01"},
        listed | {"ordinal": 3, "title": "Administration"},
    )
    take(engine, write("list.jsonl", jsonl_text(*rows, kind="component")))
    answer = ask(f"/v1/spend?basis=project&measure={measure}&category=remittances{through}").json()
    assert [answer["totals"][name] for name in MONEY] == [90.01, 0]
