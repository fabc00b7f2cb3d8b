"""A route of ours reads what FastAPI reads from a query string, and refuses what it refuses in the same words."""

from typing import Annotated, Any
from urllib.parse import urlencode

import anyio
import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.params.lists import ComponentsParams, ProjectsParams
from api.params.repeats import of_model
from api.params.spend import RatioParams, SpendParams
from api.query_route import QueryReader, QueryRoute
from api.routers.components import ComponentParams
from tests.conftest import Get

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
