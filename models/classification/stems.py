"""Finds which of many stems stand anywhere in a text, without looking for each of them in it."""

from collections.abc import Iterable
from functools import lru_cache

WORDS_KEPT = 20_000
"""Words whose stems are remembered: texts of one field share most of their words."""


class StemFinder:
    """Finds stems, at the borders of words or inside them. A stem may also reach over blanks: `flee `, `workers in`."""

    def __init__(self, stems: Iterable[str]) -> None:
        every = frozenset(stems)
        self._reaching = frozenset(stem for stem in every if " " in stem)
        self._single = every - self._reaching
        self._of_word = lru_cache(WORDS_KEPT)(self._find_in_word)

    def found_in(self, text: str) -> set[str]:
        """The stems that a text holds."""
        found: set[str] = set().union(*map(self._of_word, set(text.split(" "))))
        return {stem for stem in found if stem in self._single or stem in text}

    def _find_in_word(self, word: str) -> frozenset[str]:
        """The stems in a word, and those that reach on from its end if the words after it go along."""
        inside = {stem for stem in self._single if stem in word}
        return frozenset(inside | {stem for stem in self._reaching if word.endswith(stem.partition(" ")[0])})
