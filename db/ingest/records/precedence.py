"""Decides between lists of one project's components: what a person compiled, and what the program read out of a text.

docs/adr/0017-components-read-from-texts.md has the reasons.
"""

from collections.abc import Sequence

from db.ingest.records.matching import Match
from models.component import Listed
from models.project import BUNDLE
from models.records import ComponentRecord

ASKED_AGAIN = {BUNDLE, "worldbank-documents"}
"""Ways in by which the same lists come again: with each version of the program, or whenever a source is asked."""

READING = {"passage", "passage_start", "passage_end", "extraction_confidence", "extraction_flags"}
"""What is known of a component that the program read out of a text; nothing of it for others."""


def is_whole(listed: Sequence[ComponentRecord], stored: Sequence[Listed]) -> bool:
    """Tell whether a list is to be taken as a whole or not at all: one that is to take the place of a list that stands, unless it
    says that it is a part, and any that was read, even in doubt."""
    replaces = all(record.list_complete for record in listed) and any(not component.withdrawn for component in stored)
    return replaces or _extracted(listed)


def has_news(listed: Sequence[ComponentRecord], stored: Sequence[Listed], corrected: bool) -> bool:
    """Tell whether a list may change what is stored: an older document has nothing new to say, and of the same date a
    list that a person compiled stands before one that was read, and what was `corrected` since before what is shipped."""
    if not stored:
        return True
    newest = max(component.as_of or "" for component in stored)
    date = max(record.as_of or "" for record in listed)
    if date == newest and _extracted(listed):
        return all(component.extraction_confidence is not None for component in stored)
    return date > newest or (date == newest and not corrected)


def weigh(match: Match, listed: Sequence[ComponentRecord], stored: Sequence[Listed]) -> Match:
    """Refuse a list that was read, as a whole, where it would not carry on what stands.

    That is so if it fits no total of the project while the list that stands is not doubtful itself, or if a component
    that a person listed is not in it.
    """
    standing = [component for component in stored if not component.withdrawn]
    if not _extracted(listed) or not standing:
        return match
    compiled = {component.component_id for component in standing if component.extraction_confidence is None}
    doubtful = not all(record.list_complete for record in listed)
    if doubtful and (compiled or all(component.list_complete for component in standing)):
        return _refused(match, "fits no total of the project, and the list that stands is not in doubt")
    lost = [component.component_id for component in match.missing if component.component_id in compiled]
    if lost:
        return _refused(match, f"does not name {', '.join(lost)}, which a person listed")
    if match.unsettled:
        return _refused(match, "does not match the list that stands")
    return match


def _extracted(listed: Sequence[ComponentRecord]) -> bool:
    return any(record.extraction_confidence is not None for record in listed)


def _refused(match: Match, why: str) -> Match:
    """Leave every record of a list to a person: half of one document and half of another would add up to nothing."""
    told = [(record, f"{reason}; the list as a whole {why}") for record, reason in match.unsettled]
    others = [(record, f"the list as a whole {why}") for record, _ in match.settled]
    ordered = sorted(told + others, key=lambda pair: pair[0].ordinal)
    return Match((), tuple(ordered), match.missing)
