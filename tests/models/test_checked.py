"""A mistake in a file of rules is told by file, entry and field."""

from pathlib import Path

import pytest

import models.classification
from models.checked import read_checked
from models.classification.rules import RuleSet
from models.classification.taxonomy import Taxonomy

FOLDER = Path(models.classification.__file__).parent


REFUGE = 'id = "trap.refuge"\n'
CODE = 'code = "remittances"\n'
GROUP = 'group = "economic_migration"'


@pytest.mark.parametrize(
    ("name", "kind", "before", "after", "message"),
    [
        ("rules.toml", RuleSet, REFUGE, f"{REFUGE}stem = []\n", "rules: trap.refuge: stem: Extra"),
        ("rules.toml", RuleSet, f"{REFUGE}note", f"{REFUGE}not", "rules: trap.refuge: note: Field required"),
        ("rules.toml", RuleSet, REFUGE, "", "rules: [0-9]+: id: Field required"),
        ("rules.toml", RuleSet, REFUGE, 'id = "trap.idp_plans"\n', ": rule ids must be unique: trap.idp"),
        ("rules.toml", RuleSet, "[settings]", "[settings", " is not TOML: .*line"),
        ("taxonomy.toml", Taxonomy, CODE, f"{CODE}groups = 1\n", "categories: remittances: groups: Extra"),
        ("taxonomy.toml", Taxonomy, GROUP, 'group = "nobody"', ": categories of an unknown group: "),
    ],
)
def test_a_mistake_is_told_by_file_entry_and_field(tmp_path, name, kind, before, after, message):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / name
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as told:
        read_checked(kind, path)
    assert str(told.value).startswith(name)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("name", "kind"), [("rules.toml", RuleSet), ("taxonomy.toml", Taxonomy)])
def test_a_file_without_mistakes_is_read(name, kind):
    assert read_checked(kind, FOLDER / name).version
