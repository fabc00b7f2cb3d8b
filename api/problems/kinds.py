"""What a problem is (RFC 9457): the kinds, with the status of each and what to do about it, and how one is written."""

import uuid
from collections.abc import Callable, Sequence, Set
from difflib import SequenceMatcher, get_close_matches
from typing import Any

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel, Field

from db.keys import without_tokens

MEDIA_TYPE = "application/problem+json"
MOST_ITEMS = 20
"""Wrong parameters that an answer lists at most: a request can hold thousands, and each may come with all that is allowed."""

GONE_SECONDS = 5
"""After so many seconds it is worth asking a database again that did not answer."""

PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}

PROBLEMS = {
    "bad-parameter": (422, "A parameter cannot be understood"),
    "bad-request": (400, "The request cannot be read"),
    "bad-cursor": (400, "The cursor does not belong to this query"),
    "stale-cursor": (409, "The data changed since the cursor was given"),
    "not-acceptable": (406, "No format that is acceptable to you can be made"),
    "release-gone": (410, "The files of this release are not kept any more"),
    "bad-range": (416, "The file has no bytes in this range"),
    "not-found": (404, "Nothing is stored under this identifier"),
    "unknown-path": (404, "There is no such path"),
    "method-not-allowed": (405, "This path does not take this method"),
    "nothing-loaded": (503, "No data are loaded yet"),
    "database-not-ready": (503, "The database is not ready"),
    "too-slow": (408, "The body did not come"),
    "too-large": (413, "The request is too large"),
    "address-too-long": (414, "The address is too long"),
    "unauthorized": (401, "A key is needed"),
    "scope-missing": (403, "The key does not open this"),
    "writing-off": (403, "Writing is off"),
    "changed-meanwhile": (409, "What you decided on is not any more as you read it"),
    "unsupported-media": (415, "The body is of no kind that is taken here"),
    "records-refused": (422, "Nothing of what was sent was taken in"),
    "idempotency-key-reused": (422, "The Idempotency-Key came before with another request"),
    "precondition-required": (428, "The answer that you decided on has to be named"),
    "too-many-requests": (429, "You ask more often than one client may"),
    "busy": (503, "Too much is wanted at once"),
    "no-room": (503, "Nothing can be written just now"),
    "internal": (500, "Something went wrong here, not in your request"),
}
"""Kinds of problem: the last part of `type`, its status and its title. /problems/{kind} explains each."""

ADVICE = {
    "bad-parameter": "Each item of `errors` names the parameter, the value, what is allowed and the nearest valid name.",
    "bad-request": "See `detail`: the body is not what its Content-Type says.",
    "bad-cursor": "Ask for the first page again, without `cursor`, and follow `links.next` from there.",
    "stale-cursor": "Ask for the first page again, without `cursor`: its rows are those of the new release.",
    "not-acceptable": "Name a format that `errors` lists in `format=`, or its media type in the header Accept.",
    "release-gone": "Take the files of the newest release; /v1/releases/{id}/changes says what came between.",
    "bad-range": "`Content-Range` says how long the file is; ask for bytes before its end.",
    "not-found": "Look the identifier up in the list of its kind; `errors` suggests the nearest one that exists.",
    "unknown-path": "All paths are listed in /openapi.json and can be tried at /docs.",
    "method-not-allowed": "The header `Allow` names the methods that the path takes; reading is GET or HEAD.",
    "nothing-loaded": "Run `python -m api load`, which loads the data set that the program ships.",
    "database-not-ready": "The database cannot be reached or is at another revision; see `detail`. Try again later.",
    "too-slow": "Send it again in one go, or in smaller parts: a body that does not go on is given up.",
    "too-large": "Send less at once.",
    "address-too-long": "Ask for less at once: name fewer values, or send a long text in a body to /v1/classify.",
    "unauthorized": "Send `Authorization: Bearer` and a key that is not revoked; who runs the service makes them.",
    "scope-missing": "Take a key with the scope that the header WWW-Authenticate names.",
    "writing-off": "No key was made for this service: who runs it makes one with `python -m api keys create`.",
    "changed-meanwhile": "Ask for the row again, decide on what it says now, and send that with its new ETag.",
    "unsupported-media": "`errors` lists what is taken as Content-Type or Content-Encoding.",
    "records-refused": "`errors` says what is wrong, `instance` is the run. Put it right and send it again.",
    "idempotency-key-reused": "Take a new key for a new request; the same key only repeats the same one.",
    "precondition-required": "Send the ETag of the answer that you decided on as `If-Match`.",
    "too-many-requests": "Ask again after the seconds that `Retry-After` names; `RateLimit-Policy` says how many are answered.",
    "busy": "Ask again after the seconds that `Retry-After` names. The files of a release are always to be had.",
    "no-room": "Reading goes on. Ask again once who runs the service has made room; nothing of what you sent was kept.",
    "internal": "It is written down under `request_id`; tell us that identifier.",
}


