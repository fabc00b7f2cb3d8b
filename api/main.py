"""Puts the application together."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from api import errors
from api.openapi import DESCRIPTION, TAGS, install_openapi
from api.routers import classify, components, headline, health, home, problems, projects, reference, reviews, spend
from db.engine import make_engine
from db.settings import get_settings

VERSION = "0.1.0"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def create_app(engine: Engine | None = None) -> FastAPI:
    """Make the application on an engine, or on the database that the environment names."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.engine.dispose()

    app = FastAPIOffline(
        title="Migration Finance API",
        version=VERSION,
        summary="Classified migration finance of development banks: projects, components and spend, exact to the cent.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        license_info={"name": "Apache-2.0 (code); data CC BY 4.0", "identifier": "Apache-2.0"},
        docs_url="/docs",
        redoc_url=None,
        static_url="/static/docs",
        lifespan=lifespan,
    )
    app.state.engine = engine or make_engine(get_settings().database_url)
    for module in (home, headline, spend, projects, components, reviews, classify, reference, problems, health):
        app.include_router(module.router)
    errors.install(app)
    install_openapi(app)
    app.add_middleware(RequestLayer)
    return app


MAX_BODY = 256 * 1024
"""Bytes of a request's body that are read; the longest text that /v1/classify takes fits well."""


class RequestLayer:
    """Gives each request an identifier, answers HEAD as GET without a body, and refuses bodies that are too large.

    It is plain ASGI: a middleware that wraps request and response objects costs two thirds of the throughput.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        is_head = scope["method"] == "HEAD"
        if is_head:
            scope = {**scope, "method": "GET"}

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, _limited(receive), send_on)


def _limited(receive: Receive) -> Receive:
    """Stop reading a body that grows too large, whatever length it claims to have."""
    read = 0

    async def receive_on() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY:
            raise HTTPException(413, f"the body is larger than {MAX_BODY:,} bytes")
        return message

    return receive_on
