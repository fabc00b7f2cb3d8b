"""Every error leaves the service as problem+json (RFC 9457). This is the one table of what becomes which status."""

import logging
import uuid
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from db.errors import (
    BadPositionError,
    DataError,
    NotFoundError,
    NothingLoadedError,
    PricesMissingError,
    SchemaOutdatedError,
)

log = logging.getLogger("api")

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
    "too-large": "Send less at once.",
    "internal": "It is written down under `request_id`; tell us that identifier.",
}


WORDS = {
    "missing": "is needed",
    "int_parsing": "is no whole number",
    "float_parsing": "is no number",
    "decimal_parsing": "is no number",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "has more than {max_length} characters",
    "json_invalid": "is no JSON: {error}",
}
"""What is wrong, by Pydantic's kinds of error, in words for those who never heard of Pydantic."""

ALSO_CALLED = {"excel": "xlsx", "xls": "xlsx", "ndjson": "jsonl", "jsonlines": "jsonl"}
"""Other names of values, for suggestions."""


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


def install(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        for one in error.errors():
            if one["type"] == "json_invalid":
                what = (one.get("ctx") or {}).get("error", "it ends too early")
                return problem(request, "bad-request", f"the body is no JSON at character {one['loc'][-1]}: {what}")
        items = [_from_validation(request, one) for one in error.errors()]
        return problem(request, "bad-parameter", items[0].message, items)

    @app.exception_handler(BadParameterError)
    async def bad_parameter(request: Request, error: BadParameterError) -> Response:
        return problem(request, error.kind, str(error), error.items)

    @app.exception_handler(NotFoundError)
    async def not_found(request: Request, error: NotFoundError) -> Response:
        item = ProblemItem(
            parameter=f"{error.kind}_id",
            value=error.identifier[:100],
            message=f"there is no {error.kind} {error.identifier[:100]!r}",
            suggestion=error.suggestion,
        )
        return problem(request, "not-found", item.message, [item])

    @app.exception_handler(BadPositionError)
    async def bad_position(request: Request, error: BadPositionError) -> Response:
        item = ProblemItem(
            parameter="cursor", value=request.query_params.get("cursor", "")[:100], message=f"the cursor: {error}"
        )
        return problem(request, "bad-cursor", item.message, [item])

    @app.exception_handler(PricesMissingError)
    async def prices_missing(request: Request, error: PricesMissingError) -> Response:
        return problem(request, "bad-parameter", str(error), _without_prices(request, error))

    @app.exception_handler(DataError)
    async def data_error(request: Request, error: DataError) -> Response:
        kind = "nothing-loaded" if isinstance(error, NothingLoadedError) else "database-not-ready"
        detail = str(error) if isinstance(error, NothingLoadedError | SchemaOutdatedError) else PROBLEMS[kind][1]
        return problem(request, kind, detail)

    @app.exception_handler(OperationalError)
    async def database_gone(request: Request, error: OperationalError) -> Response:
        log.warning("request %s: the database did not answer: %s", request.state.request_id, error.orig)
        return problem(request, "database-not-ready", "the database did not answer", retry_after=5)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return _from_status(request, error)

    @app.exception_handler(Exception)
    async def layer_failed(request: Request, error: Exception) -> Response:
        # This answer is made outside the layer that names requests, so it carries the name itself.
        return unforeseen_problem(request, error, x_request_id=getattr(request.state, "request_id", ""))


def unforeseen_problem(request: Request, error: Exception, **headers: object) -> Response:
    """Write an error that nobody foresaw into the log, and answer with nothing but its number."""
    log.error("request %s failed", getattr(request.state, "request_id", ""), exc_info=error)
    return problem(request, "internal", "an error that was not foreseen", None, **headers)


def _without_prices(request: Request, error: PricesMissingError) -> list[ProblemItem]:
    """Say which parameters would leave out the years that have no price index."""
    index = error.index
    base_year = request.query_params.get("base_year", "")
    if base_year.isdigit() and int(base_year) in error.years:
        allowed = [str(year) for year in index.by_year]
        near = allowed[-1] if int(base_year) > index.last_year else allowed[0]
        return [
            ProblemItem(
                parameter="base_year", value=base_year, message=f"base_year: {error}", allowed=allowed, suggestion=near
            )
        ]
    hints = ["status=Active,Closed"] * error.not_approved
    hints += [f"year_to={index.last_year}"] * bool(error.years)
    item = ProblemItem(parameter="prices", value="constant", message=f"prices: {error}", suggestion="&".join(hints))
    return [item]


def _from_status(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        taken = _methods(request)
        allow = ", ".join(taken)
        message = f"{request.method[:100]} is not taken here, only {allow}"
        item = ProblemItem(parameter="method", value=request.method[:100], message=message, allowed=taken)
        return problem(request, "method-not-allowed", message, [item], allow=allow)
    if error.status_code == HTTPStatus.NOT_FOUND:
        paths = [path for path in request.app.openapi()["paths"] if "{" not in path]
        near = get_close_matches(request.url.path[:200].casefold(), paths, n=1, cutoff=0.6)
        item = ProblemItem(
            parameter="path", value=request.url.path[:100], message="no such path", suggestion=near[0] if near else None
        )
        return problem(request, "unknown-path", f"there is no path {request.url.path[:100]!r}", [item])
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem(request, "too-large", str(error.detail))
    return problem(request, "bad-request", str(error.detail))


def _methods(request: Request) -> list[str]:
    """List the methods of a path, over all of its routes; a folder of files only reads."""
    taken = [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        for route in request.app.routes
        if not isinstance(route, Mount) and route.matches({**request.scope, "method": method})[0] is Match.FULL
    ] or ["GET"]
    return [*dict.fromkeys(taken), *(["HEAD"] if "GET" in taken else []), "OPTIONS"]


def _from_validation(request: Request, error: Any) -> ProblemItem:
    """Turn one of Pydantic's errors into words that name the parameter, the value, what is allowed and the nearest."""
    context = error.get("ctx") or {}
    parameter = context.get("parameter") or _named(error["loc"])
    value = context.get("value", error.get("input"))
    shown = None if value is None or isinstance(value, dict) else _shown(value)
    if error["type"] == "extra_forbidden":
        return _unknown_parameter(request, parameter, shown, in_body=error["loc"][0] == "body")
    allowed = context.get("allowed")
    if error["type"] == "missing":
        allowed = _listed_values(request, parameter)
    if allowed is None and "expected" in context:
        allowed = [item.strip(" '") for item in str(context["expected"]).replace(" or ", ", ").split(", ")]
    suggestion = context.get("suggestion") or _nearest_bound(context)
    if suggestion is None and allowed and shown:
        suggestion = _nearest_value(shown, allowed)
    words = WORDS[error["type"]].format(**context) if error["type"] in WORDS else error["msg"]
    message = f"{parameter}: {words.removeprefix('Value error, ')}"
    return ProblemItem(parameter=parameter, value=shown, message=message, allowed=allowed, suggestion=suggestion)


def _named(location: tuple[str | int, ...]) -> str:
    """Name a parameter, or a member of a body; what is wrong with a body as a whole stands under `body`."""
    inner = [str(part) for part in location if part not in ("query", "path", "body")]
    return inner[0] if inner and not inner[0].isdigit() else str(location[0])


def _unknown_parameter(request: Request, parameter: str, shown: str | None, in_body: bool) -> ProblemItem:
    known = _body_members(request) if in_body else _parameters(request)
    near = get_close_matches(parameter, known, n=1, cutoff=0.5)
    return ProblemItem(
        parameter=parameter[:100],
        value=shown,
        message=f"there is no parameter {parameter[:100]!r} here",
        allowed=known,
        suggestion=near[0] if near else None,
    )


def _nearest_bound(context: dict[str, Any]) -> str | None:
    """The least or the most that is allowed, for a number beyond it."""
    bound = next((context[name] for name in ("ge", "le") if name in context), None)
    return None if bound is None else f"{bound:g}" if isinstance(bound, float) else str(bound)


def _nearest_value(shown: str, allowed: list[str]) -> str | None:
    spellings = {name: name for name in allowed} | {k: v for k, v in ALSO_CALLED.items() if v in allowed}
    near = get_close_matches(shown.casefold(), list(spellings), n=1, cutoff=0.6)
    return spellings[near[0]] if near else None


def _shown(value: object) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return str(value)[:100]


def operation_of(request: Request) -> dict[str, Any]:
    """What the OpenAPI document says of the matched route; nothing for routes that are not in it."""
    route = request.scope.get("route")
    item = request.app.openapi()["paths"].get(getattr(route, "path", ""), {})
    found: dict[str, Any] = item.get("get" if request.method == "HEAD" else request.method.lower(), {})
    return found


def _parameters(request: Request) -> list[str]:
    """Name the query parameters of the matched route."""
    return [item["name"] for item in operation_of(request).get("parameters", []) if item["in"] == "query"]


def _listed_values(request: Request, parameter: str) -> list[str] | None:
    """The closed list of what a parameter takes, where it has one."""
    schemas = [p["schema"] for p in operation_of(request).get("parameters", []) if p["name"] == parameter]
    found: list[str] | None = schemas[0].get("items", schemas[0]).get("enum") if schemas else None
    return found


def _body_members(request: Request) -> list[str]:
    """Name the members of the body that the matched route takes."""
    content = operation_of(request).get("requestBody", {}).get("content", {})
    name = str(content.get("application/json", {}).get("schema", {}).get("$ref", "")).rpartition("/")[2]
    return list(request.app.openapi()["components"]["schemas"].get(name, {}).get("properties", {}))
