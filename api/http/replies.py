"""Answers that need no route: their headers, and how they are sent."""

from starlette.types import Send

REVALIDATE = "public, max-age=0, must-revalidate"
FOR_EVER = "public, max-age=31536000, immutable"
VARY = ("Accept", "Accept-Encoding")
ABOUT_THE_BODY = ("content-length", "content-type", "content-encoding", "content-disposition", "link")
"""Headers that a 304 has no use for."""

RawHeaders = list[tuple[bytes, bytes]]


def not_modified(etag: str, modified: str) -> RawHeaders:
    """The headers of a 304."""
    headers = {"etag": etag, "last-modified": modified, "cache-control": REVALIDATE, "vary": ", ".join(VARY)}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def send_empty(send: Send, status: int, headers: RawHeaders) -> None:
    """Send an answer that has no body."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
