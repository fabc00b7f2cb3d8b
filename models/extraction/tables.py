"""Components in tables of data sheets: 'Component Name  Cost (US$, millions)' and rows beneath."""

import re
from dataclasses import replace
from itertools import islice, pairwise

from models.extraction.amounts import MILLION, to_cents
from models.extraction.candidate import Candidate
from models.extraction.cleaning import CleanText, spaced
from models.extraction.headings import END_HEADING
from models.extraction.result import AMBIGUOUS_AMOUNT, AMBIGUOUS_UNIT, INFERRED_UNIT, NOT_USD
from models.extraction.statement import Stated
from models.extraction.titles import LABEL, is_title, ordinal_of, starts_large, tidy
from models.vocabulary import Measure

_HEADER = re.compile(
    rf"(?:\b{spaced('component')} ?s? ?{spaced('name')}|\b(?:project )?components?|\bcomponent\(s\)"
    rf"|\bnom de la composante|\bcomposantes?"
    r"|\bnombre del componente|\bcomponentes?)"
    rf" ?(?:[|;] ?)?(?:(?:component|project|total|estimated|indicative) )*(?:costs?|cout|costo|custo|amount|montant"
    rf"|monto)(?: total| estime)?"
    rf" ?(?P<unit>[(\[][^()\[\]]{{2,40}}[)\]]|us\$ ?(?:,? ?{MILLION}|m)\b)"
    rf"|\b{spaced('component')} ?s? ?{spaced('name')} ?(?:{spaced('component')} )?{spaced('cost')}\b(?! ?[(\[])"
)
_NUMBER = re.compile(r"(?<![\d.,$])(?P<figure>\d[\d,]*\.\d{1,3}|\d{1,3}(?:,\d{3})+)(?![\d.,]\d| ?%)(?![\w])")
_TOTAL_ROW = re.compile(
    r"\b(?:grand total|sub-?total|totals?\b(?! quality)|base ?line cost|contingenc(?:ies|y) (?=\d)"
    r"|physical contingenc|price contingenc"
    r"|unallocated|front.?end fee|source:|table \d)"
)
_FIRST = re.compile(r"(?<= )(?:component 1\b|comp ?\. ?1\b|1[.)] ?(?=[a-z])|a[.)] (?=[a-z]))")
_COLUMN = re.compile(
    r" ?(?:ibrd|ida|ibrd/ida|or|and|financing|% ?(?:of )?(?:total|financing|ibrd|ida)?|total|counterpart|fund(?:s"
    r"|ing)?|grant|trust|credit|loan"
    r"|government|bank|\(?us\$[^()]{0,12}\)?|project cost)(?= |\Z)"
)
_ROWS, _TRIED = 4_000, 60


def table_components(even: CleanText) -> list[list[Candidate]]:
    """Read the tables of components that have rows and an end."""
    tables: list[list[Candidate]] = []
    for header in islice(_HEADER.finditer(even.folded), _TRIED):
        begin = header.end()
        end = END_HEADING.search(even.folded, begin, begin + _ROWS)
        total = _TOTAL_ROW.search(even.folded, begin, begin + _ROWS)
        stops = [match.start() for match in (end, total) if match]
        if stops:  # without an end no one knows which rows belong to it
            tables.append(_read_rows(even, begin, min(stops), header["unit"] or ""))
    return [rows for rows in tables if rows]


def _read_rows(even: CleanText, begin: int, end: int, unit: str) -> list[Candidate]:
    found: list[Candidate] = []
    position = begin
    numbers = list(_NUMBER.finditer(even.folded, begin, end))
    position = _first_row(even, begin, numbers[0].start()) if numbers else begin
    index = 0
    while index < len(numbers):
        row = [numbers[index]]
        while index + 1 < len(numbers) and not re.search(
            r"[a-z]", even.folded[row[-1].end() : numbers[index + 1].start()]
        ):
            index += 1
            row.append(numbers[index])
        found += _read_row(even, position, row, unit)
        position = row[-1].end()
        percent = re.compile(r" ?\d{0,3}(?:\.\d+)? ?%").match(even.folded, position)
        position = percent.end() if percent else position
        index += 1
    found += _titles(even, position, end)
    return _numbered(found)


