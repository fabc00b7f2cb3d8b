"""Whose report it is, and which stretches of it are about another project."""

import re
from bisect import bisect_left, bisect_right

from models.extraction.cleaning import CleanText
from models.extraction.furniture import headers

_ID = re.compile(r"\bp ?(\d{6})\b")
_LABELLED = re.compile(
    r"(?<!parent )\b(?:project id|proj id|operation id|id du projet|project number|id) ?:? ?p ?(\d{6})\b"
)
_PARENT = re.compile(r"parent project(?: id)?[^.]{0,60}\Z")
_NEAR = 260


def project_of(even: CleanText) -> str | None:
    """Find the report's own project: in its running header, a labelled field, or most often named at the start."""
    for (start, _), project, _ in headers(even):
        if start < 3_000:
            return project
    labelled = _LABELLED.search(even.folded, 0, 6_000)
    if labelled:
        return f"P{labelled[1]}"
    counts: dict[str, int] = {}
    for match in _ID.finditer(even.folded, 0, 40_000):
        if not _PARENT.search(even.folded, max(0, match.start() - 90), match.start()):
            counts[match[1]] = counts.get(match[1], 0) + (3 if match.start() < 600 else 1)
    if not counts:
        return None
    return "P" + max(counts, key=lambda number: counts[number])


class Owner:
    """Says which stretches of a report are about other projects than its own."""

    def __init__(self, whole: CleanText, project: str | None) -> None:
        self._project = project
        self._whole = whole  # with the running headers, which name the project as well
        found = headers(whole)
        self._header_places = [whole.offsets[start] for (start, _), _, _ in found]
        self._header_ids = [name for _, name, _ in found]
        self._header_ends = {end for (_, end), _, _ in found}

    def is_foreign(self, even: CleanText, start: int) -> bool:
        """Say whether a list that starts at `start` of the text follows the name of another project."""
        if self._project is None:
            return False
        place = even.offsets[start]
        before = bisect_right(self._header_places, place)
        if before and self._header_ids[before - 1] != self._project:
            return True
        at = bisect_left(self._whole.offsets, place)
        near_from = bisect_left(self._whole.offsets, even.offsets[max(0, start - _NEAR)])
        near = [
            match
            for match in _ID.finditer(self._whole.folded, near_from, at)
            if match.end() + 1 not in self._header_ends  # a page header says nothing of the sentence that it cuts
        ]
        return bool(near) and f"P{near[-1][1]}" != self._project and not self._is_family(near[-1].start())

    def _is_family(self, at: int) -> bool:
        """'Parent Project ID (if any) P123456' in a data sheet does not make its list another project's."""
        before = self._whole.folded[max(0, at - 90) : at]
        return "additional financing" in before or _PARENT.search(before) is not None