class ProblemItem(BaseModel):
    """One thing that is wrong with a request."""

    parameter: str = Field(description="The parameter, or a JSON pointer into the body.", examples=["category"])
    value: str | None = Field(default=None, description="What was sent.", examples=["refuge_health"])
    message: str = Field(description="What is wrong with it.")
    allowed: list[str] | None = Field(default=None, description="What is allowed.")
    suggestion: str | None = Field(default=None, description="The nearest valid one.", examples=["refugee_health"])


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str = Field(description="Address of an explanation of this kind of problem.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What happened this time.")
    errors: list[ProblemItem] = Field(default_factory=list, description="Each thing that is wrong.")
    instance: str | None = Field(default=None, description="What it is about, where that has an address: a run.")
    request_id: str = Field(description="Identifies this request in the log.")


def listed(found: Sequence[Any], describe: Callable[[Any], ProblemItem], where: str) -> list[ProblemItem]:
    """Describe what is wrong, or where that is too much the first of it, and how much more there is in `where`."""
    if len(found) <= MOST_ITEMS:
        return [describe(one) for one in found]
    first = found[: MOST_ITEMS - 1]
    message = f"{where}: {len(found) - len(first):,} more errors are not listed here"
    return [*(describe(one) for one in first), ProblemItem(parameter=where, message=message)]


class RefusedError(Exception):
    """A request that is refused as a kind of problem, in words, with headers of its own."""

    def __init__(self, kind: str, detail: str, *items: ProblemItem, **headers: object) -> None:
        super().__init__(detail)
        self.kind = kind
        self.items = list(items)
        self.headers = headers


class BadParameterError(RefusedError):
    """A parameter that is well formed but means nothing here; `kind` says which kind of problem it is."""

    def __init__(self, *items: ProblemItem, kind: str = "bad-parameter") -> None:
        super().__init__(kind, items[0].message, *items)


def in_body(message: str) -> ProblemItem:
    """Describe what is wrong with a body as a whole."""
    return ProblemItem(parameter="body", message=message)


NEAR = 0.6
"""How alike words are that are suggested for each other, as `difflib` counts it."""


def unknown_value(
    parameter: str,
    value: str,
    allowed: list[str],
    hints: dict[str, str] | None = None,
    loaded: Set[str] = frozenset(),
    cutoff: float = NEAR,
) -> ProblemItem:
    """Describe a value that is not in a closed list. `hints` maps further spellings to the valid value they mean; of what is
    equally near, what is `loaded` comes first. `cutoff`: how alike two words must be, from 0 to 1, for one to be suggested."""
    spellings = {**{item.casefold(): item for item in allowed}, **(hints or {})}
    folded = value[:200].casefold()
    # Who does not say "not" means none that says so, and by one word the only code that has it, not one with the same letters.
    meant = [one for one in spellings if folded.startswith("not") or not one.startswith("not_")]
    worded = [one for one in meant if folded in one.split("_")]
    near = worded if len(worded) == 1 else get_close_matches(folded, meant, n=50 if loaded else 5, cutoff=cutoff)
    if loaded:
        near.sort(key=lambda one: (-SequenceMatcher(None, one, folded).ratio(), spellings[one] not in loaded))
    near.sort(key=lambda one: not one.startswith(folded))  # of those that are near, one that only goes on comes first
    return ProblemItem(
        parameter=parameter,
        value=value[:100],
        message=f"{parameter}: {value[:100]!r} is not a valid value",
        allowed=allowed,
        suggestion=spellings[near[0]] if near else None,
    )


def problem(
    request: Request, kind: str, detail: str, items: list[ProblemItem] | None = None, **headers: object
) -> Response:
    """Build the response for a kind of problem."""
    request_id = getattr(request.state, "request_id", None) or uuid.uuid4().hex
    instance = None if "location" not in headers else str(headers["location"])
    content = problem_body(str(request.base_url), kind, detail, request_id, items, instance)
    named = {name.replace("_", "-").title(): str(value) for name, value in headers.items()}
    return Response(content, PROBLEMS[kind][0], named, MEDIA_TYPE)


def problem_body(
    base: str,
    kind: str,
    detail: str,
    request_id: str,
    items: list[ProblemItem] | None = None,
    instance: str | None = None,
) -> bytes:
    """Write a problem as JSON; `base` is the address below which kinds of problems are explained."""
    status, title = PROBLEMS[kind]
    body = Problem(
        type=f"{base.rstrip('/')}/problems/{kind}",
        title=title,
        status=status,
        detail=detail,
        errors=items or [],
        instance=instance,
        request_id=request_id,
    )
    return _encoded(body.model_dump(exclude_none=True))


def _encoded(document: dict[str, Any]) -> bytes:
    """Encode a problem, also one that repeats what no encoding can write: JSON may hold half of a surrogate pair.

    It is shown as it would be escaped, `\\ud800`. Of keys that it repeats only their names are left.
    """
    try:
        encoded = msgspec.json.encode(document)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_writable(document))
    return without_tokens(encoded.decode()).encode()


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_writable(item) for item in value]
    return {name: _writable(item) for name, item in value.items()} if isinstance(value, dict) else value
