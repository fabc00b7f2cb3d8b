"""The address under which the application is served."""

from functools import lru_cache

from starlette.requests import Request
from starlette.types import Scope

from api.http.question import question_of

MAX_HOST = 300
"""Bytes of a Host header whose address is remembered: no name is longer, with its port."""


def base_of(scope: Scope) -> str:
    """The address under which the application is served, as the request has it."""
    server, host = scope.get("server"), question_of(scope).host  # a list with some servers
    base = _base if len(host) <= MAX_HOST else _base.__wrapped__
    return base(scope["scheme"], host, server and tuple(server), scope.get("root_path", ""))


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
