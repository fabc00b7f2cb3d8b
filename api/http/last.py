"""Right around the routes: OPTIONS on every path, what was refused before, and a problem for an error that nobody foresaw."""

import re

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems.errors import unforeseen_problem, unknown_path
from api.problems.kinds import RefusedError, problem

REFUSED = "refused"
"""Where the state of a request says why the layer in front will not have it looked at."""

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""What no path has. Routes pass over a line feed at its end, so that `/metrics%0A` would lead to where `/metrics` does, past
all that goes by the path."""


class LastLayer:
    """The innermost layer, right around the routes, so that what it says gets all the headers of the others.

    It answers OPTIONS, says what the layer in front refused, refuses addresses that hold control characters, and turns an
    error that nobody foresaw into a problem.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal: RefusedError | None = scope.get("state", {}).get(REFUSED)
        if refusal is not None:
            said = problem(Request(scope), refusal.kind, str(refusal), refusal.items, **refusal.headers)
            await said(scope, receive, send)
            return
        if CONTROL.search(scope["path"]):
            await unknown_path(Request(scope))(scope, receive, send)
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
