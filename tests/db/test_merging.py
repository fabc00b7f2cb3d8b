"""What several sources said of a project becomes one project."""

import pytest

from db.ingest.figures.merge import HOLDS, merge_statements, subtract_included
from models.project import Said


@pytest.mark.parametrize(("stated", "counts"), [(1_500, 900), (700, 100), (600, 0), (500, 0)])
def test_what_is_not_counted_is_taken_off_a_newer_amount_down_to_nothing(stated, counts):
    """Of 1,000 cents 400 count, so 600 do not."""
    curated = Said("bundle", "2024-01-01", {"commitment_cents": 1_000, "counted_cents": 400})
    newer = Said("worldbank-api", "2024-06-01", {"commitment_cents": stated})
    assert merge_statements([newer, curated])["counted_cents"] == counts


@pytest.mark.parametrize(
    ("note", "told"),
    [
        (None, f"{HOLDS}C1"),
        (f"{HOLDS}C1", f"{HOLDS}C1"),
        (f"{HOLDS}C0, C1", f"{HOLDS}C1"),
        (f"A remark; {HOLDS}C1; {HOLDS}C1", f"A remark; {HOLDS}C1"),
        ("Half; of it", f"Half; of it; {HOLDS}C1"),
    ],
)
def test_after_a_correction_what_is_taken_off_is_said_once(note, told):
    """Of 100 cents 80 counted, as a person said with a note; by a correction all count, and the note stays."""
    stated = Said("bundle", "2024-01-01", {"commitment_cents": 100, "counted_cents": 80, "counted_note": note})
    corrected = Said("records", "2024-06-01", {"commitment_cents": 100, "counted_cents": 100})
    child = {"commitment_cents": 20, "parent_project_id": "A1", "included_in_parent": "yes"}
    family = {
        "A1": merge_statements([stated, corrected]),
        "C1": merge_statements([Said("records", "2024-01-01", child)]),
    }
    subtract_included(family)
    assert (family["A1"]["counted_cents"], family["A1"]["counted_note"]) == (80, told)


def test_a_way_in_that_says_no_more_that_a_project_is_regional_says_where_it_is():
    regional = Said("records", "2024-01-01", {"regional": True, "located": [("AFE", 1_000_000)]})
    later = Said("records", "2024-06-01", {"located": [("UGA", 1_000_000)]})
    assert merge_statements([later, regional])["located"] == [("UGA", 1_000_000)]
    assert merge_statements([later._replace(origin="iati"), regional])["located"] == [("AFE", 1_000_000)]


HELD = {"parent_project_id": "Q", "included_in_parent": "yes", "parent_evidence": "its report"}


@pytest.mark.parametrize(
    ("said", "included", "evidence"),
    [
        ({"parent_project_id": "P"}, "unknown", None),
        ({"parent_project_id": "P", "included_in_parent": "no"}, "no", None),
        ({"parent_project_id": "Q"}, "yes", "its report"),
        ({}, "yes", "its report"),
    ],
)
def test_that_one_parent_holds_a_project_is_not_said_of_another(said, included, evidence):
    merged = merge_statements([Said("records", "2024-01-01", HELD), Said("records", "2024-04-01", said)])
    assert (merged["included_in_parent"], merged["parent_evidence"]) == (included, evidence)


def test_what_was_said_of_a_parent_holds_again_when_it_is_named_again():
    """A parent that was named wrongly for a while takes nothing away."""
    said = [HELD, {"parent_project_id": "P"}, {"parent_project_id": "Q"}]
    merged = merge_statements(
        [Said("records", f"2024-0{month}-01", record) for month, record in enumerate(said, start=1)]
    )
    assert (merged["included_in_parent"], merged["parent_evidence"]) == ("yes", "its report")


SHARED = {"countries": ["JOR", "LBN"], "located": [("JOR", 300_000), ("LBN", 700_000)]}
NAMED = {"countries": ["jor", "lbn"], "located": [("MEA", 1_000_000), ("JOR", None), ("LBN", None)]}
LABEL = {"place": "Jordan", "located": [("JOR", 1_000_000)]}
OF_SEVERAL = {"place": "World", "regional": True, "located": [("WLD", 1_000_000)]}
OTHERS = {"countries": ["JOR", "IRQ"], "located": [("MEA", 1_000_000), ("JOR", None), ("IRQ", None)]}


@pytest.mark.parametrize(
    ("first", "origin", "second", "stands"),
    [
        (SHARED, "worldbank-export", LABEL, True),
        (SHARED, "worldbank-api", OF_SEVERAL, True),
        (SHARED, "records", NAMED, True),  # the same countries, and nothing on shares
        (SHARED, "bundle", NAMED, True),
        (SHARED, "records", NAMED | {"regional": True}, False),
        (SHARED, "records", LABEL, False),
        (SHARED, "bundle", OTHERS, False),
        (NAMED, "worldbank-export", LABEL, True),
        (NAMED, "worldbank-api", OF_SEVERAL, True),
        (NAMED, "records", LABEL, False),
        (NAMED, "bundle", OTHERS, False),
        (NAMED, "bundle", SHARED, False),
        (NAMED | {"regional": True}, "worldbank-export", LABEL, True),
        (NAMED | {"regional": True}, "bundle", LABEL | {"regional": False}, False),
        (NAMED | {"regional": True}, "bundle", SHARED, False),
        (SHARED, "bundle", OF_SEVERAL, False),  # a person says so
        (NAMED, "bundle", OF_SEVERAL, False),
    ],
)
def test_what_says_less_of_where_money_is_counted_overrules_nothing(first, origin, second, stands):
    merged = merge_statements([Said("records", "2024-01-01", first), Said(origin, "2024-06-01", second)])
    located = (first if stands else second)["located"]
    assert merged["located"] == located
    if located == SHARED["located"]:
        assert merged["regional"] is False


def test_shares_of_those_who_publish_again_what_others_say_only_fill_gaps():
    label = Said("worldbank-export", "2024-01-01", LABEL)
    assert merge_statements([Said("iati", "2024-06-01", SHARED), label])["located"] == LABEL["located"]
