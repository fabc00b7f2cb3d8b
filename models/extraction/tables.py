"""Components in tables: a head 'Component Name  Cost (US$, millions)' and rows beneath."""

import re

from models.extraction.candidate import Candidate, numbered
from models.extraction.cleaning import CleanText
from models.extraction.headings import END_HEADING
from models.extraction.result import PROPOSED_AMOUNT
from models.extraction.statement import Stated
from models.extraction.table_amounts import cell_cents, row_amount
from models.extraction.table_blocks import all_in_last, column_blocks, paired
from models.extraction.table_heads import Head, table_heads
from models.extraction.table_rows import Row, cell_runs, labelled_rows, unlabelled_rows
from models.vocabulary import Measure

_TOTAL_ROW = re.compile(
    r"\b(?:grand total|sub-?total|totaux|totals?\b(?! quality| sanitation)|base ?line cost|contingenc(?:ies|y) (?=\d)"
    r"|imprevus|imprevistos|physical contingenc|price contingenc|unallocated|project preparation (?:advance|facility)"
    r"|front.?end fee|source:|table \d|tableau \d|cuadro \d)"
)
_FIRST = re.compile(r"(?<= )(?:component 1\b|comp ?\. ?1\b|1[.)] ?(?=[a-z])|a[.)] (?=[a-z]))")
_COLUMN = re.compile(
    r" ?(?:ibrd|ida|ibrd/ida|or|and|financing|% ?(?:of )?(?:total|financing|ibrd|ida)?|total|counterpart|fund(?:s"
    r"|ing)?|grant|trust|credit|loan|action"
    r"|government|bank|\(?us\$[^()]{0,12}\)?|project cost)(?= |\Z)"
)
_ROWS = 4_000
_EXCERPT = 1_000
"""So near its end an excerpt may break off inside a table."""


def table_components(even: CleanText, continental: bool) -> list[list[Candidate]]:
    """Read the tables of components: those with costs first, then those of what one lender gives, then titles alone."""
    tables = [rows for head in table_heads(even) if (rows := _read_table(even, head, continental))]
    tables += column_blocks(even, continental)
    return sorted(tables, key=_worth)


def _worth(rows: list[Candidate]) -> int:
    bases = {item.stated.basis for item in rows if item.stated and item.cents is not None}
    return 2 if not bases else 1 if bases == {Measure.COMMITMENT} else 0


def _read_table(even: CleanText, head: Head, continental: bool) -> list[Candidate]:
    limit = head.end + _ROWS
    heading = END_HEADING.search(even.folded, head.end, limit)
    total = _TOTAL_ROW.search(even.folded, head.end, limit)
    stops = [match.start() for match in (heading, total) if match]
    end = min(stops, default=min(len(even.folded), limit))
    sums = _sums(even, head, total.end(), continental) if total and total.start() == end else []
    for last in (False, True):
        rows = _whole(labelled_rows(even, head, head.end, end, last), len(even.text))
        found = _from_rows(head, rows, sums, continental)
        if found:
            return found
    if not stops and len(even.text) - head.end > _EXCERPT:  # without an end no one knows which rows belong to it
        return []
    rows = _whole(unlabelled_rows(even, head, _first_row(even, head, end), end), len(even.text))
    if not stops and any(len(row.cells) != len(head.columns) or not row.title for row in rows):
        return []
    return _from_rows(head, rows, sums, continental)


def _whole(rows: list[Row], end_of_text: int) -> list[Row]:
    """Leave out a last row that the end of an excerpt may have cut: it has fewer figures or decimals than the others."""
    if not rows or not rows[-1].cells or rows[-1].end + len("| -") < end_of_text:
        return rows
    widest = max((len(row.cells) for row in rows[:-1]), default=0)
    others = [cell.decimals for row in rows[:-1] for cell in row.cells]
    cut = len(rows[-1].cells) < widest or not others or rows[-1].cells[-1].decimals < max(others)
    return rows[:-1] if cut else rows


def _sums(even: CleanText, head: Head, begin: int, continental: bool) -> list[int]:
    """The amounts of the row of totals, each of which rows may add up to."""
    runs = cell_runs(even, head, begin, min(len(even.folded), begin + 120))
    return [cents for cell in runs[0] if (cents := cell_cents(cell, head, continental)[0])] if runs else []


def _first_row(even: CleanText, head: Head, end: int) -> int:
    """Skip the names of further columns: rows begin at their first number, or behind words that name a column."""
    begin = head.end
    start = _FIRST.search(even.folded, begin, end)
    if start:
        return start.start()
    while column := _COLUMN.match(even.folded, begin, end):
        begin = column.end()
    return begin


def _from_rows(head: Head, rows: list[Row], sums: list[int], continental: bool) -> list[Candidate]:
    """Turn rows to components; whole numbers count only where they add up to a total that the table states."""
    if not rows or not any(row.cells for row in rows):
        return []
    by_columns = all_in_last(rows, head)
    if by_columns is not None:
        return paired(rows, by_columns, head, continental)
    found = []
    for row in rows:
        stated = row_amount(row.cells, head, continental) if row.cells else None
        if row.title or (row.ordinal and stated):
            found.append(Candidate(row.ordinal, row.title, row.start, row.end, stated, _confidence(stated)))
    amounts = [item.cents for item in found if item.cents is not None]
    plain = all(cell.whole for row in rows for cell in row.cells)
    if plain and not _adds_up(amounts, sums):
        return []
    return numbered(found)


def _confidence(stated: Stated | None) -> float:
    if stated is None or stated.cents is None:
        return 0.6
    return {(): 0.85, (PROPOSED_AMOUNT,): 0.75}.get(stated.flags, 0.6)


def _adds_up(amounts: list[int], sums: list[int]) -> bool:
    return any(abs(sum(amounts) - total) * 100 <= total for total in sums)
