"""A route of ours reads what FastAPI reads from a query string, and refuses what it refuses in the same words."""

from typing import Annotated, Any
from urllib.parse import urlencode

import anyio
import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from starlette.routing import Match
from starlette.types import Scope

from api.params.lists import ComponentsParams, ProjectsParams
from api.params.repeats import of_model
from api.params.spend import RatioParams, SpendParams
from api.query_route import DirectRoutes, QueryReader, QueryRoute
from api.routers.components import ComponentParams
from tests.conftest import Get, client_of

MODELS = (ComponentsParams, ProjectsParams, SpendParams, RatioParams, ComponentParams)
VALUES = (
    "",
    "1",
    "2016",
    "-1",
    "JOR",
    "JOR,LBN",
    "true",
    "csv",
    "json",
    "category,year",
    "direct",
    "remittances",
    "1e3",
    "é",
)


def _ask(app: FastAPI, path: str) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.get(path)

    return anyio.run(send)


def _app(model: Any, route_class: type[APIRoute]) -> FastAPI:
    app, router = FastAPI(), APIRouter(route_class=route_class)

    @router.get("/{word}")
    async def read(request: Request, word: str, params: Annotated[model, Query()]) -> JSONResponse:
        return JSONResponse({"word": word, "read": params.model_dump(mode="json")})

    @app.exception_handler(RequestValidationError)
    async def refuse(_request: Request, error: RequestValidationError) -> JSONResponse:
        said = [{"type": one["type"], "loc": one["loc"], "input": one["input"]} for one in error.errors()]
        return JSONResponse({"refused": said}, 422)

    app.include_router(router)
    return app


APPS = {model: (_app(model, APIRoute), _app(model, QueryRoute)) for model in MODELS}


@st.composite
def _queries(draw: st.DrawFn, model: Any) -> list[tuple[str, str]]:
    """Parameters with values, most of them known ones. Those that take one value come once: else they are refused before."""
    lists = [name for name, single in of_model(model) if not single]
    singles = [name for name, single in of_model(model) if single]
    values = st.sampled_from(VALUES)
    once = draw(st.dictionaries(st.sampled_from([*singles, "contry", "x"]), values, max_size=3))
    many = draw(st.lists(st.tuples(st.sampled_from([*lists, "nobody"]), values), max_size=4))
    return draw(st.permutations([*once.items(), *many]))


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data())
def test_a_query_is_read_as_fastapi_reads_it(model: Any, data: st.DataObject) -> None:
    query = urlencode(data.draw(_queries(model)))
    theirs, ours = (_ask(app, f"/a%20word?{query}") for app in APPS[model])
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())


def test_routes_that_ask_for_more_are_left_as_they_are() -> None:
    router = APIRouter(route_class=QueryRoute)

    async def other() -> str:
        return "else"

    @router.get("/numbers/{number}")
    async def numbers(number: int, params: Annotated[ComponentParams, Query()]) -> dict[str, Any]:
        return {"number": number + 1}

    @router.get("/more")
    async def more(params: Annotated[ComponentParams, Query()], something: Annotated[str, Depends(other)]) -> str:
        return something

    app = FastAPI()
    app.include_router(router)
    assert _ask(app, "/numbers/1?format=csv").json() == {"number": 2}
    assert _ask(app, "/numbers/one").status_code == 422
    assert _ask(app, "/more").json() == "else"


def _route_of(routes: DirectRoutes, path: str, **other: str) -> str | None:
    """The path of the route that a request is led straight to, if there is one."""
    _match, found = routes.matches({"type": "http", "method": "GET", "path": path, **other})
    return found["route"].path if found else None


def test_the_short_way_leaves_what_others_are_asked_first() -> None:
    first, then = APIRouter(prefix="/a"), APIRouter(prefix="/a", route_class=QueryRoute)

    @first.get("/theirs")
    @first.post("/{word}")
    async def theirs() -> str:
        return "theirs"

    @then.get("/{word}")
    @then.get("/{word}/more")
    async def ours(word: str, params: Annotated[ComponentParams, Query()]) -> Response:
        return Response(word)

    @then.get("/b/{number}")
    async def numbers(number: int, params: Annotated[ComponentParams, Query()]) -> Response:
        return Response()

    routes = DirectRoutes([*first.routes, *then.routes])
    assert _route_of(routes, "/a/x") == _route_of(routes, "/base/a/x", root_path="/base") == "/a/{word}"
    assert _route_of(routes, "/a/x/more") == "/a/{word}/more"
    assert _route_of(routes, "/a/theirs") is None
    assert _route_of(routes, "/a/b/1") is None
    assert _route_of(routes, "/a/x", method="POST") is None
    assert _route_of(routes, "/a/x", type="websocket") is None
    app = FastAPI(routes=[routes])
    app.include_router(first)
    assert app.url_path_for("theirs") == "/a/theirs"  # which the router asks its routes for, one after the other


def test_the_short_way_leads_where_the_long_one_does(loaded: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = (
        "components?limit=2",
        "components/nobody",
        "projects/P174085",
        "spend/ratio",
        "reviews/form",
        "releases?x=1",
    )
    whole, taken, get = DirectRoutes.matches, list[str](), client_of(loaded, room=0)
    short = [_said(get(f"/v1/{path}")) for path in paths]

    def matches(self: DirectRoutes, scope: Scope) -> tuple[Match, Scope]:
        if whole(self, scope)[0] is Match.FULL:
            taken.append(scope["path"])
        return Match.NONE, {}

    monkeypatch.setattr(DirectRoutes, "matches", matches)
    assert [_said(get(f"/v1/{path}")) for path in paths] == short
    assert len(taken) == len(paths)


def _said(answer: httpx.Response) -> tuple[int, dict[str, str], str]:
    """An answer without what differs each time."""
    number = answer.headers.pop("x-request-id")
    return answer.status_code, dict(answer.headers), answer.text.replace(number, "")


def test_the_busiest_routes_are_read_this_way(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = QueryReader.__call__

    def seen(self: QueryReader, query: Any) -> Any:
        read.append(self.model.__name__)
        return whole(self, query)

    monkeypatch.setattr(QueryReader, "__call__", seen)
    for path in ("components", "components/P174085-3", "projects", "projects/P174085", "spend", "spend/ratio"):
        get(f"/v1/{path}")
    assert len(read) == 6, read
