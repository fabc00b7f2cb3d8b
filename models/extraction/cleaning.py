"""Text taken out of PDF files, made even: one blank between words, plain quotes and dashes, no page furniture."""

import re
import unicodedata
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[int, int]

_QUOTES = dict.fromkeys("‘’‚‛`´ʼ′", "'") | dict.fromkeys("“”„‟«»″", '"')
_DASHES = dict.fromkeys("‐‑‒–—―−﹘﹣-", "-")
_CANONICAL = str.maketrans(_QUOTES | _DASHES | {"（": "(", "）": ")", "＄": "$", "：": ":"})
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_TOKENS = re.compile(rf"[^\s\x00-\x1f\x7f{_INVISIBLE}]+")
_INVISIBLE_ONLY = re.compile(rf"[{_INVISIBLE}]*\Z")


@dataclass(frozen=True, slots=True)
class CleanText:
    """A text made even, with the way back: character `i` of `text` stood at `offsets[i]` of what was read.

    `folded` is as long as `text`, in lower case and without accents, for matching.
    """

    text: str
    folded: str
    offsets: "array[int]"

    def source_span(self, start: int, end: int) -> Span:
        """Place of text[start:end], which must not be empty, in what was read."""
        return self.offsets[start], self.offsets[end - 1] + 1


def spaced(word: str) -> str:
    """Write a pattern for a word that a line break may have cut anywhere: 'cost' also fits 'co st' and 'co- st'."""
    return "(?:-? )?".join(re.escape(letter) for letter in word)


def fold_evenly(text: str) -> str:
    """Lower the case and drop accents, keeping the length."""
    if text.isascii():
        return text.lower()
    return "".join(map(_fold_char, text))


def _fold_char(char: str) -> str:
    folded = unicodedata.normalize("NFKD", char)[:1].lower()
    return folded if len(folded) == 1 else char


def clean(text: str) -> CleanText:
    """Make a text even; runs in time linear in its length."""
    pieces: list[str] = []
    offsets = array("q")
    end = 0
    for token in _TOKENS.finditer(text):
        start = token.start()
        if pieces and not _INVISIBLE_ONLY.match(text[end:start]):
            pieces.append(" ")
            offsets.append(end)
        end = token.end()
        word = token.group()
        if word.isascii():
            pieces.append(word)
            offsets.extend(range(start, end))
        else:
            _add_composed(word, start, pieces, offsets)
    even = "".join(pieces).translate(_CANONICAL)
    return CleanText(even, fold_evenly(even), offsets)


def _add_composed(word: str, start: int, pieces: list[str], offsets: "array[int]") -> None:
    """Add a word with accents, its letters composed and its ligatures written out."""
    cluster = ""
    begin = start
    for index, char in enumerate(word, start):
        if cluster and not unicodedata.combining(char):
            _add_cluster(cluster, begin, pieces, offsets)
            cluster = ""
        if not cluster:
            begin = index
        cluster += char
        if len(cluster) > 8:  # a heap of accents on one letter is noise, and composing it would take long
            cluster = cluster[:8]
    _add_cluster(cluster, begin, pieces, offsets)


def _add_cluster(cluster: str, begin: int, pieces: list[str], offsets: "array[int]") -> None:
    ligature = "\ufb00" <= cluster[0] <= "\ufb06"
    composed = unicodedata.normalize("NFKC" if ligature else "NFC", cluster)
    pieces.append(composed)
    offsets.extend([begin] * len(composed))


def cut(even: CleanText, spans: Iterable[Span]) -> CleanText:
    """Take stretches out of a text, leaving one blank for each."""
    pieces: list[str] = []
    offsets = array("q")
    position = 0
    for start, end in sorted(spans):
        if end <= position:
            continue
        start = max(start, position)
        pieces.append(even.text[position:start])
        offsets.extend(even.offsets[position:start])
        if start:
            pieces.append(" ")
            offsets.append(even.offsets[start])
        position = end
    pieces.append(even.text[position:])
    offsets.extend(even.offsets[position:])
    return _single_blanks("".join(pieces), offsets)


def _single_blanks(text: str, offsets: "array[int]") -> CleanText:
    pieces: list[str] = []
    kept = array("q")
    position = 0
    for run in re.finditer(r"^ +| {2,}", text):
        keep = run.start() + (1 if run.start() else 0)
        pieces.append(text[position:keep])
        kept.extend(offsets[position:keep])
        position = run.end()
    pieces.append(text[position:])
    kept.extend(offsets[position:])
    even = "".join(pieces)
    return CleanText(even, fold_evenly(even), kept)
