"""Every rule can fire: its words stand in a text where one of its stems does, and are not all taken by rules before it."""

from pathlib import Path

import pytest

from models import classification
from models.classification import ClassifierInput, load_rules
from models.classification.matching import Document, find_matches
from models.classification.rules import in_one_line
from models.classification.verdict import field_text
from tests.models.test_classifier import of_row, read_samples

FIELDS = ("name", "objective", "component_title", "component_description")
LINE = 120
"""Letters in a line of rules."""

RULES = load_rules()
BY_ID = {rule.id: rule for rule in RULES.rules}

SAID = {
    "trap.wildlife_routes": "Refugees settle beside the migratory routes of elephants.",
    "trap.computing_named": "Migration data and a core banking system.",
    "trap.guidance": "It takes guidance from a policy note which pays special attention to refugees.",
    "trap.idp_plans": "Municipalities prepare IDPs.",
    "remittances.of_workers": "To reduce the cost of remittances sent by migrant workers.",
    "trap.acknowledged": "It acknowledges the needs of refugees.",
    "trap.cause_of_demand": "To build schools, needed because of the return of refugees.",
    "trap.refuge": "To protect a wildlife refuge near camps of refugees.",
    "hosts.cohesion": "Social cohesion between refugees and host communities.",
    "refugees.policy": "To reform refugee administration.",
    "refugees.displaced_abroad": "Schools for displaced Iraqis in Jordan.",
    "refugees.syria_crisis": "To mitigate the impact of the Syria crisis.",
    "refugees.window": "It is paid by the IDA18 RSW.",
    "refugees.borderland": "To serve displaced people and border communities.",
    "governance.displacement_bodies": "A regional secretariat on forced displacement and mixed migration.",
    "refugees.rohingya_short": "To serve DRPs in Cox's Bazar.",
    "refugees.displacement_response": "A regional dialogue on forced displacement.",
    "refugees.displacement_impacts": "To respond to displacement impacts.",
    "refugees.displaced_in_host_country": "To serve displaced people in Lebanon.",
    "displaced.with_hosts": "To serve internally displaced people and their host communities.",
    "displaced.short_french": "Aide aux PDI retournées.",
    "migrants.served": "Loans for migrants.",
    "displaced.relocated": "Relocation of flood victims.",
    "hosts.families": "Cash for host families in conflict-affected towns.",
    "displaced.topic": "To end forced displacement.",
    "skills.labour_migrants": "Aspiring migrants have their skills certified.",
    "mobility.labour_mobility": "Skills and labour mobility in the Pacific.",
    "remittances.statistics": "To improve statistics on international migration and remittances.",
}
"""A text for each rule that fires in none of the samples of classifications."""


def fired(text):
    document = Document.of({name: field_text(text, name) for name in FIELDS}, text.countries, RULES)
    return {match.rule.id for match in find_matches(document, RULES, FIELDS)}


CUES = (*RULES.cues_before, *RULES.cues_after, *RULES.component_cues)


@pytest.mark.parametrize("item", [*RULES.rules, *RULES.functions, *CUES], ids=lambda item: item.id)
def test_every_pattern_can_be_compiled(item):
    said = item.model_dump(include={"patterns", "requires", "unless"})
    for patterns in filter(None, said.values()):
        assert RULES.compiled(tuple(patterns)).search("") is None  # and none fits where nothing is said


@pytest.fixture(scope="module")
def of_samples():
    return set().union(*(fired(of_row(row)) for row in read_samples()))


@pytest.mark.parametrize("rule", BY_ID)
def test_every_rule_fires_in_a_text(rule, of_samples):
    found = fired(ClassifierInput(objective=SAID[rule])) if rule in SAID else of_samples
    assert rule in found, "no sample fires it: mend its stems, or give it a text in SAID"


def test_texts_are_given_for_rules_that_there_are():
    assert SAID.keys() <= BY_ID.keys()


def test_a_pattern_over_several_lines_is_one():
    written = """
        work_in_(?:  # a place
            france|(?<!new )zealand
            |the_uk
        )
    """
    assert in_one_line(written) == r"work_in_(?:france|(?<!new )zealand|the_uk)"
    assert in_one_line(" as it is # said ") == " as it is # said "


def test_no_pattern_needs_a_screen_of_its_own():
    lines = (Path(classification.__file__).parent / "rules.toml").read_text(encoding="utf-8").splitlines()
    long = [line for line in lines if len(line) > LINE and not line.startswith(("#", "note = "))]
    assert not long, f"write over several lines: {long}"
