"""Which format an answer has: as `format` says, else as the Accept header prefers, else JSON."""

from enum import StrEnum

import mimeparse


class Format(StrEnum):
    """How an answer is written."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.JSONL: "application/x-ndjson",
    Format.CSV: "text/csv",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ALSO_KNOWN = {"application/jsonl": Format.JSONL}


def accepted_format(accept: str | None) -> Format | None:
    """Return the format that an Accept header prefers, JSON among equals; `None` where it allows none of ours."""
    if not accept or not accept.strip():
        return Format.JSON
    names = {media_type: name for name, media_type in MEDIA_TYPES.items()} | ALSO_KNOWN
    # The last of equals wins in the library, so the default stands last.
    supported = [media_type for media_type in names if media_type != "application/json"] + ["application/json"]
    try:
        best = mimeparse.best_match(supported, accept.lower())
    except (mimeparse.MimeTypeParseException, ValueError):
        return None
    return names.get(best)
