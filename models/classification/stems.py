"""Finds which of many stems stand anywhere in a text, in one pass over it instead of one for each stem."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

Tree = dict[str, Any]
"""Letters that may follow; where the empty one is among them, a stem may end."""

GAP = r"[ \-/]{1,8}"
"""What may part two words."""
_PARTED = re.compile(r"[ \-/]+")

TEXTS_KEPT = 200
"""Texts whose stems are remembered: those of a project come again with each of its components."""


class StemFinder:
    """Finds stems, at the borders of words or inside them.

    At each place of a text it sees the longest one that begins there, and knows which others that one begins with. The words
    of a stem may be parted by any gap: "affected by" is found in "affected-by".
    """

    def __init__(self, stems: Iterable[str]) -> None:
        plain = {stem: _plain(stem) for stem in stems}
        forms = frozenset(plain.values())
        self._pattern = re.compile(f"(?=({_written(_tree(forms))}))")
        self._beginning = {form: {stem for stem in plain if form.startswith(plain[stem])} for form in forms}
        self.found_in = lru_cache(TEXTS_KEPT)(self._found_in)

    def _found_in(self, text: str) -> frozenset[str]:
        """The stems that a text holds."""
        forms = {_plain(words) for words in set(self._pattern.findall(text))}
        return frozenset().union(*(self._beginning[form] for form in forms))


def _plain(words: str) -> str:
    return _PARTED.sub(" ", words)


def _tree(stems: Iterable[str]) -> Tree:
    root: Tree = {}
    for stem in stems:
        branch = root
        for letter in (*stem, ""):
            branch = branch.setdefault(letter, {})
    return root


def _written(tree: Tree) -> str:
    """A tree as a regular expression that takes the longest stem: further letters are tried before the end."""
    ways = [
        (GAP if letter == " " else re.escape(letter)) + _written(branch)
        for letter, branch in sorted(tree.items())
        if letter
    ]
    if not ways:
        return ""
    return f"(?:{'|'.join(ways)})" + ("?" if "" in tree else "")
