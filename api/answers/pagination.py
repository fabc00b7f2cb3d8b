"""Cursors: opaque, bound to the query and the release they were given for."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote_plus

from fastapi import Request

from api.http.base import address_of
from api.problems.kinds import BadParameterError, ProblemItem
from models.release import Release

NOT_PART_OF_QUERY = {"cursor", "limit", "format", "fields"}
"""Parameters that only choose how much of a query's rows is shown, and how."""

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)')


def query_key(request: Request) -> str:
    """Name a query by its parameters without those that only choose how its rows are shown."""
    return key_of(request.scope["path"], request.query_params.multi_items())


def key_of(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Name the query of a path with parameters."""
    items = sorted((k, v) for k, v in parameters if k not in NOT_PART_OF_QUERY)
    return hashlib.sha256((path + query_of(items)).encode()).hexdigest()[:16]


def encode_cursor(request: Request, release: Release, position: list[Any]) -> str:
    """Make a cursor that goes on after a position."""
    text = _encoder.encode([release.release_id, query_key(request), position])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(request: Request, release_id: int | None, cursor: str | None) -> list[Any] | None:
    """Return the position that a cursor of a release holds.

    Raises:
        BadParameterError: if it is no cursor or one of another query (400), or one of another release (409).
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        of_release, key, position = json.loads(_flat(base64.urlsafe_b64decode(padded.encode("ascii")).decode()))
    except (ValueError, TypeError):
        raise _refused(cursor, "bad-cursor", "is not a cursor of ours: take it from links.next") from None
    if key != query_key(request) or not isinstance(position, list):
        raise _refused(cursor, "bad-cursor", "belongs to another query: start again without it")
    if of_release != release_id:
        message = f"belongs to release {of_release}, the data are now at {release_id}: start again without it"
        raise _refused(cursor, "stale-cursor", message)
    return position


class Paged(Protocol):
    """The parameters that say which page of a list is asked for."""

    limit: int | None
    cursor: str | None


def page_to_read(request: Request, release_id: int | None, params: Paged, page: int) -> tuple[list[Any] | None, int]:
    """From where on a page of JSON is read, and how many rows: one more than it shows, which says that there is a next page.

    `page` is the number of rows without a `limit`.

    Raises:
        BadParameterError: see `decode_cursor`.
    """
    return decode_cursor(request, release_id, params.cursor), (params.limit or page) + 1


def _flat(text: str) -> str:
    """Return JSON that is as deep as a cursor, which is a list in a list.

    Raises:
        ValueError: if it opens more than that outside of its texts: what is deep ends the parser, or what comes after it.
    """
    outside = _TEXTS.sub("", text)
    if outside.count("[") > 2 or "{" in outside:
        raise ValueError("no cursor is as deep")
    return text


def _refused(cursor: str, kind: str, message: str) -> BadParameterError:
    return BadParameterError(
        ProblemItem(parameter="cursor", value=cursor[:100], message=f"the cursor {message}"), kind=kind
    )


def page_link(request: Request, cursor: str) -> str:
    """The absolute address of the next page."""
    address = address_of(request.scope).partition("?")[0]
    sent = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{address}?{query_of([*sent, ('cursor', cursor)])}"


def query_of(sent: Iterable[tuple[str, str]]) -> str:
    """The query string of parameters, as `urllib` writes it."""
    return "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in sent])


_quoted = lru_cache(256)(quote_plus)  # most names and values are the same few
