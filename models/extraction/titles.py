"""Titles of components: where they end, and what around them does not belong to them."""

import re
import unicodedata

from models.extraction.cleaning import spaced

LONGEST_TITLE = 260

_LABEL_WORD = rf"{spaced('compo')}(?:-? )?(?:{spaced('nent')}(?: ?e)?|{spaced('sante')})"
_NUMBERING = r"(?:\d{1,2}|[ivx]{1,4}|[a-h]|one|two|three|four|five|six)"
LABEL = re.compile(
    rf"(?P<sub>\b(?:s ?u ?b|s ?o ?u ?s) ?-? ?)?(?<![a-z]){_LABEL_WORD} ?(?:no?\.? ?|n° ?|# ?)?"
    rf"(?P<num>{_NUMBERING})(?![a-z0-9])"
    r"(?P<inner>\.\d|-\d|,\d| ?\([a-z]\)| ?[a-h](?=[).: ]))?"
    rf"|(?P<sub2>\b(?:s ?u ?b|s ?o ?u ?s) ?-? ?){_LABEL_WORD}s? ?(?:no?\.? ?)?[a-z0-9.()]{{0,6}}"
)
SEPARATOR = re.compile(r" ?(?P<mark>[:.)/\-]{0,3}) ?")

_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
_LEADING = re.compile(
    rf"\s*(?:(?:component )?names?\b ?:?|{_LABEL_WORD} ?(?:no?\.? ?)?{_NUMBERING}\b ?[:.)/\-]*"
    rf"|c ?\d{{1,2}} ?[:.)\-]+|comp ?\. ?(?:\d{{1,2}}|[a-h]\b) ?[:.)\-]*"
    r"|\(?\d{1,2}[.)](?!\d)|\(\d{1,2}\)|[-:;,.•*·▪)\]])\s*"
)
_TRAILING = re.compile(
    r"(?:\s*[-:;,.(\[/|]|\s*\(?\b(?:(?:total|estimated|planned|indicative|approximate) )?(?:cost|costs|cout|costo"
    r"|(?:provisional|preliminary) (?:estimate|assessment)"
    r"|custo|amount)"
    r"(?: of| is)?|\s*\b(?:us|usd|total|estimated|approximately|about)|\s+(?:for|of|at|a|de|por)|\s*\(tb[cd]\)?"
    r"|\s*[-:;,.] ?(?:the|with))\s*\Z"
)
_EMPTY_AMOUNT = re.compile(r"\s*[(\[]\s*(?:US ?\$|USD|\$)[^()\[\]\d]{0,20}[)\]]?\s*\Z")
_SENTENCE = re.compile(r"[a-z]{3,}[.;?!] [A-Z][a-z]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_NO_TITLE = re.compile(
    r"(?:(?:component|composante|componente)s?\Z"
    r"|sub-?total|grand total|total\b|base ?line costs?|contingenc(?:y|ies)\b(?! (?:emergency|component))"
    r"|(?:physical|price) contingenc"
    r"|front.?end fee|commitment charge|interest during|refinancing of (?:the )?(?:project )?prepar"
    r"|(?:will|would|is|are|was|were|has|have|had|and|or|of|to|in|on|under|by|with|which|that|this|these|it|also|however)\b"
    r"|the (?:actual|cost|total|project|loan|credit|grant|amount|bank|government|component|ministry)\b)"
)
_LEADERS = re.compile(r"\.{4,}|…{2,}|(?: \.){4,}")


def ordinal_of(number: str) -> int:
    """Turn '3', 'iv' or 'c' into a number; a roman numeral wins over the letter."""
    if number.isdigit():
        return int(number)
    return _WORDS.get(number) or _ROMAN.get(number) or ord(number[0]) - ord("a") + 1


def tidy(title: str) -> str:
    """Strip numbering, marks and words about money from both ends of a title."""
    title = unicodedata.normalize("NFC", title.strip())
    for _ in range(4):
        match = _LEADING.match(_fold(title))
        if not match or not match.end():
            break
        title = title[match.end() :]
    for _ in range(6):
        title = _EMPTY_AMOUNT.sub("", title)
        match = _TRAILING.search(_fold(title))
        if not match:
            break
        title = title[: match.start()]
    title = title.strip().strip('"').strip()
    return title


def _fold(text: str) -> str:
    folded = "".join(unicodedata.normalize("NFKD", char)[:1].lower()[:1] or char for char in text)
    return folded if len(folded) == len(text) else text.lower()[: len(text)]


def is_title(title: str, longest: int = LONGEST_TITLE) -> bool:
    """Say whether a text can be a component's title: words, not a sentence, not a row of totals."""
    if not 3 <= len(title) <= longest or not _WORD.search(title) or "$" in title or "€" in title:
        return False
    if _NO_TITLE.match(title.lower()) or _SENTENCE.search(title):
        return False
    if _LEADERS.search(title):  # an entry of a table of contents
        return False
    if len(re.findall(r"\d+[.,]\d", title)) > 1:  # a row of a table
        return False
    return title[0].isalnum() or title[0] in "(\"'"


def starts_large(title: str) -> bool:
    """Say whether a title begins with a capital, a figure, or a letter without case."""
    return bool(title) and not title[0].islower()


def alike(one: str, other: str) -> bool:
    """Say whether two titles share most of their words."""
    words = {word[:6] for word in _WORD.findall(_fold(one))}
    others = {word[:6] for word in _WORD.findall(_fold(other))}
    shared = len(words & others)
    return shared > 0 and shared * 2 >= min(len(words), len(others))