def _first_row(even: CleanText, begin: int, figure: int) -> int:
    """Skip the names of further columns: rows begin at their first number, or behind words that name a column."""
    start = _FIRST.search(even.folded, begin, figure)
    if start:
        return start.start()
    while column := _COLUMN.match(even.folded, begin, figure):
        begin = column.end()
    return begin


def _read_row(even: CleanText, begin: int, row: "list[re.Match[str]]", unit: str) -> list[Candidate]:
    labels = [m.start() for m in LABEL.finditer(even.folded, begin, row[0].start()) if not m["sub"] and not m["sub2"]]
    start = labels[-1] if labels else begin
    found = [candidate for at, stop in pairwise(labels) for candidate in _titles(even, at, stop)]
    if re.search(r"\bsub-?component|^[ .]*\d\.\d", even.folded[begin : row[0].start()]):
        return found
    title = tidy(even.text[start : row[0].start()])
    if not is_title(title, 220) or not starts_large(title):
        return found
    stated = _amount([match["figure"] for match in row], unit)
    confidence = 0.6 if stated.cents is None or stated.flags else 0.85
    return [*found, Candidate(_number(even, start), title, start, row[-1].end(), stated, confidence)]


def _amount(figures: list[str], unit: str) -> Stated:
    """One figure is the cost; of several, the one that is the sum of the others, or that all equal."""
    name = (
        "million"
        if re.search(rf"{MILLION}|\$ ?m\b|\bm\b", unit)
        else "k"
        if re.search(r"thousand|mille|miles|000", unit)
        else ""
    )
    if not unit:
        return _without_unit(figures)
    if not re.search(r"us\$|usd|\$|dollar|dolares", unit):
        return Stated(None, None, (NOT_USD if re.search(r"eur|sdr|xdr|cfa|€|£", unit) else AMBIGUOUS_UNIT,))
    read = [to_cents(figure, name, continental=False) for figure in figures]
    values = [cents for cents, _ in read]
    flag = next((flag for _, flag in read if flag), None)
    known = [value for value in values if value is not None]
    if len(known) != len(values):
        return Stated(None, None, (flag or AMBIGUOUS_UNIT,))
    if len(set(known)) == 1:
        return Stated(known[0], Measure.COST)
    slack = 2 * 10**6 if name else 0  # the parts are rounded to a hundredth of a million
    for whole, parts in ((known[0], known[1:]), (known[-1], known[:-1])):
        if abs(whole - sum(parts)) <= slack:
            return Stated(whole, Measure.COST)
    return Stated(None, None, (AMBIGUOUS_AMOUNT,))


def _without_unit(figures: list[str]) -> Stated:
    """Old status reports print 'Component Cost 20.70' with no unit: whole dollars if large, else millions."""
    cents, flag = to_cents(figures[0], "", continental=False)
    if len(figures) > 1:
        return Stated(None, None, (AMBIGUOUS_AMOUNT,))
    if cents is not None:
        return Stated(cents, Measure.COST)
    if not re.fullmatch(r"\d{1,3}(?:,\d{3})?\.\d{1,2}", figures[0]):
        return Stated(None, None, (flag or AMBIGUOUS_UNIT,))
    cents, flag = to_cents(figures[0], "million", continental=False)
    return Stated(cents, Measure.COST if flag is None else None, (flag or INFERRED_UNIT,))


def _titles(even: CleanText, begin: int, end: int) -> list[Candidate]:
    """Labelled titles without a figure, between rows or behind the last one."""
    labels = [m.start() for m in LABEL.finditer(even.folded, begin, end) if not m["sub"] and not m["sub2"]]
    found = []
    for start, stop in zip(labels, [*labels[1:], end], strict=True) if labels else ():
        title = tidy(even.text[start:stop])
        if is_title(title, 200):
            found.append(Candidate(_number(even, start), title, start, stop, None, 0.6))
    return found


def _number(even: CleanText, start: int) -> int:
    label = LABEL.match(even.folded, start)
    if label and label["num"] and not label["inner"]:
        return ordinal_of(label["num"])
    plain = re.compile(r" ?(?:comp ?\. ?)?(\d{1,2}) ?[.:)] ?\D").match(even.folded, start)
    return int(plain[1]) if plain else 0


def _numbered(found: list[Candidate]) -> list[Candidate]:
    numbers = [candidate.ordinal for candidate in found]
    if 0 not in numbers and len(set(numbers)) == len(numbers):
        return found
    return [replace(item, ordinal=index) for index, item in enumerate(found, 1)]
