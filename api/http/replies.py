"""Answers that need no route: their headers, and how they are sent."""

from collections.abc import Iterable

from starlette.types import Send

REVALIDATE = "public, max-age=0, must-revalidate"
FOR_EVER = "public, max-age=31536000, immutable"
VARY = ("Accept", "Accept-Encoding")
ABOUT_THE_BODY = (b"content-length", b"content-type", b"content-encoding", b"content-disposition", b"link")
"""Headers that a 304 has no use for."""

RawHeaders = list[tuple[bytes, bytes]]


def not_modified(etag: str, modified: str) -> RawHeaders:
    """The headers of a 304."""
    headers = {"etag": etag, "last-modified": modified, "cache-control": REVALIDATE, "vary": ", ".join(VARY)}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by their names. Several of one name become one, as all but Set-Cookie may, which no answer of ours has."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = found[name] + b", " + value if name in found else value
    return found


async def send_empty(send: Send, status: int, headers: RawHeaders) -> None:
    """Send an answer that has no body."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
