"""In front of the application: what every request gets, and answers that are sent again without asking it."""

import asyncio
import secrets
from datetime import UTC, datetime
from itertools import count
from math import inf
from time import perf_counter, time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.freshness import is_stale
from api.http.kept import AnswerStore, Keeper, Kept
from api.http.last import REFUSED
from api.http.paths import MAX_TARGET, is_data_path, is_never_limited, takes_uploads
from api.http.question import Question, question_of
from api.http.quota import Quota
from api.http.replies import RawHeaders
from api.http.tags import bare, has_it_already, held, http_date, newest, tag_of, unchanged_since
from api.observe.logs import request_id_now
from api.observe.traffic import KEPT, Traffic, Watched
from api.problems.kinds import ProblemItem, RefusedError
from db.watch.stamp import ReleaseStamp
from db.watch.watch import ReleaseWatch

MAX_BODY = 256 * 1024
"""Bytes of a request's body that are read; the longest text that /v1/classify takes fits well."""

BODY_SECONDS = 60.0
"""How long a body may stay away, without another byte of it, until it is not waited for any more."""

DATE_LAGS = 1
"""Seconds that the `Date` of an answer may be behind the clock: the server writes it once a second."""


class FrontLayer:
    """Gives each request an identifier, answers HEAD as GET without a body, limits clients and bodies, and keeps answers.

    A kept answer is sent before any other layer, routing, validation or the database is touched; so this layer does all
    that such an answer needs, in as few steps as it can.
    """

    def __init__(
        self,
        app: ASGIApp,
        releases: ReleaseWatch,
        version: str,
        room: int,
        traffic: Traffic,
        quota: Quota | None = None,
    ) -> None:
        self.app = app
        self.quota = quota
        self.watched = Watched(app, traffic)
        self.traffic = traffic
        self.releases = releases
        self.version = version
        self.store = AnswerStore(room)
        self.process = secrets.token_hex(8)
        self.requests = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["began"] = perf_counter()
        request_id = f"{self.process}{next(self.requests):016x}"
        added = [(b"x-request-id", request_id.encode())]
        is_head = scope["method"] == "HEAD"
        stamp = None
        if refusal := self._refusal(scope, added):
            scope = {**scope, "state": {**scope.get("state", {}), REFUSED: refusal}}
        elif (scope["method"] == "GET" or is_head) and is_data_path(scope):
            stamp = self.releases.remembered() or await newest(self.releases)
        if stamp is None:
            await self._pass_on(scope, receive, send, request_id, added, is_head, stamp)
            return
        stale, asked = is_stale(stamp.checked_at), question_of(scope)
        kept = self.store.find(stamp, stale, asked.key)
        if kept is None and not asked.conditional:  # who has it already is told so at once
            kept = await self.store.awaited(stamp, stale, asked.key)
        if kept is not None:
            status, headers, body = _again(kept, asked)
            headers = [*_dated(headers, stamp), *added]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if is_head else body})
            self.traffic.finished(scope, request_id, status, 0 if is_head else len(body), KEPT)
            return
        keeper = None
        self.store.misses += 1
        if not is_head:  # whose body may not be the one that GET has
            keeper = Keeper(self.store, stamp, stale, asked.key, tag_of(stamp, scope, self.version, stale))
        await self._pass_on(scope, receive, send, request_id, added, is_head, stamp, keeper)

    def _refusal(self, scope: Scope, added: RawHeaders) -> RefusedError | None:
        """Say why a request is not looked at, if so; what its client has left is `added` to the headers of the answer."""
        if self.quota is not None and scope.get("client") and not is_never_limited(scope):
            share = self.quota.take(scope["client"][0])
            added += share.headers
            if share.wait:
                message = f"more than {self.quota.a_minute:,} requests a minute"
                return RefusedError("too-many-requests", message, retry_after=share.wait)
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > MAX_TARGET:
            message = f"the path and its query are longer than {MAX_TARGET:,} bytes"
            return RefusedError("address-too-long", message, ProblemItem(parameter="path", message=message))
        return None

    async def _pass_on(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        request_id: str,
        added: RawHeaders,
        is_head: bool,
        stamp: ReleaseStamp | None,
        keeper: Keeper | None = None,
    ) -> None:
        scope = {**scope, "method": "GET"} if is_head else scope
        # `is_head` is for routes whose body would be long to read for nothing.
        scope.setdefault("state", {}).update(request_id=request_id, is_head=is_head)
        request_id_now.set(request_id)

        async def send_on(message: Message) -> None:
            if keeper is not None:
                keeper.see(message)
            if message["type"] == "http.response.start":
                dated = _dated(message.get("headers", []), scope["state"].get("release", stamp))
                message = {**message, "headers": [*dated, *added]}
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if keeper is not None:
            keeper.begin()
        try:
            most = inf if takes_uploads(scope) else MAX_BODY
            await self.watched(scope, _bounded(receive, most), send_on)
        finally:
            if keeper is not None:
                keeper.end()


def _again(kept: Kept, asked: Question) -> tuple[int, RawHeaders, bytes]:
    """A kept answer, or a 304 for who has it already."""
    if asked.conditional and has_it_already(asked.if_none_match, asked.if_modified_since, kept.etag, kept.modified):
        etag = held(asked.if_none_match or "", bare(kept.etag)) or kept.etag
        return 304, kept.not_modified(etag), b""
    return 200, kept.headers, kept.body


def _dated(headers: RawHeaders, made: ReleaseStamp | None) -> RawHeaders:
    """Say no later Last-Modified than the clock (RFC 9110, section 8.8.2.1), which that of a release runs ahead of where several
    are made within a second.

    Conditions are judged by the true date, so who sends back the one said here gets the answer anew, and never a wrong 304.
    """
    clock = int(time()) - DATE_LAGS
    if made is None or made.created_at.timestamp() <= clock:
        return headers
    now = http_date(datetime.fromtimestamp(clock, UTC))
    return [
        (
            name,
            now.encode() if name == b"last-modified" and not unchanged_since(now, value.decode("latin-1")) else value,
        )
        for name, value in headers
    ]


def _bounded(receive: Receive, most: float) -> Receive:
    """Stop reading a body that grows larger than `most` bytes, whatever length it claims to have, and one that stays away."""
    read, whole = 0, False

    async def receive_on() -> Message:
        nonlocal read, whole
        if whole:  # what is waited for now is the end of the connection
            return await receive()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, f"nothing more of the body came for {BODY_SECONDS:g} seconds") from None
        read += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if read > most:
            raise HTTPException(413, f"the body is larger than {most:,} bytes")
        return message

    return receive_on
