"""Under which terms rows may be used: those of this service's own data, or those of each source where these differ."""

from collections.abc import Iterable

from api.answers.frames import LICENCE
from api.deps import Snapshot
from models.source import Source, are_open

SOURCES = "/v1/sources"
"""Where the terms of each source stand."""


def in_words(sources: Iterable[Source], base: str = "") -> str:
    """Name the licence, and where those of some sources differ the address of their terms; `base` is that of the service."""
    return f"CC BY 4.0{_others(are_open(sources), base)}"


def licence_of(snapshot: Snapshot, base: str) -> str:
    """The address of the terms: the licence's where all sources that have rows are under it, else that of the sources."""
    return LICENCE if snapshot.known.open_terms else f"{base}{SOURCES}"


def licence_of_file(snapshot: Snapshot) -> str:
    """What a file says of its licence; it may be read where this service is not."""
    return f"{LICENCE}{_others(snapshot.known.open_terms)}"


def _others(all_open: bool, base: str = "") -> str:
    return "" if all_open else f"; terms of other sources: {base}{SOURCES}"
