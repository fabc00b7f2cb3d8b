"""Work in a project's own country is work at home; in another one it is work abroad."""

import random
import re
from re import _parser as parser

import pytest

from models.classification import ClassifierInput, classify, load_rules
from models.classification.rules import expand
from tests.models.test_reach import write

RULES = load_rules()
PLACES = {"destination", "destinationfrench", "destinationspanish", "gulf"}
"""Macros that name places where people go to work."""

TEXTS = [
    ("Jobs in Germany for nurses", "DEU", "KEN"),
    ("Employment in Malaysia", "MYS", "IDN"),
    ("Training of youth for jobs in Malaysia", "MYS", "NPL"),
    ("Training for jobs in the Russian Federation", "RUS", "TJK"),
    ("Seasonal employment schemes in Korea", "KOR", "NPL"),
    ("Employment opportunities in the European Union", "POL", "UKR"),
    ("Protection of workers in Oman", "OMN", "NPL"),
    ("Recruitment of nurses to Saudi Arabia", "SAU", "IND"),
    ("Training of rural migrants for jobs in the Gulf", "QAT", "IND"),
    ("Emploi en France pour les jeunes", "FRA", "TUN"),
    ("Empleo en España", "ESP", "HND"),
]


def counted(text, *countries, field="name"):
    return classify(ClassifierInput(**{field: text}, countries=countries)).category != "not_migration"


@pytest.mark.parametrize("field", ["name", "objective"])
@pytest.mark.parametrize(("text", "home", "elsewhere"), TEXTS)
def test_work_in_the_own_country_is_not_abroad(text, home, elsewhere, field):
    assert not counted(text, home, field=field)
    assert counted(text, elsewhere, field=field)
    assert counted(text, home, elsewhere, field=field)  # to one of its countries the place is abroad
    assert counted(text, field=field)


def test_the_own_country_is_not_abroad_to_a_component_either():
    project = {"name": "Jobs", "component_title": "Placement of graduates in jobs in Malaysia"}
    found = [classify(ClassifierInput(**project, countries=(code,))).category for code in ("MYS", "IDN")]
    assert found == ["not_migration", "worker_mobility"]


def test_people_go_abroad_from_the_own_country():
    text = "Placement of workers from Malaysia in jobs in Germany"
    evidence = classify(ClassifierInput(objective=text, countries=("MYS",))).evidence
    assert evidence[0].words == text


@pytest.mark.parametrize("macro", sorted(PLACES))
def test_every_destination_is_home_to_somebody(macro):
    pattern = expand(f"<{macro}>", RULES.macros)
    tree, pick = parser.parse(pattern), random.Random(1)
    places = {text for text in (write(tree, pick) for _ in range(2000)) if re.search(pattern, text)}
    codes = {code for home in RULES.homes for code in home.countries}
    homes = [names for code in sorted(codes) for names in RULES.home_of([code])]
    nobodys = sorted(place for place in places if not any(names.search(place) for names in homes))
    assert places
    assert not nobodys, "add them to `homes`"


def reached(patterns):
    """Names of the macros that patterns use, and of those in these."""
    names = {name for pattern in patterns for name in re.findall("<([a-z]+)>", pattern)}
    return names | reached(RULES.macros[name] for name in names) if names else names


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_rules_that_name_destinations_know_the_own_country(rule):
    places = reached((*rule.patterns, *rule.requires, *rule.unless)) & PLACES
    assert rule.abroad == bool(places), "`abroad` is set where a place may be home to the project"
