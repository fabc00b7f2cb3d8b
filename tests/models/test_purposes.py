"""What purpose codes say of a project's money: shares, evidence, and what they leave to the words."""

import pytest

from models.classification import ClassifierInput, classify, field_text, load_rules, load_taxonomy
from models.money import PPM
from models.verdict import from_rules, split_shares


def project(*codes, name="Synthetic roads", objective=""):
    return classify(ClassifierInput(name=name, objective=objective, purpose_codes=codes))


def shares(verdict):
    return [(s.category, s.share_ppm // 10_000, s.relevance) for s in verdict.shares]


WHOLE = [("remittances", 100, "direct")]
REFUGEES = {"name": "Schools for refugees"}
PARTLY = {"objective": "To build roads, including for refugees."}


@pytest.mark.parametrize(
    ("codes", "text", "expected"),
    [
        (["24050:30", "15110:70"], {}, [("remittances", 30, "direct"), ("not_migration", 70, "none")]),
        (["24050:30"], {}, [("remittances", 30, "direct"), ("not_migration", 70, "none")]),
        (["24050"], {}, WHOLE),
        (["24050:100"], {}, WHOLE),
        (["24050:0", "15110:100"], {}, []),
        (["24050:30", "11220:70"], REFUGEES, [("remittances", 30, "direct"), ("refugee_education", 70, "direct")]),
        (["24050:30", "21020:70"], PARTLY, [("remittances", 30, "direct"), ("refugee_services", 70, "partial")]),
        (["15190:40", "21020:60"], {"name": "Diaspora fund"}, [("diaspora", 100, "direct")]),
        (
            ["24050:30", "24030:70"],
            {"objective": "To deepen finance, including remittances."},
            [("remittances", 30, "direct"), ("not_migration", 70, "none")],
        ),
        (
            ["93010:60", "91010:40"],
            {"name": "Refugees"},
            [("in_donor_refugee_costs", 60, "direct"), ("not_migration", 40, "none")],
        ),
        (
            ["93010:60", "72010:40"],
            {"name": "Refugees"},
            [("in_donor_refugee_costs", 60, "direct"), ("refugee_general", 40, "direct")],
        ),
        (["93010:60", "93018:40"], {"name": "Refugees"}, []),
    ],
)
def test_stated_shares_decide_over_their_money(codes, text, expected):
    assert shares(project(*codes, **text)) == expected


def test_codes_for_refugees_in_donor_countries_decide_alone():
    for code in load_taxonomy().by_code["in_donor_refugee_costs"].mappings["oecd_purpose_code"]:
        verdict = project(code, **REFUGEES)
        assert (verdict.category, verdict.relevance) == ("in_donor_refugee_costs", "direct")
    assert project("93010:60", "93018:40").category == "in_donor_refugee_costs"


def test_an_open_code_takes_its_category_from_the_words():
    silent = project("15190")
    assert (silent.category, silent.relevance) == ("migration_governance", "direct")
    assert silent.confidence < 0.7
    assert project("15190", name="Recruitment of workers for jobs abroad").category == "worker_mobility"
    assert shares(project("15190:100", **REFUGEES)) == [("refugee_education", 100, "direct")]


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Education for Rohingya refugees in Cox's Bazar", "refugee_education"),
        ("Livelihoods for IDPs", "internal_displacement"),
        ("Return and reintegration of refugees", "displaced_return"),
        ("Lower remittance costs", "remittances"),
        ("Roads", "migration_governance"),
    ],
)
def test_an_open_code_takes_any_category_of_the_words(name, category):
    verdict = project("15190", name=name)
    assert (verdict.category, verdict.relevance) == (category, "direct")


def test_words_on_refugees_in_donor_countries_leave_an_open_code_its_own_category():
    assert shares(project("93010:60", "15190:40", name="Refugees")) == [
        ("in_donor_refugee_costs", 60, "direct"),
        ("migration_governance", 40, "direct"),
    ]


@pytest.mark.parametrize("code", ["72010", "72012", "72040", "13096"])
def test_a_code_that_holds_much_else_only_shows(code):
    silent, told = project(code), project(code, **REFUGEES)
    assert (silent.category, silent.relevance, silent.shares) == ("not_migration", "none", ())
    assert "seen, decides nothing" in silent.evidence[-1].effect
    assert (told.category, told.confidence) == ("refugee_education", project(**REFUGEES).confidence)


def test_without_shares_a_code_helps_only_where_words_are_silent():
    silent = project("24050", "15110")
    assert (silent.category, silent.relevance, silent.shares) == ("remittances", "partial", ())
    assert project("24050", "15110", **REFUGEES).category == "refugee_education"


def test_the_reason_names_code_name_vocabulary_and_share():
    text = ClassifierInput(name="Synthetic roads", purpose_codes=("15110:70", "24050:30"))
    item = classify(text).evidence[0]
    assert item.effect.startswith(
        "supports remittances: 24050 Remittance facilitation, promotion and optimisation "
        "(vocabulary 1, OECD DAC purpose codes), 30 % of the money"
    )
    assert field_text(text, item.field)[item.start : item.end] == item.words == "24050:30"


def test_money_is_split_by_the_shares_to_the_cent():
    decision = from_rules(project("24050:33.3333", "15110:66.6667"))
    assert [(s.category, low, partial) for s, low, partial in split_shares(10_000, decision)] == [
        ("remittances", 3333, 0),
        ("not_migration", 6667, 0),
    ]
    partly = from_rules(project("24050:30", "21020:70", **PARTLY))
    assert [(low, partial) for _, low, partial in split_shares(100, partly)] == [(30, 0), (0, 70)]


def test_shares_are_whole_and_name_each_category_once():
    for code in load_rules().by_purpose:
        for text in ({}, REFUGEES, PARTLY, {"name": "Diaspora fund"}):
            found = project(f"{code}:12.3456", "21020:80", **text).shares
            assert sum(s.share_ppm for s in found) in (0, PPM)
            assert len({s.category for s in found}) == len(found)


def test_every_code_with_a_rule_is_one_that_the_taxonomy_maps():
    mapped = {code for c in load_taxonomy().categories for code in c.mappings.get("oecd_purpose_code", ())}
    assert set(load_rules().by_purpose) - mapped == {"930"}
    for rule in load_rules().purpose_rules:
        for code in rule.codes if rule.category else ():
            assert code == "930" or code in load_taxonomy().by_code[rule.category].mappings["oecd_purpose_code"]
