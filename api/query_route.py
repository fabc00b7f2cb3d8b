"""A route whose parameters are a model of its query string and parts of its path, read without a detour.

FastAPI asks at each request of each declared parameter what kind it is; for a list of components that takes as long as the
database. A model's fields do not change, so here that is asked once. What is declared, documented and refused stays the same.
"""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, iscoroutinefunction, signature
from typing import Annotated, Any, get_args, get_origin

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import Path, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams, URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import Receive, Scope, Send

from api.http.paths import local_path
from api.params.repeats import of_model, refuse_ignored

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class QueryRoute(APIRoute):
    """Like any other route. Routes that ask for more than the request, one model of the query and words of the path are
    left as they are."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        return self.direct or super().get_route_handler()

    @cached_property
    def direct(self) -> Handler | None:
        """What answers a request without a detour, where that is possible."""
        shape = signature(self.endpoint)
        asked = {name: one for name, one in shape.parameters.items() if name != "request"}
        models = {name: model for name, one in asked.items() if (model := _query_model(one)) is not None}
        words = asked.keys() - models.keys()
        answers = iscoroutinefunction(self.endpoint) and _is_kind(shape.return_annotation, Response)
        if not answers or len(models) != 1 or not all(self._is_word(asked[name]) for name in words):
            return None
        (name, model), endpoint = models.popitem(), self.endpoint
        read = QueryReader.of(model)

        async def answer(request: Request) -> Response:
            await refuse_ignored(request)  # which all routes depend on
            given = {part: request.path_params[part] for part in words} | {name: read(request.query_params)}
            response: Response = await endpoint(request=request, **given)
            return response

        return answer

    def _is_word(self, parameter: Parameter) -> bool:
        """Whether it is a part of the path that is taken as it stands."""
        kind, *notes = get_args(parameter.annotation) or (parameter.annotation,)
        plain = all(isinstance(note, Path) and not note.metadata for note in notes)
        return kind is str and plain and f"{{{parameter.name}}}" in self.path


class DirectRoutes(BaseRoute):
    """Leads straight to those among some routes that can be answered directly. All else is left to the routes behind.

    A router asks each route of each module in turn, and those of the module that has it twice; and it makes stacks for what
    dependencies leave to be closed, of which there is nothing here. Errors are looked after further out, in the same way.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        reading = [route for route in routes if isinstance(route, Route) and "GET" in (route.methods or ())]
        self.routes = [(route.path_regex, route if isinstance(route, QueryRoute) else None) for route in reading]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Find the route of a request, if it is one that can be answered directly."""
        if scope["type"] == "http" and scope["method"] == "GET":
            path = local_path(scope)
            for pattern, route in self.routes:
                if found := pattern.match(path):
                    if route is None or route.direct is None:
                        break
                    return Match.FULL, {"route": route, "endpoint": route.endpoint, "path_params": found.groupdict()}
        return Match.NONE, {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Leave it to the routes themselves to say where they are."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        response = await scope["route"].direct(Request(scope, receive, send))
        await response(scope, receive, send)


@dataclass(frozen=True, slots=True)
class QueryReader:
    """Reads a query string into a model. `lists`: the parameters of which every value counts; of others the last does."""

    model: type[BaseModel]
    singles: frozenset[str]
    lists: frozenset[str]

    @classmethod
    def of(cls, model: type[BaseModel]) -> "QueryReader":
        """Make the reader of a model."""
        declared = of_model(model)
        lists = frozenset(name for name, single in declared if not single)
        return cls(model, frozenset(name for name, _ in declared) - lists, lists)

    def __call__(self, query: QueryParams) -> Any:
        """Return the model.

        Raises:
            RequestValidationError: names each parameter that is wrong, as FastAPI does.
        """
        given: dict[str, Any] = {}
        for name, value in query.multi_items():
            if name in self.lists:
                given.setdefault(name, []).append(value)
            elif name in self.singles or name not in given:
                given[name] = value
            else:  # nobody asks for it; that it came several times is part of what is refused
                given[name] = [*given[name], value] if isinstance(given[name], list) else [given[name], value]
        try:
            return self.model.model_validate(given)
        except ValidationError as error:
            found = error.errors(include_url=False)
            raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in found]) from None


def _query_model(parameter: Parameter) -> type[BaseModel] | None:
    if get_origin(parameter.annotation) is not Annotated:
        return None
    kind, *notes = get_args(parameter.annotation)
    return kind if _is_kind(kind, BaseModel) and any(isinstance(note, Query) for note in notes) else None


def _is_kind(found: Any, wanted: type) -> bool:
    return isinstance(found, type) and issubclass(found, wanted)
