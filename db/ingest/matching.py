"""Matches a source's list of components to the permanent ids that a project's components already have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from models.component import Listed
from models.records import ComponentRecord

_NO_LETTERS = re.compile(r"[\W_]+")
"""All but letters and digits."""

SIMILAR = 0.6
"""Titles of the same position that are at least this alike are taken as one component with a reworded title."""


@dataclass(frozen=True, slots=True)
class Match:
    """What became of a list: record and the component it is (`None`: a new one), and what could not be settled."""

    settled: tuple[tuple[ComponentRecord, Listed | None], ...]
    unsettled: tuple[tuple[ComponentRecord, str], ...]
    missing: tuple[Listed, ...]


def match_components(stored: Sequence[Listed], listed: Sequence[ComponentRecord]) -> Match:
    """Match by title first, then by position with a similar title.

    A record that matches nothing is a new component only while no stored one is left over that it could be under a new
    name; otherwise it is unsettled, and a person decides. Ids are never given away by guess.
    """
    free = {component.component_id: component for component in stored}
    keys = {component.component_id: _key(component.title) for component in stored}
    settled: list[tuple[ComponentRecord, Listed | None]] = []
    rest = []
    for record in listed:
        key = _key(record.title)
        found = next((c for c in free.values() if keys[c.component_id] == key), None)
        if found:
            del free[found.component_id]
            settled.append((record, found))
        else:
            rest.append(record)
    unknown = []
    for record in rest:
        found = next((c for c in free.values() if c.ordinal == record.ordinal and _alike(c.title, record.title)), None)
        if found:
            del free[found.component_id]
            settled.append((record, found))
        else:
            unknown.append(record)
    left = [component for component in free.values() if not component.withdrawn]
    unsettled = []
    for record in unknown:
        if left:
            names = "; ".join(f"{c.component_id} {c.title!r}" for c in left[:5])
            unsettled.append((record, f"new, or one of these under a new title: {names}"))
        else:
            settled.append((record, None))
    return Match(tuple(settled), tuple(unsettled), tuple(left))


def _key(title: str) -> str:
    return _NO_LETTERS.sub("", title.casefold())


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, _key(one), _key(other)).ratio() >= SIMILAR
