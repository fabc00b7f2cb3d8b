"""What is counted is named in the singular or the plural."""

import pytest

from models.words import counted


@pytest.mark.parametrize(
    ("number", "nouns", "said"),
    [
        (0, ("record",), "0 records"),
        (1, ("record",), "1 record"),
        (1200, ("record",), "1,200 records"),
        (1, ("row moves", "rows move"), "1 row moves"),
        (2, ("row moves", "rows move"), "2 rows move"),
    ],
)
def test_one_is_singular(number, nouns, said):
    assert counted(number, *nouns) == said
