"""Rows of tables of components: titles, and the figures behind them, one cell after the other."""

import re
from dataclasses import dataclass
from itertools import pairwise

from models.extraction.cleaning import CleanText
from models.extraction.table_heads import Head
from models.extraction.titles import LABEL, is_title, ordinal_of, starts_large, tidy

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,3})?|\d{1,3}(?:\.\d{3})+,\d{1,2}|\d+[.,]\d{1,3}|\d{1,4}"
_FIGURE = re.compile(rf"(?<![\w.,#-])(?P<figure>{_NUMBER})(?![\w):]|[.,]\d|-[a-z]|\. ?[a-z])(?P<percent> ?%)?")
_GROUPED = re.compile(
    rf"(?<![\w.,#-])(?P<figure>\d{{1,3}}(?: \d{{3}})+(?!\d)|{_NUMBER})(?![\w):]|[.,]\d)(?P<percent> ?%)?"
)
_GAP = re.compile(r"(?:[\s|%]|us ?\$|\$|-+(?= |\Z)|n/?a\b)*")
_SMALL_WORD = re.compile(r" ?(?:[a-zà-ÿ]{2,}|of\b)")
_BULLET = re.compile(r" (?:[-•·▪*] ?(?=[a-z])|\(?[a-z]\) |\(?[ivx]{1,4}\) |(?:sub|sous)-?comp)")
_PLAIN = re.compile(r"(?<![\w.,])(?:comp ?\. ?)?(?P<num>\d{1,2}) ?[.:)] ?(?=[a-z\"'(])")
_LETTER = re.compile(r"(?<![\w.,])(?P<num>[a-h])[.)] ?(?=[a-z\"'(])")
_ACTION = r"(?:no change|revised|new|marked for deletion|dropped|deleted|modified|unchanged)"
_ACTIONS = re.compile(rf"^(?:{_ACTION}\b[ |]*)+|(?:[ |]+{_ACTION})+$", re.IGNORECASE)
_PADDING = "| -"


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure in a row."""

    start: int
    end: int
    figure: str
    percent: bool

    @property
    def whole(self) -> bool:
        """Whether it has no decimals and no marks between thousands: a number like those that titles hold."""
        return self.figure.isdigit()

    @property
    def decimals(self) -> int:
        """How many figures stand behind the last mark."""
        return len(re.split(r"[.,]", self.figure)[-1]) if not self.whole else 0


Cells = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A title with its figures; `ordinal` is 0 where it has no number."""

    ordinal: int
    title: str
    start: int
    end: int
    cells: Cells


def cell_runs(even: CleanText, head: Head, begin: int, end: int) -> list[Cells]:
    """Find figures that follow each other with no word between; a whole number before a small word is of a title."""
    figures = _GROUPED if head.whole_units else _FIGURE  # '12 500 000' is one number only where no unit shortens it
    runs: list[list[Cell]] = []
    for match in figures.finditer(even.folded, begin, end):
        cell = Cell(match.start("figure"), match.end(), match["figure"], match["percent"] is not None)
        if runs and _GAP.fullmatch(even.folded, runs[-1][-1].end, cell.start):
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return [
        tuple(run)
        for run in runs
        if any(not cell.whole for cell in run) or not _SMALL_WORD.match(even.text, run[-1].end, end)
    ]


def labelled_rows(even: CleanText, head: Head, begin: int, end: int, last: bool) -> list[Row]:
    """Read rows that begin with 'Component 2', '2.' or 'B.'; empty where fewer than two do.

    Of several runs of figures in a row the first counts, or the `last`.
    """
    marks = _row_marks(even, begin, end)
    rows: list[Row] = []
    for (ordinal, start, after), (_, stop, _) in pairwise([*marks, (0, end, end)]):
        row = _read_row(even, head, (ordinal, start, after), stop, last)
        if rows and rows[-1].ordinal == ordinal:  # a current and a proposed name of the same component
            before = rows.pop()
            row = Row(ordinal, row.title or before.title, before.start, row.end, before.cells + row.cells)
        rows.append(row)
    return rows if len(rows) > 1 else []


