"""Caching: every answer from the data has an entity tag, and who still has that answer gets a 304 in place of it.

The tag follows from the request and the release alone. So a tag that comes back is judged before any routing, without
validation and without the database; only what else can be asked (`*`, a date) needs to know the answer first.
"""

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.freshness import is_stale
from api.http.paths import is_data_path, needs_key
from api.http.tags import held, http_date, matches, strong, tag_of, unchanged_since
from db.watch import ReleaseStamp, ReleaseWatch

REVALIDATE = "public, max-age=0, must-revalidate"
VARY = ("Accept", "Accept-Encoding")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
ABOUT_THE_BODY = ("content-length", "content-type", "content-encoding", "content-disposition", "link")


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
        scope.setdefault("state", {})
        if is_data_path(scope) and scope["method"] in {"GET", "HEAD"}:
            asked = ", ".join(Headers(scope=scope).getlist("if-none-match"))
            stamp = await self._newest() if '"' in asked else None
            etag = stamp and held(asked, tag_of(stamp, scope, self.version, is_stale(stamp.checked_at)))
            if stamp and etag:
                await _not_modified(send, stamp, etag)
                return
        await self.app(scope, receive, Outgoing(scope, send, self.version))

    async def _newest(self) -> ReleaseStamp | None:
        found = self.releases.remembered()
        if found is None:
            try:
                found = await run_in_threadpool(self.releases.current)
            except SQLAlchemyError:
                return None  # the route meets the same and says so
        return found


async def _not_modified(send: Send, stamp: ReleaseStamp, etag: str) -> None:
    headers = {
        "etag": etag,
        "last-modified": http_date(stamp.created_at),
        "cache-control": REVALIDATE,
        "vary": ", ".join(VARY),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 304, "headers": raw})
    await send({"type": "http.response.body", "body": b""})


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
            message.setdefault("headers", [])
            self._complete(message, MutableHeaders(scope=message))
        elif self.without_body:
            if message.get("more_body", False):
                return  # the route may go on writing; what counts is where it ends
            message = {"type": "http.response.body", "body": b""}
        await self.send(message)

    def _complete(self, message: Message, headers: MutableHeaders) -> None:
        from_data = is_data_path(self.scope)
        if from_data:
            _add_vary(headers)
        if message["status"] >= 400 or needs_key(self.scope):
            headers["cache-control"] = "no-store"
            del headers["etag"]
        elif message["status"] == 200 and from_data and self.scope["method"] in {"GET", "HEAD"}:
            self._describe(headers)
            if self._has_it_already(headers):
                self.without_body = True
                message["status"] = 304
                for name in ABOUT_THE_BODY:
                    del headers[name]
        elif "content-encoding" in headers and headers.get("etag", "").startswith('"'):
            headers["etag"] = f"W/{headers['etag']}"  # a static file's tag names its bytes before they were compressed

    def _describe(self, headers: MutableHeaders) -> None:
        """Add what a 200 needs to be kept. The tag is that of the release which the route itself says it used."""
        stamp: ReleaseStamp | None = self.scope["state"].get("release")
        if stamp is not None:
            tag = tag_of(stamp, self.scope, self.version, self.scope["state"].get("stale", False))
            headers.setdefault("etag", strong(tag, headers.get("content-encoding")))
            headers.setdefault("last-modified", http_date(stamp.created_at))
        headers.setdefault("cache-control", REVALIDATE)
        base = str(Request(self.scope).base_url).rstrip("/")
        links = f'<{base}/openapi.json>; rel="describedby", <{LICENCE}>; rel="license"'
        headers["link"] = ", ".join([*headers.getlist("link"), links])

    def _has_it_already(self, headers: MutableHeaders) -> bool:
        """Judge what could not be judged before: `*`, the tag of a route's own, a date."""
        asked = Headers(scope=self.scope)
        if "if-none-match" in asked:
            listed = ", ".join(asked.getlist("if-none-match"))
            return listed.strip() == "*" or ("etag" in headers and matches(listed, headers["etag"]))
        since = asked.get("if-modified-since")
        return since is not None and "last-modified" in headers and unchanged_since(since, headers["last-modified"])


def _add_vary(headers: MutableHeaders) -> None:
    there = [name.strip() for line in headers.getlist("vary") for name in line.split(",") if name.strip()]
    known = {name.lower() for name in there}
    if "*" not in known:
        headers["vary"] = ", ".join([*(name for name in VARY if name.lower() not in known), *there])
