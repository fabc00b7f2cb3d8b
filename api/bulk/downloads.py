"""Serves a file that never changes: whole or in parts, kept by caches for ever, and checkable by its hash."""

import re
from base64 import b64encode
from datetime import datetime
from pathlib import Path

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from api.answers.files import content_type
from api.bulk.files import KeptFile
from api.http.replies import FOR_EVER
from api.http.tags import http_date, matches, unchanged_since
from api.problems.kinds import ProblemItem, problem

ONE_RANGE = "[0-9]{0,18}-[0-9]{0,18}"
RANGES = re.compile(rf"bytes\s*=\s*(?P<list>{ONE_RANGE}(\s*,\s*{ONE_RANGE})*)", re.IGNORECASE)
MAX_RANGES = 100


def download(request: Request, folder: Path, file: KeptFile, made_at: datetime) -> Response:
    """Answer with a file, with parts of it, or with a 304 where it is held already.

    Raises:
        FileNotFoundError: if it is not there any more.
    """
    headers = {
        "ETag": f'"{file.sha256}"',
        "Last-Modified": http_date(made_at),
        "Cache-Control": FOR_EVER,
        "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(file.sha256)).decode()}:",
    }
    if _is_held(request.headers, headers):
        return Response(status_code=304, headers=headers)
    return _Download(
        folder / file.name,
        headers=headers,
        media_type=content_type(file.format),
        filename=file.name,
        stat_result=(folder / file.name).stat(),
    )


def _is_held(asked: Headers, headers: dict[str, str]) -> bool:
    """Judge If-None-Match or, without it, If-Modified-Since (RFC 9110, section 13.2.2): before any Range."""
    if "if-none-match" in asked:
        listed = ", ".join(asked.getlist("if-none-match"))
        return listed.strip() == "*" or matches(listed, headers["ETag"])
    since = asked.get("if-modified-since")
    return since is not None and unchanged_since(since, headers["Last-Modified"])


class _Download(FileResponse):
    """Starlette's, with a problem for a range that is not there, and without reading the file for a HEAD."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        size = int(self.headers["content-length"])
        is_head = scope.get("state", {}).get("is_head", False)
        wanted = None if is_head else satisfiable(request.headers.get("range"), size)  # a Range counts for GET only
        if wanted == [] and self._counts(request.headers.get("if-range")):
            there = {"content_range": f"bytes */{size}", "accept_ranges": "bytes"}
            asked = request.headers["range"][:100]
            message = f"the file has {size} bytes, none of them in {asked!r}"
            item = ProblemItem(parameter="Range", value=asked, message=message, allowed=[f"bytes=0-{size - 1}"])
            await problem(request, "bad-range", message, [item], **there)(scope, receive, send)
            return
        # Starlette refuses what the standard says to ignore, so it gets to see only what can be given.
        headers = MutableHeaders(scope={**scope, "headers": list(scope["headers"])})
        del headers["range"]
        if wanted:
            headers["range"] = f"bytes={','.join(f'{first}-{last}' for first, last in wanted)}"
        scope = {**scope, "headers": headers.raw}
        if is_head:
            scope["method"] = "HEAD"
        await super().__call__(scope, receive, send)

    def _counts(self, if_range: str | None) -> bool:
        """Whether a Range counts: with an If-Range only for the very file that it names."""
        return if_range is None or if_range in (self.headers["etag"], self.headers["last-modified"])


def satisfiable(header: str | None, size: int) -> list[tuple[int, int]] | None:
    """Return the first and last byte of each range that a file has, as RFC 9110, section 14 reads a Range.

    `None`: there is no Range, or one to be ignored. An empty list: no byte of what it asks for is there.
    """
    found = RANGES.fullmatch((header or "").strip())
    if found is None:
        return None
    ranges = []
    for item in found["list"].split(","):
        first, _, last = item.strip().partition("-")
        if not first + last or (first and last and int(first) > int(last)):
            return None
        start = int(first) if first else max(size - int(last), 0)
        end = min(int(last), size - 1) if first and last else size - 1
        if start <= end:
            ranges.append((start, end))
    return ranges if len(ranges) <= MAX_RANGES else None
