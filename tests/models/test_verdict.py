"""Who decides what, and how an amount falls on categories."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.verdict import (
    CategoryShare,
    Decision,
    Review,
    decide_project,
    decide_remainder,
    from_reviews,
    split_shares,
    whole_share,
)
from models.vocabulary import Method, Relevance

DIRECT, PARTIAL, NONE = Relevance


def decision(category: str, relevance: Relevance, method: Method = Method.RULES) -> Decision:
    return Decision(method, whole_share(category, relevance), 0.8)


NO = decision("not_migration", NONE)
HEALTH = decision("refugee_health", DIRECT)
SKILLS = decision("mobility_skills", PARTIAL)


def test_a_review_decides_on_a_project():
    review = decision("diaspora", PARTIAL, Method.REVIEW)
    assert decide_project(review, HEALTH, [NO]) is review


def test_without_a_review_the_first_migration_component_names_the_category_in_part():
    found = decide_project(None, NO, [NO, SKILLS, HEALTH])
    assert (found.category, found.relevance, found.method) == ("mobility_skills", PARTIAL, Method.DERIVED)


def test_without_a_migration_component_the_rules_decide():
    assert decide_project(None, HEALTH, [NO]) is HEALTH


def test_a_remainder_follows_the_stated_components():
    assert decide_remainder(SKILLS, [HEALTH, HEALTH]).relevance is DIRECT
    assert decide_remainder(SKILLS, [HEALTH, NO]).relevance is PARTIAL
    assert decide_remainder(SKILLS, [NO, NO]).relevance is NONE
    assert decide_remainder(SKILLS, [NO, NO]).category == "not_migration"
    assert decide_remainder(SKILLS, [HEALTH]).category == "mobility_skills"
    assert decide_remainder(NO, [NO, HEALTH]).category == "refugee_health"


def test_a_component_without_an_amount_has_its_money_in_the_remainder():
    hosts = decision("host_communities", DIRECT)
    found = decide_remainder(SKILLS, [NO], [NO, hosts])
    assert (found.category, found.relevance) == ("host_communities", PARTIAL)
    assert decide_remainder(NO, [NO], [hosts, HEALTH]).category == "host_communities"
    assert decide_remainder(SKILLS, [HEALTH], [hosts, HEALTH]).category == "mobility_skills"
    assert decide_remainder(SKILLS, [HEALTH], [HEALTH]).relevance is DIRECT
    assert decide_remainder(SKILLS, [HEALTH], [NO]).relevance is PARTIAL
    assert decide_remainder(SKILLS, [NO], [NO]).relevance is NONE


TENTH = (CategoryShare("not_migration", 900_000, True, NONE), CategoryShare("refugee_education", 100_000, True, DIRECT))


@pytest.mark.parametrize("shares", [TENTH, TENTH[::-1]])
def test_a_component_of_which_a_tenth_serves_migration_leaves_a_remainder_in_part(shares):
    split = Decision(Method.REVIEW, shares, 0.9)
    found = decide_remainder(decide_project(None, NO, [split]), [split])
    assert (found.category, found.relevance) == ("refugee_education", PARTIAL)


def test_a_project_is_about_the_first_of_its_categories_that_serves_migration():
    found = decide_project(None, NO, [Decision(Method.REVIEW, TENTH, 0.9)])
    assert (found.category, found.relevance) == ("refugee_education", PARTIAL)


@pytest.mark.parametrize("certainties", [("sure", "doubtful"), ("doubtful", "sure")])
def test_a_decision_is_as_certain_as_its_least_certain_line(certainties):
    lines = [
        Review(
            subject_id="X1-1",
            category_code=code,
            position=position,
            share_ppm=500_000,
            relevance=relevance,
            certainty=certainty,
            reason="read",
            reviewer="A",
            reviewed_on=date(2026, 1, 1),
            run_id=1,
        )
        for position, (code, relevance, certainty) in enumerate(
            zip(("not_migration", "refugee_health"), (NONE, DIRECT), certainties, strict=True)
        )
    ]
    found = from_reviews(lines, "1.0.0")
    assert (found.confidence, found.certainty) == (0.5, "doubtful")


def test_a_partial_amount_counts_by_its_share_only_where_one_is_known():
    assert [(a, p) for _, a, p in split_shares(100, SKILLS)] == [(0, 100)]
    known = Decision(
        Method.REVIEW,
        (CategoryShare("mobility_skills", 300_000, True, PARTIAL), CategoryShare("not_migration", 700_000, True, NONE)),
        0.9,
    )
    assert [(s.category, a, p) for s, a, p in split_shares(101, known)] == [
        ("mobility_skills", 30, 0),
        ("not_migration", 71, 0),
    ]
    assert known.relevance is PARTIAL


@given(st.integers(-(10**13), 10**13), st.lists(st.integers(1, 10**6), min_size=1, max_size=5))
def test_the_parts_of_an_amount_sum_to_it(amount, weights):
    shares = tuple(CategoryShare(str(n), w, True, DIRECT) for n, w in enumerate(weights))
    parts = split_shares(amount, Decision(Method.REVIEW, shares, 0.9))
    assert sum(a + p for _, a, p in parts) == amount


def test_an_unknown_amount_stays_unknown():
    assert [(a, p) for _, a, p in split_shares(None, HEALTH)] == [(None, None)]
