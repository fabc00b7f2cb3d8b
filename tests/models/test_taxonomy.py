"""The taxonomy holds together and keeps the meanings that published figures rest on."""

import pytest
from pydantic import ValidationError

from models.classification import Category, CategorySet, Group, Taxonomy, load_taxonomy

MAPPINGS = {"oecd_purpose_code", "sdg_target", "gcm_objective", "world_bank_theme"}
GROUP = {"code": "people", "label": "People", "definition": "Somebody."}
CATEGORY = {"code": "workers", "group": "people", "label": "Workers", "definition": "They work."}
SET = {"code": "all_people", "label": "All", "definition": "Everybody.", "categories": ("workers",)}


def build(**changes):
    parts = {"version": "1.0.0", "groups": [GROUP], "categories": [CATEGORY], "sets": [SET]}
    return Taxonomy.model_validate(parts | changes)


def test_groups_and_their_categories():
    taxonomy = load_taxonomy()
    assert [group.code for group in taxonomy.groups] == [
        "forced_displacement",
        "economic_migration",
        "other_migration",
        "none",
    ]
    assert taxonomy.group_of("remittances") == "economic_migration"


def test_sets_of_the_brief():
    taxonomy = load_taxonomy()
    assert taxonomy.categories_of_set("brief_worker_mobility") == ("worker_mobility", "mobility_skills")
    refugees = {code for code in taxonomy.by_code if code.startswith("refugee_")}
    assert set(taxonomy.categories_of_set("brief_refugee_response")) == refugees | {"host_communities"}
    assert taxonomy.categories_of_set("brief_economic_migration") == (
        "worker_mobility",
        "mobility_skills",
        "worker_welfare",
        "remittances",
        "diaspora",
        "worker_return",
    )


def test_in_donor_costs_stand_in_no_set():
    for item in load_taxonomy().sets:
        assert "in_donor_refugee_costs" not in item.categories
        assert "internal_displacement" not in item.categories


@pytest.mark.parametrize("category", load_taxonomy().categories, ids=lambda category: category.code)
def test_each_category_is_described(category):
    assert category.definition.count(".") == 2
    assert category.includes
    assert set(category.mappings) <= MAPPINGS
    for sentence in category.excludes:
        target = sentence.rsplit(": ", 1)[-1]
        assert target in load_taxonomy().by_code or target.startswith("the refugee categor"), sentence


def test_in_donor_codes_are_mapped():
    codes = load_taxonomy().by_code["in_donor_refugee_costs"].mappings["oecd_purpose_code"]
    assert codes == ("93010", *(str(code) for code in range(93011, 93019)))


def test_cached_and_frozen():
    taxonomy = load_taxonomy()
    assert load_taxonomy() is taxonomy
    with pytest.raises(ValidationError):
        taxonomy.version = "2.0.0"


def test_small_taxonomy_of_parts():
    taxonomy = build()
    assert taxonomy.groups == (Group(**GROUP),)
    assert taxonomy.by_code == {"workers": Category(**CATEGORY)}
    assert taxonomy.sets == (CategorySet(**SET),)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"categories": [CATEGORY, CATEGORY]}, "unique"),
        ({"categories": [CATEGORY | {"code": "people"}], "sets": []}, "unique"),
        ({"categories": [CATEGORY | {"group": "nobody"}]}, "unknown group"),
        ({"sets": [SET | {"categories": ("nobody",)}]}, "unknown categories"),
        ({"version": "one"}, "version"),
        ({"categories": [CATEGORY | {"code": "Workers!"}], "sets": []}, "pattern"),
    ],
)
def test_faults_are_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        build(**changes)


def test_unknown_codes_are_errors():
    taxonomy = load_taxonomy()
    with pytest.raises(KeyError):
        taxonomy.group_of("nothing")
    with pytest.raises(KeyError):
        taxonomy.categories_of_set("nothing")
