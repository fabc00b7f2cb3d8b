"""Query parameters that no route would look at: one sent twice that takes a single value, and any where none is taken."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.http.paths import is_api_path, local_path
from api.problems.kinds import BadParameterError, ProblemItem, listed


async def refuse_ignored(request: Request) -> None:
    """Refuse what would go unseen, for nothing that is asked is ignored.

    Raises:
        BadParameterError: names each such parameter and what was sent with it.
    """
    sent = request.query_params.multi_items()
    if not sent:
        return
    route = request.scope.get("route")
    if len({name for name, _ in sent}) == len(sent) and isinstance(route, APIRoute) and any(_declared(route.dependant)):
        return  # as nearly always
    known = query_parameters(route) if isinstance(route, APIRoute) else {}
    repeated = [name for name, count in Counter(name for name, _ in sent).items() if count > 1]
    items = [_repeated(name, [value for key, value in sent if key == name]) for name in repeated if known.get(name)]
    if not known and is_api_path(request.scope) and local_path(request.scope) != "/":
        items = listed(sent, lambda one: _unknown(*one), where="query")
    if items:
        raise BadParameterError(*items)


def query_parameters(route: APIRoute) -> dict[str, bool]:
    """The query parameters of a route by name; true for those that take a single value.

    They are read off the route: the document, which says the same, takes longer to make than a server to start.
    """
    return dict(_declared(route.dependant))


def _declared(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Name the query parameters that a route and its dependencies declare; true for those that take a single value."""
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from of_model(annotation)
        else:
            yield field.alias, _single(annotation)
    for inner in dependant.dependencies:
        yield from _declared(inner)


@cache
def of_model(model: type[BaseModel]) -> tuple[tuple[str, bool], ...]:
    """Name the parameters that a model of a query declares; true for those that take a single value."""
    return tuple((field.alias or name, _single(field.annotation)) for name, field in model.model_fields.items())


def _single(annotation: Any) -> bool:
    return get_origin(annotation) is not list


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
