"""Finding stems in one pass gives what looking for each of them in the text gives."""

import re

from hypothesis import given
from hypothesis import strategies as st

from models.classification import load_rules
from models.classification.matching import BORDER
from models.classification.stems import StemFinder

ALPHABET = st.text("abe- /|.", max_size=6)
RULES = load_rules()
STEMS = sorted({stem for rule in RULES.rules for stem in rule.stems})
pieces = st.sampled_from([*STEMS, " ", " ", "  ", "-", " | ", "x", "the", *(stem[:-1] for stem in STEMS)])


def stands_in(stem, text):
    """Looks for one stem alone: what parts its words may be one to eight blanks, hyphens or slashes."""
    words = re.split(r"[ \-/]+", stem)
    return re.search(r"[ \-/]{1,8}".join(map(re.escape, words)), text) is not None


@given(stems=st.lists(ALPHABET.filter(bool), min_size=1), text=st.text("abe- /|.", max_size=40))
def test_every_stem_that_stands_in_a_text_is_found_and_no_other(stems, text):
    assert StemFinder(stems).found_in(text) == {stem for stem in stems if stands_in(stem, text)}


@given(text=st.lists(pieces, max_size=12).map("".join))
def test_the_stems_of_the_rules_are_found_in_texts_made_of_them(text):
    assert RULES.stems.found_in(text) == {stem for stem in STEMS if stands_in(stem, text)}


@given(fields=st.lists(st.lists(pieces, max_size=6).map("".join), max_size=4))
def test_the_stems_of_all_fields_are_those_of_each(fields):
    whole = f" {BORDER} ".join(fields)
    found = [RULES.stems.found_in(piece) for piece in whole.split(BORDER)]
    assert set().union(*found) == {stem for stem in STEMS if stands_in(stem, whole)}
