"""Every pattern of a rule can be reached: whatever it fits holds one of the rule's stems, without which it is not looked for."""

import random
import re
from re import _constants as op  # the standard library has no public way to read a pattern
from re import _parser as parser

import pytest

from models.classification import load_rules
from models.classification.rules import expand

RULES = load_rules()
WRITINGS = 300


def write(nodes, pick):
    """A text in the form of a parsed pattern; what stands around it is left out of account."""
    return "".join(_write_node(kind, value, pick) for kind, value in nodes)


def _write_node(kind, value, pick):
    if kind in (op.ASSERT, op.ASSERT_NOT, op.AT):
        return ""
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.NOT_LITERAL:
        return "x"
    if kind is op.IN:
        return _write_letter(value, pick)
    if kind is op.BRANCH:
        return write(pick.choice(value[1]), pick)
    if kind is op.SUBPATTERN:
        return write(value[-1], pick)
    assert kind in (op.MAX_REPEAT, op.MIN_REPEAT), f"no way to write {kind}"
    least, most, inner = value
    times = pick.randint(least, min(most, least + 2))
    return "".join(write(inner, pick) for _ in range(times))


def _write_letter(members, pick):
    if members[0][0] is op.NEGATE:
        return "x"
    return pick.choice([chr(value if kind is op.LITERAL else value[0]) for kind, value in members])


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_what_a_pattern_fits_holds_a_stem(rule):
    pick = random.Random(rule.id)
    for pattern in rule.patterns:
        written = expand(pattern, RULES.macros)
        compiled, tree = re.compile(written), parser.parse(written)
        for _ in range(WRITINGS):
            found = compiled.search(write(tree, pick))
            if found:
                words = found.group()
                assert not RULES.stems.found_in(words).isdisjoint(rule.stems), (
                    f"{words!r} is never looked for: add a stem"
                )
