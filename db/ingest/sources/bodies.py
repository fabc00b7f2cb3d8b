"""Reads what came with an answer on the web: its body as it is packed, its length, and when to ask again."""

import email.utils
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

import httpx

from db.errors import SourceAnswerError
from db.unpacking import GZIP as PACKED
from db.unpacking import Unpacker, form_of_deflate

GZIP = {"gzip", "x-gzip"}
"""The only encoding that is asked for; the second name means the same (RFC 9110, section 8.4.1.3)."""

COMPRESSIONS = GZIP | {"deflate", "br", "zstd", "compress", "x-compress"}
"""Encodings that change a body. Servers send other words too, such as `utf-8`, `none` or `aws-chunked`, which do not."""


def unpacked(address: str, response: httpx.Response) -> Iterator[bytes]:
    """Give the body of an answer as it comes, unpacked in bounded pieces: a few bytes of it may hold gigabytes.

    An answer that is known by its validators has no body, whatever its encoding.
    """
    stated = response.headers.get("Content-Encoding", "").strip().casefold()
    encodings = [word for part in stated.split(",") if (word := part.strip()) in COMPRESSIONS]
    if not encodings:
        yield from response.iter_raw()
        return
    if len(encodings) > 1 or encodings[0] not in GZIP | {"deflate"}:
        found = f"the Content-Encoding {stated[:100]!r}"
        raise SourceAnswerError(address, response.status_code, found, "gzip, deflate or none")
    encoding = "gzip" if encodings[0] in GZIP else "deflate"
    chunks = response.iter_raw()
    first = next(chunks, b"")
    unpacker = Unpacker(PACKED if encoding == "gzip" else form_of_deflate(first), strict=False)
    try:
        for chunk in chain([first], chunks):
            yield from unpacker.unpack(chunk)
    except zlib.error:
        raise httpx.DecodingError(f"no {encoding}, as its Content-Encoding says") from None
    if response.num_bytes_downloaded and not unpacker.ended:
        raise httpx.DecodingError(f"{encoding} that ends too early")


def length_of(response: httpx.Response) -> int | None:
    """The bytes that an answer says it has, as they are sent; none where it says nothing that can be read."""
    given = response.headers.get("Content-Length", "")
    return int(given) if given.isascii() and given.isdigit() else None


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Read a `Retry-After` header: seconds or a date (RFC 9110, section 10.2.3). Anything else is `None`."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # as of a year with twenty digits
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - (now or datetime.now(UTC))).total_seconds(), 0.0)
