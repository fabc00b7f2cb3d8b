"""What every request gets: an identifier, a limit for its body, and an answer to HEAD and OPTIONS on every path."""

import uuid

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import unforeseen_problem
from api.http.paths import takes_uploads

MAX_BODY = 256 * 1024
"""Bytes of a request's body that are read; the longest text that /v1/classify takes fits well."""


class RequestLayer:
    """The outermost layer: gives each request an identifier, answers HEAD as GET without a body, limits bodies."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        is_head = scope["method"] == "HEAD"
        if is_head:
            scope = {**scope, "method": "GET"}
        scope["state"]["is_head"] = is_head  # for routes whose body would be long to read for nothing

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive if takes_uploads(scope) else _limited(receive), send_on)


def _limited(receive: Receive) -> Receive:
    """Stop reading a body that grows too large, whatever length it claims to have."""
    read = 0

    async def receive_on() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY:
            raise HTTPException(413, f"the body is larger than {MAX_BODY:,} bytes")
        return message

    return receive_on


class LastLayer:
    """The innermost layer, right around the routes, so that what it says gets all the headers of the others.

    It answers OPTIONS, and turns an error that nobody foresaw into a problem.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = refused = False

        async def send_on(message: Message) -> None:
            nonlocal started, refused
            if message["type"] == "http.response.start":
                started = True
                refused = scope["method"] == "OPTIONS" and message["status"] == 405
                if refused:  # no route takes OPTIONS itself, but the refusal lists what the path takes
                    allow = [(name, value) for name, value in message["headers"] if name == b"allow"]
                    message = {**message, "status": 204, "headers": allow}
            elif refused:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        except Exception as error:
            if started:
                raise  # half an answer is out: only a broken connection tells the client that it is not whole
            await unforeseen_problem(Request(scope), error)(scope, receive, send)
