"""What a body is said to be: its Content-Type and its Content-Encoding, or a 415 that lists what is taken."""

import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.problems.kinds import ProblemItem, RefusedError

JSON = ("application/json",)
BASED_ON_JSON = re.compile(r"application/[^/\s]+\+json")
"""Kinds that are JSON with a meaning of their own (RFC 6839), such as `application/merge-patch+json`."""

PLAIN = ("identity",)
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
"""Names of UTF-8, and of what is a part of it."""


class JsonRoute(APIRoute):
    """A route that takes JSON in UTF-8 as it is, also under names that end in `+json`.

    What is said to be something else is not read.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request: FastAPI reads a body before it asks anything else, so this is asked first."""
        answer = super().get_route_handler()

        async def check_and_answer(request: Request) -> Response:
            if _has_body(request):  # where there is none, a key that is missing too is told first
                media_type(request, JSON, BASED_ON_JSON)
                encoding(request, PLAIN, JSON)
            return await answer(request)

        return check_and_answer


def media_type(request: Request, taken: Sequence[str], also: re.Pattern[str] | None = None) -> str:
    """Return the media type of a body, without its parameters; those that match `also` are taken like those that are listed.

    Raises:
        RefusedError: 415 for one that is not taken, or that is not in UTF-8.
    """
    sent = request.headers.get("content-type", "")
    kind, *parameters = (part.strip().lower() for part in sent.split(";"))
    if kind not in taken and not (also and also.fullmatch(kind)):
        raise _unsupported(request, "Content-Type", sent, taken, taken)
    for parameter in parameters:
        if parameter.startswith("charset=") and parameter[8:].strip('"') not in CHARSETS:
            raise _unsupported(request, "Content-Type", sent, [f"{kind}; charset=utf-8"], taken)
    return kind


def encoding(request: Request, taken: Sequence[str], types: Sequence[str]) -> str:
    """Return the encoding of a body; `types` are the media types that are taken.

    Raises:
        RefusedError: 415 for one that is not taken.
    """
    sent = ", ".join(request.headers.getlist("content-encoding")).strip().lower() or "identity"
    if sent not in taken:
        raise _unsupported(request, "Content-Encoding", sent, taken, types)
    return sent


def _has_body(request: Request) -> bool:
    """Whether a request says that it has a body (RFC 9112, section 6)."""
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def _unsupported(
    request: Request, header: str, sent: str, allowed: Sequence[str], types: Sequence[str]
) -> RefusedError:
    message = f"{header}: {sent[:100]!r} is not taken here"
    item = ProblemItem(parameter=header, value=sent[:100], message=message, allowed=list(allowed))
    return RefusedError("unsupported-media", message, item, **{f"accept_{request.method.lower()}": ", ".join(types)})
