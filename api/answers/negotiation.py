"""Which format an answer has: as `format` says, else as the Accept header prefers, else JSON."""

from enum import StrEnum
from functools import lru_cache

import mimeparse


class Format(StrEnum):
    """How an answer is written."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


class Picture(StrEnum):
    """How an answer about spend is drawn."""

    SVG = "svg"
    PNG = "png"


PICTURE_TYPES = {Picture.SVG: "image/svg+xml", Picture.PNG: "image/png"}
MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.JSONL: "application/x-ndjson",
    Format.CSV: "text/csv",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ALSO_KNOWN = {"application/jsonl": Format.JSONL}

MAX_ACCEPT = 2_048
"""Letters of an Accept header that is understood: to read one takes longer than its length, and what was read is remembered."""


def accepted_format(accept: str | None, pictures: bool = False) -> Format | Picture | None:
    """Return the format that an Accept header prefers, JSON among equals; `None` where it allows none of ours or is too long.

    `pictures`: true where the answer can be drawn too.
    """
    return None if accept and len(accept) > MAX_ACCEPT else _preferred(accept, pictures)


@lru_cache(1024)
def _preferred(accept: str | None, pictures: bool) -> Format | Picture | None:
    if not accept or not accept.strip():
        return Format.JSON
    names: dict[str, Format | Picture] = {media_type: name for name, media_type in MEDIA_TYPES.items()}
    names |= ALSO_KNOWN
    # The last of equals wins in the library, so the default stands last.
    supported = [media_type for media_type in names if media_type != "application/json"] + ["application/json"]
    if pictures:
        drawn = {media_type: name for name, media_type in PICTURE_TYPES.items()}
        names |= drawn
        supported = [*reversed(drawn), *supported]
    try:
        best = mimeparse.best_match(supported, accept.lower())
    except (mimeparse.MimeTypeParseException, ValueError):
        return None
    return names.get(best)


def prefers_page(accept: str | None) -> bool:
    """True where an Accept header prefers a page to JSON, as browsers do."""
    try:
        return (
            accept is not None
            and len(accept) <= MAX_ACCEPT
            and mimeparse.best_match(["text/html", "application/json"], accept.lower()) == "text/html"
        )
    except (mimeparse.MimeTypeParseException, ValueError):
        return False
