"""What stands on every page and belongs to no sentence: headers, footers, page numbers, disclosure stamps."""

import re

from models.extraction.cleaning import CleanText, Span, spaced

_DAY = r"(?:\d{1,2}/\d{1,2}/\d{4}|[A-Z][a-z]{2,8}\.? \d{1,2}, ?\d{4}|\d{1,2}[- ][A-Z][a-z]{2,8}[- ]\d{4})"
_STAMPS = [
    re.compile(rf"{spaced('public')} ?{spaced('disclosure')} ?(?:{spaced('authorized')}|{spaced('copy')})"),
    re.compile(rf"\b{spaced('for')} ?{spaced('official')} ?{spaced('use')} ?{spaced('only')}\b"),
]
_PAGE = re.compile(
    rf"(?:{_DAY} )?\b(?:Page|PAGE|page) ?\d{{1,3}} ?(?:of|OF|de|sur) ?\d{{1,3}}\b(?: {_DAY})?"
    rf"|(?:{_DAY} )\b(?:Page|PAGE) ?\d{{1,3}}\b|(?<![(,] )(?<!\()\b(?:Page|PAGE) \d{{1,3}}\b(?![),.;])"
)
_HEADER = re.compile(
    r"\b(?:the world bank|independent evaluation group \(ieg\)|la banque mondiale|(?:el )?banco mundial"
    r"|o banco mundial)"
    r" ?(?P<name>[^\n]{1,260}?)\((?P<id>p ?\d{6})\)"
)
_KIND = re.compile(
    r"^(?:implementation status ?(?:&|and) ?results report|implementation completion report \(icr\) review"
    r"|\|?implementation completion and results report)\s*"
)
_LONE_LINES = re.compile(
    r"(?:\n[ \t\r]*\n|\f)[ \t\r]*\d{1,4}[ \t\r]*(?=\n|\f)|\n[ \t\r]*\d{1,4}[ \t\r]*(?=\n[ \t\r]*\n|\f)"
)


Header = tuple[Span, str, str]
"""A running header: its place, the project id in it, the project's name as folded text."""

_MOST_NAMES = 40
"""Reports of more projects than this are lists, not reports; their names are no headers."""


def headers(even: CleanText) -> list[Header]:
    """Find running headers 'The World Bank … (P123456)'; a sentence about the Bank and a project is none."""
    found: list[Header] = []
    position = 0
    while match := _HEADER.search(even.folded, position):
        inner = even.folded.rfind("the world bank", match.start() + 1, match.end())
        if inner > match.start():  # an earlier mention of the Bank in a sentence; the header begins later
            position = inner
            continue
        name = _KIND.sub("", match["name"].strip()).strip()
        found.append((match.span(), match["id"].replace(" ", "").upper(), name))
        position = match.end()
    counts: dict[str, int] = {}
    for (start, end), _, _ in found:
        counts[even.folded[start:end]] = counts.get(even.folded[start:end], 0) + 1
    return [header for header in found if _is_running(header, even, counts)]


def _is_running(header: Header, even: CleanText, counts: dict[str, int]) -> bool:
    (start, end), _, name = header
    words = even.folded[start:end]
    if ". " in name:
        return False
    return counts[words] > 1 or start < 400 or "implementation status" in words or "(icr) review" in words


def furniture(even: CleanText) -> list[Span]:
    """Find the places of page furniture in a text that was made even."""
    spans = [match.span() for stamp in _STAMPS for match in stamp.finditer(even.folded)]
    spans += [match.span() for match in _PAGE.finditer(even.text)]
    known = headers(even)
    spans += [place for place, _, _ in known]
    names = {even.folded[even.folded.rfind(name, *place) : place[1]] for place, _, name in known if name}
    for name in sorted(names)[:_MOST_NAMES]:  # the name with its id also stands alone on pages
        spans += [match.span() for match in re.finditer(re.escape(name), even.folded)]
    return spans


def page_numbers(text: str) -> list[Span]:
    """Find numbers that stand alone on a line next to an empty line, in the text as it was read."""
    return [match.span() for match in _LONE_LINES.finditer(text) if not _in_words(text, *match.span())]


def _in_words(text: str, start: int, end: int) -> bool:
    """A lone number behind a currency, before its unit or behind 'Component' was set apart by line breaks."""
    before = text[max(0, start - 40) : start].replace("\u00ad", "").rstrip().lower()
    behind = text[end : end + 20].lstrip().lower()
    return before.endswith(
        ("$", "usd", "cost", ",", ".", "component", "componente", "composante")
    ) or behind.startswith(("mil", "tho", "bil", "m)", "m "))