def _row_marks(even: CleanText, begin: int, end: int) -> list[tuple[int, int, int]]:
    """Number, start and end of the labels that rows begin with."""
    rising: list[tuple[int, int, int]] = []
    for match in LABEL.finditer(even.folded, begin, end):
        if match["sub"] or match["sub2"] or match["inner"]:
            continue
        ordinal = ordinal_of(match["num"])
        if rising and ordinal < rising[-1][0]:
            break  # behind the table the same components are told again
        rising.append((ordinal, match.start(), match.end()))
    if len({ordinal for ordinal, _, _ in rising}) > 1:
        return rising
    for style in (_PLAIN, _LETTER):
        marks: list[tuple[int, int, int]] = []
        for match in style.finditer(even.folded, begin, end):
            if _number(match["num"]) == len(marks) + 1 and not even.text[match.end()].islower():
                marks.append((len(marks) + 1, match.start(), match.end()))
        if len(marks) > 1:
            return marks
    return []


def _number(mark: str) -> int:
    return int(mark) if mark.isdigit() else ord(mark) - ord("a") + 1


def _read_row(even: CleanText, head: Head, label: tuple[int, int, int], stop: int, last: bool) -> Row:
    """Title and figures of one row; rows of its parts behind them do not count."""
    ordinal, start, after = label
    limit = _parts_start(even, head, ordinal, after, stop)
    runs = cell_runs(even, head, after, limit)
    with_decimals = [run for run in runs if any(not cell.whole for cell in run)]
    own = _surplus_to_title((with_decimals or runs)[-1 if last else 0], head) if runs else ()
    title_end = own[0].start if own else limit
    title = row_title(even.text[after:title_end], head)
    return Row(ordinal, title, start, own[-1].end if own else max(after, title_end), own)


def _parts_start(even: CleanText, head: Head, ordinal: int, after: int, stop: int) -> int:
    """Where rows of parts begin: '1.1 …' or a bullet, behind the row's own figures."""
    part = re.compile(rf" (?:{ordinal}|{chr(96 + ordinal % 26)})[.-]?[1a][.:)]? ?(?=[a-z])|{_BULLET.pattern}")
    for match in part.finditer(even.folded, after, stop):
        if match.start() > after and cell_runs(even, head, after, match.start() + 1):
            return match.start() + 1
    return stop


def _surplus_to_title(cells: Cells, head: Head) -> Cells:
    """'Phase 2 20' under one column: whole numbers in front belong to the title."""
    surplus = len(cells) - max(1, len(head.columns))
    return cells[surplus:] if surplus > 0 and all(cell.whole for cell in cells[:surplus]) else cells


def unlabelled_rows(even: CleanText, head: Head, begin: int, end: int) -> list[Row]:
    """Read rows by their figures: what stands between two runs of them is a title."""
    rows: list[Row] = []
    position = begin
    for run in cell_runs(even, head, begin, end):
        cells = _surplus_to_title(run, head)
        title = row_title(even.text[position : cells[0].start], head)
        start = position + len(even.text[position:]) - len(even.text[position:].lstrip(" |-"))
        rows.append(Row(0, title, start, cells[-1].end, cells))
        position = cells[-1].end
    return _in_turn(rows) if head.in_turn else rows


def _in_turn(rows: list[Row]) -> list[Row]:
    """Join the current and the proposed row of each component; the proposed title counts."""
    if len(rows) % 2:
        return []
    return [
        Row(0, new.title or old.title, old.start if old.title else new.start, new.end, old.cells + new.cells)
        for old, new in zip(rows[::2], rows[1::2], strict=True)
    ]


def row_title(words: str, head: Head) -> str:
    """A title out of the words of a row, '' where they are none."""
    words = _ACTIONS.sub("", words.strip(_PADDING)).strip(_PADDING)
    if head.two_titles:
        words = _one_of_two(words)
    title = tidy(words)
    return title if is_title(title, 220) and starts_large(title) and "%" not in title else ""


def _one_of_two(words: str) -> str:
    """Where the current and the proposed name stand side by side and are the same, take one."""
    parts = words.split()
    half, odd = divmod(len(parts), 2)
    same = [part.lower() for part in parts[:half]] == [part.lower() for part in parts[half:]]
    return " ".join(parts[:half]) if half and not odd and same else words
