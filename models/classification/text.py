"""Folding of text for matching, with the way back to the original characters."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_LIGATURES = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i"}
_QUOTES = dict.fromkeys("‘’‚‛`´ʼ", "'") | dict.fromkeys("“”„‟«»", '"')
FOLDED_KEPT = 200
"""Texts of a project come again with each of its components."""
_INVISIBLE = re.compile(r"<[^<>]{0,200}>|&#?[a-z0-9]{1,8};")


class _FoldTable(dict[str, str]):
    """Folds one character; every answer is remembered, the code points are finite."""

    def __missing__(self, char: str) -> str:
        folded = _fold_char(char)
        self[char] = folded
        return folded


def _fold_char(char: str) -> str:
    lowered = char.lower()
    if lowered in _LIGATURES:
        return _LIGATURES[lowered]
    if char in _QUOTES:
        return _QUOTES[char]
    category = unicodedata.category(char)
    if category == "Pd" or char == "−":
        return "-"
    if category in {"Zs", "Zl", "Zp", "Cc"}:
        return " "
    if category in {"Mn", "Cf"}:  # accents written apart, soft hyphens, zero-width marks
        return ""
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(part for part in decomposed if unicodedata.category(part) != "Mn").lower()


_TABLE = _FoldTable()
_ASCII_BLANKS = str.maketrans({code: " " for code in [*range(32), 127]} | {"`": "'"})


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A text in lower case without accents; `offsets` is None where each character kept its place."""

    original: str
    folded: str
    offsets: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Place in the original text of folded[start:end], which must not be empty."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


@lru_cache(FOLDED_KEPT)
def fold(text: str) -> FoldedText:
    """Fold a text; markup such as <br> and &nbsp; becomes blanks."""
    if text.isascii():
        folded, offsets = text.lower().translate(_ASCII_BLANKS), None
    else:
        pieces = [_TABLE[char] for char in text]
        folded = "".join(pieces)
        offsets = None
        if set(map(len, pieces)) != {1}:
            offsets = tuple(index for index, piece in enumerate(pieces) for _ in piece)
    if "<" in folded or "&" in folded:
        folded = _INVISIBLE.sub(lambda found: " " * len(found.group()), folded)
    return FoldedText(text, folded, offsets)
