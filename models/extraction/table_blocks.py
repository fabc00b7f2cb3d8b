"""Tables that were read column by column: a block of titles, then a block of figures."""

import re
from itertools import islice, pairwise

from models.extraction.candidate import Candidate, numbered
from models.extraction.cleaning import CleanText
from models.extraction.result import AMBIGUOUS_AMOUNT
from models.extraction.statement import Stated
from models.extraction.table_amounts import cell_cents
from models.extraction.table_heads import Head, Role
from models.extraction.table_rows import Cells, Row, cell_runs, row_title
from models.extraction.titles import LABEL, ordinal_of
from models.vocabulary import Measure

_COLUMN = re.compile(
    r"\b(?:component )?(?:costs?|amounts?|cout|costo|monto|montant) ?[(\[](?P<unit>[^()\[\]]{2,40})[)\]] ?(?=\d)"
)
_NAMES = re.compile(r"\b(?:component ?names?|components?|composantes?|componentes?) ?:?\Z")
_TITLES, _TRIED = 2_500, 60


def column_blocks(even: CleanText, continental: bool) -> list[list[Candidate]]:
    """Read 'Component Name', the titles, 'Cost (US$, millions)', the figures."""
    found = []
    for column in islice(_COLUMN.finditer(even.folded), _TRIED):
        head = Head(column.start(), column.end(), column["unit"], (Role.COST,))
        runs = cell_runs(even, head, column.end(), min(len(even.folded), column.end() + 400))
        rows = _titles_before(even, column.start(), head)
        if runs and runs[0][0].start == column.end() and len(runs[0]) > 1 and len(rows) > 1:
            found.append(paired(rows, _whole(runs[0], len(even.text)), head, continental))
    return found


def _whole(cells: Cells, end_of_text: int) -> Cells:
    """Leave out a last figure that the end of an excerpt may have cut: it has fewer decimals than the others."""
    cut = cells[-1].end + len(".") >= end_of_text and cells[-1].decimals < max(cell.decimals for cell in cells[:-1])
    return cells[:-1] if cut else cells


def _titles_before(even: CleanText, end: int, head: Head) -> list[Row]:
    """The labelled titles from number one on that stand right before a column's name."""
    begin = max(0, end - _TITLES)
    labels = [label for label in LABEL.finditer(even.folded, begin, end) if not label["sub"] and not label["sub2"]]
    first = next((index for index in reversed(range(len(labels))) if labels[index]["num"] in {"1", "a", "i"}), None)
    if first is None or not _NAMES.search(
        even.folded[max(0, labels[first].start() - 40) : labels[first].start()].strip()
    ):
        return []
    stops = [*(label.start() for label in labels[first:]), end]
    return [
        Row(ordinal_of(label["num"]), row_title(even.text[label.end() : stop], head), start, stop, ())
        for label, (start, stop) in zip(labels[first:], pairwise(stops), strict=True)
    ]


def all_in_last(rows: list[Row], head: Head) -> Cells | None:
    """Cells read column by column stand behind the last title, more of them than there are columns."""
    last = rows[-1].cells
    if len(rows) > 1 and len(last) > len(head.columns) and not any(row.cells for row in rows[:-1]):
        return last
    return None


def paired(rows: list[Row], cells: Cells, head: Head, continental: bool) -> list[Candidate]:
    """Pair titles and figures that stand in two blocks where there are as many of both; else take no amount."""
    read = [cell_cents(cell, head, continental)[0] for cell in cells]
    amounts = [cents for cents in read if cents is not None]
    count = len(rows)
    with_total = len(read) == count + 1 == len(amounts) and sum(amounts[:-1]) == amounts[-1]
    sure = all(row.title for row in rows) and len(amounts) == len(read) and (len(read) == count or with_total)
    found = []
    for row, cents, cell in zip(rows, [*amounts, *[0] * count], [*cells, *[cells[-1]] * count], strict=False):
        stated = Stated(cents, Measure.COST) if sure else Stated(None, None, (AMBIGUOUS_AMOUNT,))
        if row.title:
            end = cell.end if sure else row.end
            found.append(Candidate(row.ordinal, row.title, row.start, end, stated, 0.7 if sure else 0.5))
    return numbered(found)
