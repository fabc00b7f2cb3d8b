"""Puts into words what is wrong with a parameter or a body, what is allowed and what is nearest."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from fastapi import Request

from api.problems.kinds import ProblemItem
from models.wrong_values import words_for

OF_REQUESTS = {
    "missing": "is needed",
    "string_pattern_mismatch": "must be {form}",
    "model_attributes_type": "must be a JSON object",
}
"""What is wrong with a request beside what can be wrong with any value (`models.wrong_values`)."""

FORMS = {
    "release_id": ["latest", "a whole number from 1"],
    "Idempotency-Key": ["1 to 255 visible ASCII characters without blanks"],
    "If-Match": ["*", "an ETag in its quotes, or several with commas"],
    "share_percent": ['a number with up to four decimals, such as "12.5"'],
    "reason": ["text that is not blank"],
    "reviewer": ["text that is not blank"],
}
"""What regular expressions say of parameters, and of members of bodies, in words."""

INSTEAD = {"release_id": "latest"}
"""What to send in place of what has another form."""

ALSO_CALLED = {"excel": "xlsx", "xls": "xlsx", "ndjson": "jsonl", "jsonlines": "jsonl"}
"""Other names of values, for suggestions."""


def from_validation(request: Request, error: Any) -> ProblemItem:
    """Turn one of Pydantic's errors into words that name the parameter, the value, what is allowed and the nearest."""
    context = error.get("ctx") or {}
    parameter = context.get("parameter") or _named(error["loc"])
    value = context.get("value", error.get("input"))
    shown = None if value is None or isinstance(value, dict) else _shown(value)
    if error["type"] == "extra_forbidden":
        return _unknown_parameter(request, parameter, shown, error["loc"])
    allowed = context.get("allowed")
    if error["type"] == "missing":
        allowed = _listed_values(request, parameter)
    if error["type"] == "string_pattern_mismatch":
        allowed = FORMS.get(str(error["loc"][-1]))
        context |= {"form": " or ".join(allowed or ["of another form"]), "suggestion": INSTEAD.get(parameter)}
    if allowed is None and "expected" in context:
        allowed = [item.strip(" '") for item in str(context["expected"]).replace(" or ", ", ").split(", ")]
    suggestion = context.get("suggestion") or _nearest_bound(context)
    is_meant = "suggestion" in context  # also where there is none
    if suggestion is None and not is_meant and allowed and shown:
        suggestion = _nearest_value(shown, allowed)
    words = _words(error["type"], context) or error["msg"]
    message = f"{parameter}: {words.removeprefix('Value error, ')}"
    return ProblemItem(parameter=parameter, value=shown, message=message, allowed=allowed, suggestion=suggestion)


def _words(kind: str, context: dict[str, Any]) -> str | None:
    return OF_REQUESTS[kind].format(**context) if kind in OF_REQUESTS else words_for(kind, context)


def _named(location: tuple[str | int, ...]) -> str:
    """Name a parameter, or a member of a body, by a JSON pointer where it lies deeper; a body as a whole is `body`."""
    if location[0] == "body" and len(location) > 2:
        return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location[1:])
    inner = [str(part) for part in location if part not in ("query", "path", "header", "body")]
    return inner[0] if inner and not inner[0].isdigit() else str(location[0])


def _unknown_parameter(
    request: Request, parameter: str, shown: str | None, location: tuple[str | int, ...]
) -> ProblemItem:
    known = _members(request, location[1:-1]) if location[0] == "body" else _parameters(request)
    near = get_close_matches(str(location[-1])[:200], known, n=1, cutoff=0.5)
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
    item = request.app.openapi()["paths"].get(getattr(route, "path_format", ""), {})
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


def _members(request: Request, path: Sequence[str | int]) -> list[str]:
    """Name the members of the body that the matched route takes, or of what lies in it under a path."""
    content = operation_of(request).get("requestBody", {}).get("content", {})
    found = _resolved(request, content.get("application/json", {}).get("schema", {}))
    for part in path:
        inner = found.get("items", {}) if isinstance(part, int) else found.get("properties", {}).get(part, {})
        found = _resolved(request, inner)
    return list(found.get("properties", {}))


def _resolved(request: Request, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema itself, where it is only named, or one that may be null beside it."""
    schema = next(iter(schema.get("anyOf", [])), schema)
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    named: dict[str, Any] = request.app.openapi()["components"]["schemas"].get(name, schema)
    return named
