"""The address under which the application is served."""

from functools import lru_cache

from starlette.requests import Request
from starlette.types import Scope

from api.http.question import question_of

MAX_HOST = 300
"""Bytes of a Host header whose address is remembered: no name is longer, with its port."""


def base_of(scope: Scope) -> str:
    """The address under which the application is served, as the request has it."""
    return _served(scope, scope.get("root_path", ""))


def address_of(scope: Scope) -> str:
    """The whole address of a request, as Starlette's `Request.url` has it, which takes five times as long to make."""
    origin = _served(scope, "")
    if not origin:  # nothing says which server was asked
        return str(Request(scope).url)
    path = scope["path"].replace("?", "%3F").replace("#", "%23").replace("\\", "%5C")
    query = scope["query_string"].decode()
    return f"{origin}{path}?{query}" if query else f"{origin}{path}"


def _served(scope: Scope, root_path: str) -> str:
    server, host = scope.get("server"), question_of(scope).host  # a list with some servers
    base = _base if len(host) <= MAX_HOST else _base.__wrapped__
    return base(scope["scheme"], host, server and tuple(server), root_path)


@lru_cache(256)
def _base(scheme: str, host: bytes, server: tuple[str, int] | None, root_path: str) -> str:
    headers = [(b"host", host)] if host else []
    scope = {
        "type": "http",
        "scheme": scheme,
        "headers": headers,
        "server": server,
        "root_path": root_path,
        "path": "/",
    }
    return str(Request(scope).base_url).rstrip("/")
