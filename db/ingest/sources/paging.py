"""Walks through a list that a source gives in pages, while the list may change under way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from db.progress import Progress, unseen
from models.words import counted

OVERLAP = 10
"""Rows of each page that the next one is asked to begin with: they prove that nothing fell between the two."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a walk needs to know of a page: from where it was asked, what is on it, and how many there are in all."""

    offset: int
    ids: Sequence[str]
    total: int


Ask = Callable[[int, bool], Page]
"""Gets (and keeps) the page that begins at an offset; the second argument says whether it may hold nothing."""


@dataclass(slots=True)
class Walk:
    """A walk from the first row to the last, or to where `limit` or `is_done` say that it is enough.

    Pages that were kept by a run before are handed to `take` first. `progress` learns of rows that were not seen before,
    and of how many the source counts. `missing`: how many of those no page held, though the whole list was asked for twice.
    """

    ask: Ask
    rows: int
    limit: int | None = None
    is_done: Callable[[], bool] | None = None
    overlap: int = OVERLAP
    seen: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    position: int = 0
    total: int | None = None
    missing: int = 0
    tail: Sequence[str] = ()
    progress: Progress = unseen

    def take(self, page: Page) -> int:
        """Count a page in, and return how many of its rows are new."""
        if self.total is not None and page.total != self.total:
            self.notes.append(f"the list changed under way: {counted(self.total, 'record')} became {page.total}")
        self.total = page.total
        new = len(set(page.ids) - self.seen)
        self.seen.update(page.ids)
        self.tell(new)
        end = page.offset + len(page.ids)
        if new and end > self.position:  # a page of known rows only may come from elsewhere than where it was asked
            self.position, self.tail = end, page.ids[-OVERLAP:]
        return new

    def tell(self, count: int) -> None:
        """Tell the progress of so many rows. How many there will be is not known where something else ends the walk."""
        ends = [number for number in (self.total, self.limit) if number is not None]
        self.progress(count, min(ends, default=None) if self.is_done is None else None)

    def to_the_end(self) -> None:
        """Ask for page after page until all rows were seen, and once more for what slipped through."""
        while not self._enough() and (self.total is None or self.position < self.total):
            if not self._step():
                break
        if not self._enough() and self.total is not None and len(self.seen) < self.total:
            self._look_again()

    def _enough(self) -> bool:
        return (self.is_done is not None and self.is_done()) or (
            self.limit is not None and len(self.seen) >= self.limit
        )

    def _get(self, offset: int) -> Page:
        """Ask for a page. Only beyond what was seen may it be empty; elsewhere that is a fault of the source."""
        return self.ask(offset, 0 < self.position <= offset)

    def _step(self) -> bool:
        """Go one page on; false where the source has no more."""
        tail, position, total = set(self.tail), self.position, self.total or 0
        page = self._get(max(0, position - self.overlap))
        new = self.take(page)
        if not page.ids and page.total >= position:
            return False
        if self.overlap and tail and tail.isdisjoint(page.ids):
            self._look_back(position, tail, max(total - page.total, 0))
        elif not new and self.position <= position:
            if not self.overlap:
                return False
            self.overlap = 0  # a source that gives whole pages only, wherever it is asked to begin
        return True

    def _look_back(self, position: int, tail: set[str], vanished: int) -> None:
        """Rows vanished before this place, so that others slipped into pages asked for already: go on from there."""
        back, found, joined = max(self.rows // 2, vanished + self.overlap), 0, False
        while not joined:
            page = self._get(max(0, position - back))
            found += self.take(page)
            joined, back = not tail.isdisjoint(page.ids), back * 2
            if page.offset == 0:
                break
        self.position, self.tail = page.offset + len(page.ids), page.ids[-OVERLAP:]
        more = f"{counted(found, 'more was', 'more were')} found by asking again from a little earlier"
        what = more if joined else "the pages do not join"
        self.notes.append(f"records vanished from the list under way, near row {position}: {what}")

    def _look_again(self) -> None:
        """Go through the whole list once more, for rows that were on no page."""
        assert self.total is not None
        missing, offset = self.total - len(self.seen), 0
        while offset < self.total and len(self.seen) < self.total:
            page = self._get(offset)
            self.take(page)
            if not page.ids:
                break
            offset += len(page.ids)
        self.missing = max(self.total - len(self.seen), 0)
        self.notes.append(
            f"the source counts {counted(self.total, 'record')}, of which no page held {missing:,}; asked once more for all: "
            + (f"still missing: {self.missing:,}" if self.missing else "found")
        )
