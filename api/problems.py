"""What a problem is (RFC 9457): the kinds, with the status of each and what to do about it, and how one is written."""

import uuid
from difflib import get_close_matches

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
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
    "too-busy": (503, "Too many files are being sent at this moment"),
    "too-large": (413, "The request is too large"),
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
    "too-busy": "Ask again after `Retry-After` seconds, or take the file of a release: there is no bound on those.",
    "too-large": "Send less at once.",
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
    request_id: str = Field(description="Identifies this request in the log.")


class BadParameterError(Exception):
    """A parameter that is well formed but means nothing here; `kind` says which kind of problem it is."""

    def __init__(self, *items: ProblemItem, kind: str = "bad-parameter") -> None:
        super().__init__(items[0].message)
        self.items = list(items)
        self.kind = kind


def unknown_value(parameter: str, value: str, allowed: list[str], hints: dict[str, str] | None = None) -> ProblemItem:
    """Describe a value that is not in a closed list. `hints` maps further spellings to the valid value they mean."""
    spellings = {**{item.casefold(): item for item in allowed}, **(hints or {})}
    folded = value[:200].casefold()
    near = get_close_matches(folded, list(spellings), n=5, cutoff=0.6)
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
    status, title = PROBLEMS[kind]
    body = Problem(
        type=f"{str(request.base_url).rstrip('/')}/problems/{kind}",
        title=title,
        status=status,
        detail=detail,
        errors=items or [],
        request_id=getattr(request.state, "request_id", None) or uuid.uuid4().hex,
    )
    content = msgspec.json.encode(body.model_dump(exclude_none=True))
    named = {name.replace("_", "-").title(): str(value) for name, value in headers.items()}
    return Response(content, status, named, MEDIA_TYPE)
