"""Query parameters that no route would look at: one sent twice that takes a single value, and any where none is taken."""

from collections import Counter
from typing import Any

from fastapi import Request

from api.http.paths import is_api_path, local_path
from api.problems import BadParameterError, ProblemItem
from api.wrong_input import operation_of


async def refuse_ignored(request: Request) -> None:
    """Refuse what would go unseen, for nothing that is asked is ignored.

    Raises:
        BadParameterError: names each such parameter and what was sent with it.
    """
    sent = request.query_params.multi_items()
    if not sent:
        return
    known = _query_parameters(request)
    repeated = [name for name, count in Counter(name for name, _ in sent).items() if count > 1]
    items = [_repeated(name, [value for key, value in sent if key == name]) for name in repeated if known.get(name)]
    if not known and is_api_path(request.scope) and local_path(request.scope) != "/":
        items += [_unknown(name, value) for name, value in sent]
    if items:
        raise BadParameterError(*items)


def _query_parameters(request: Request) -> dict[str, bool]:
    """The query parameters of the route by name; true for those that take a single value."""
    found: list[dict[str, Any]] = operation_of(request).get("parameters", [])
    return {item["name"]: item["schema"].get("type") != "array" for item in found if item["in"] == "query"}


def _repeated(name: str, values: list[str]) -> ProblemItem:
    return ProblemItem(
        parameter=name,
        value=", ".join(values)[:100],
        message=f"{name}: is there {len(values)} times and takes one value",
    )


def _unknown(name: str, value: str) -> ProblemItem:
    return ProblemItem(
        parameter=name[:100],
        value=value[:100],
        message=f"there is no parameter {name[:100]!r} here: this path takes none",
        allowed=[],
    )
