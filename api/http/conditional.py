"""Caching: every answer from the data has an entity tag, and who still has that answer gets a 304 in place of it.

The tag follows from the request and the release alone. So a tag that comes back is judged before any routing, without
validation and without the database; only what else can be asked (`*`, a date) needs to know the answer first.
"""

from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers.frames import LICENCE
from api.answers.terms import SOURCES
from api.freshness import is_stale
from api.http.base import base_of
from api.http.last import REFUSED
from api.http.paths import is_data_path, needs_key
from api.http.question import question_of
from api.http.replies import ABOUT_THE_BODY, REVALIDATE, VARY, joined, not_modified, send_empty
from api.http.tags import has_it_already, held, http_date, newest, strong, tag_of
from db.watch.stamp import ReleaseStamp
from db.watch.watch import ReleaseWatch


class ConditionalLayer:
    """Answers 304 where nothing has changed; else adds what lets the answer be kept, or forbids to keep an error."""

    def __init__(self, app: ASGIApp, releases: ReleaseWatch, version: str) -> None:
        self.app = app
        self.releases = releases
        self.version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = REFUSED in scope.setdefault("state", {})  # who has the answer already is refused like the others
        if not refused and is_data_path(scope) and scope["method"] in {"GET", "HEAD"}:
            asked = question_of(scope).if_none_match or ""
            stamp = await newest(self.releases) if '"' in asked else None
            etag = stamp and held(asked, tag_of(stamp, scope, self.version, is_stale(stamp.checked_at)))
            if stamp and etag:
                await send_empty(send, 304, not_modified(etag, http_date(stamp.created_at)))
                return
        await self.app(scope, receive, Outgoing(scope, send, self.version))


class Outgoing:
    """Completes the headers of one answer on its way out, and drops its body where a 304 takes its place."""

    def __init__(self, scope: Scope, send: Send, version: str) -> None:
        self.scope = scope
        self.send = send
        self.version = version
        self.without_body = False

    async def __call__(self, message: Message) -> None:
        """Send a message on."""
        if message["type"] == "http.response.start":
            headers = joined(message.get("headers", []))
            message["status"] = self._complete(message["status"], headers)
            message["headers"] = list(headers.items())
        elif self.without_body:
            if message.get("more_body", False):
                return  # the route may go on writing; what counts is where it ends
            message = {"type": "http.response.body", "body": b""}
        await self.send(message)

    def _complete(self, status: int, headers: dict[bytes, bytes]) -> int:
        from_data = is_data_path(self.scope)
        if from_data:
            headers[b"vary"] = _vary(headers.get(b"vary", b""))
        if status >= 400 or needs_key(self.scope):
            headers[b"cache-control"] = b"no-store"
            headers.pop(b"etag", None)
        elif status == 200 and from_data and self.scope["method"] in {"GET", "HEAD"}:
            self._describe(headers)
            if self._has_it_already(headers):
                self.without_body = True
                for name in ABOUT_THE_BODY:
                    headers.pop(name, None)
                return 304
        elif b"content-encoding" in headers and headers.get(b"etag", b"").startswith(b'"'):
            # A static file's tag names its bytes before they were compressed.
            headers[b"etag"] = b"W/" + headers[b"etag"]
        return status

    def _describe(self, headers: dict[bytes, bytes]) -> None:
        """Add what a 200 needs to be kept. The tag is that of the release which the route itself says it used."""
        stamp: ReleaseStamp | None = self.scope["state"].get("release")
        if stamp is not None:
            tag = tag_of(stamp, self.scope, self.version, self.scope["state"].get("stale", False))
            headers.setdefault(b"etag", strong(tag, headers.get(b"content-encoding", b"").decode()).encode())
            headers.setdefault(b"last-modified", http_date(stamp.created_at).encode())
        headers.setdefault(b"cache-control", REVALIDATE.encode())
        links = _links(base_of(self.scope), self.scope["state"].get("open_terms", True)).encode("latin-1")
        headers[b"link"] = headers[b"link"] + b", " + links if b"link" in headers else links

    def _has_it_already(self, headers: dict[bytes, bytes]) -> bool:
        """Judge what could not be judged before: `*`, the tag of a route's own, a date."""
        asked = question_of(self.scope)
        if not asked.conditional:
            return False
        etag, modified = (headers.get(name, b"").decode("latin-1") or None for name in (b"etag", b"last-modified"))
        return has_it_already(asked.if_none_match, asked.if_modified_since, etag, modified)


def _links(base: str, all_open: bool) -> str:
    described = f'<{base}/openapi.json>; rel="describedby", <{LICENCE}>; rel="license"'
    return described if all_open else f'{described}, <{base}{SOURCES}>; rel="license"'


@lru_cache(64)
def _vary(sent: bytes) -> bytes:
    """What answers from the data vary by, beside what a route says."""
    there = [name.strip() for name in sent.decode("latin-1").split(",") if name.strip()]
    known = {name.lower() for name in there}
    if "*" in known:
        return sent
    return ", ".join([*(name for name in VARY if name.lower() not in known), *there]).encode("latin-1")
