"""Matches a source's list of components to the permanent ids that a project's components already have."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
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
    """Match by title first (several of one title by their amounts or numbers), then by number with a similar title.

    A record that matches nothing is a new component only while no stored one is left over that it could be under a new
    name; otherwise it is unsettled, and a person decides. Ids are never given away by guess.
    """
    if not stored:
        return Match(tuple((record, None) for record in listed), (), ())
    free = {component.component_id: component for component in stored}
    settled: list[tuple[ComponentRecord, Listed | None]] = []
    of_key = defaultdict[str, list[Listed]](list)
    for component in stored:
        of_key[_key(component.title)].append(component)
    same = defaultdict[str, list[ComponentRecord]](list)
    for record in listed:
        same[_key(record.title)].append(record)
    for key, records in same.items():
        for record, component in _told_apart(of_key[key], records):
            del free[component.component_id]
            settled.append((record, component))
    taken = {id(record) for record, _ in settled}
    rest = [record for record in listed if id(record) not in taken]
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


def _told_apart(
    stored: Sequence[Listed], listed: Sequence[ComponentRecord]
) -> Iterator[tuple[ComponentRecord, Listed]]:
    """Pair components of one title with the records of that title; those that were withdrawn only where none stands any more."""
    over = list(listed)
    for withdrawn in (False, True):
        for record, component in list(_paired([one for one in stored if one.withdrawn is withdrawn], over)):
            over.remove(record)
            yield record, component


def _paired(stored: Sequence[Listed], listed: Sequence[ComponentRecord]) -> Iterator[tuple[ComponentRecord, Listed]]:
    """Pair them by amount where one side has no amounts but the other's, so that a new order moves no money, else by number.
    What is left alone on both sides is the same; more would be a guess."""
    if len(stored) < 2 and len(listed) < 2:  # as a rule
        yield from zip(listed, stored, strict=False)
        return
    before, now = Counter(one.stated_cents for one in stored), Counter(record.amount_cents for record in listed)
    by_amount = before <= now or now <= before
    left, over = list(stored), []
    for record in listed:
        same = [
            c for c in left if (c.stated_cents == record.amount_cents if by_amount else c.ordinal == record.ordinal)
        ]
        if same:
            found = next((component for component in same if component.ordinal == record.ordinal), same[0])
            left.remove(found)
            yield record, found
        else:
            over.append(record)
    if len(over) == len(left) == 1:
        yield over[0], left[0]


def _key(title: str) -> str:
    return _NO_LETTERS.sub("", title.casefold())


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, _key(one), _key(other)).ratio() >= SIMILAR
