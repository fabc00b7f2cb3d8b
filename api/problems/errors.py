"""Every error leaves the service as a problem: this is the one table of what becomes which kind."""

import logging
from difflib import get_close_matches
from functools import partial
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as NoneFreeError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from api.charts.render import RendererBusyError
from api.exports.slots import RETRY_AFTER_SECONDS, TooBusyError
from api.problems.kinds import ProblemItem, RefusedError, in_body, listed, problem
from api.problems.troubles import BUSY_SECONDS, trouble_of
from api.problems.wrong_input import from_validation
from db.errors import (
    BadPositionError,
    DataError,
    NotFoundError,
    PricesMissingError,
)
from models.words import told_of_json

log = logging.getLogger("api")

OF_BODY: dict[int, str] = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large", HTTPStatus.REQUEST_TIMEOUT: "too-slow"}


def install(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""
    _install_data_errors(app)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        for one in found:
            if one["type"] == "json_invalid":
                what = told_of_json((one.get("ctx") or {}).get("error", "it ends too early"))
                message = f"the body is no JSON at character {one['loc'][-1] + 1:,}: {what}"
                return problem(request, "bad-request", message, [in_body(message)])
        items = listed(found, partial(from_validation, request), where=str(found[-1]["loc"][0]))
        return problem(request, "bad-parameter", items[0].message, items)

    @app.exception_handler(RefusedError)
    async def refused(request: Request, error: RefusedError) -> Response:
        return problem(request, error.kind, str(error), error.items, **error.headers)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return _from_status(request, error)

    @app.exception_handler(Exception)
    async def layer_failed(request: Request, error: Exception) -> Response:
        return unforeseen_problem(request, error)


def _install_data_errors(app: FastAPI) -> None:
    """Those that the data layer raises on purpose."""

    @app.exception_handler(NotFoundError)
    async def not_found(request: Request, error: NotFoundError) -> Response:
        item = ProblemItem(
            parameter=error.parameter,
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

    _install_unready(app)


def _install_unready(app: FastAPI) -> None:
    """What cannot be answered now, but perhaps later."""

    for kind in (DataError, DatabaseError, NoneFreeError, OSError):
        app.exception_handler(kind)(_troubled)

    @app.exception_handler(RendererBusyError)
    async def no_picture(request: Request, error: RendererBusyError) -> Response:
        return problem(request, "busy", str(error), retry_after=BUSY_SECONDS)

    @app.exception_handler(TooBusyError)
    async def no_file(request: Request, error: TooBusyError) -> Response:
        return problem(request, "busy", str(error), retry_after=RETRY_AFTER_SECONDS)


async def _troubled(request: Request, error: Exception) -> Response:
    trouble = trouble_of(error)  # type: ignore[arg-type]  # only what it tells of is sent here
    if trouble is None:
        return unforeseen_problem(request, error)
    again = {} if trouble.retry_after is None else {"retry_after": trouble.retry_after}
    return problem(request, trouble.kind, trouble.detail, None, **again)


def unforeseen_problem(request: Request, error: Exception, **headers: object) -> Response:
    """Write an error that nobody foresaw into the log, and answer with nothing but its number."""
    log.error("an error that was not foreseen", exc_info=error)
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
    hints = [f"approved_from={index.first_year}-01-01"] * error.without_date  # what has no date is in no range of dates
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
        return unknown_path(request)
    # What is left is about the body: not to be read, or more than the layer in front reads, or waits for.
    kind = OF_BODY.get(error.status_code, "bad-request")
    headers = {"connection": "close"} if kind == "too-slow" else {}  # the rest of it may still come
    return problem(request, kind, str(error.detail), [in_body(str(error.detail))], **headers)


def unknown_path(request: Request) -> Response:
    """Say that there is no such path, and which one is near."""
    paths = [path for path in request.app.openapi()["paths"] if "{" not in path]
    near = get_close_matches(request.url.path[:200].casefold(), paths, n=1, cutoff=0.6)
    item = ProblemItem(
        parameter="path", value=request.url.path[:100], message="no such path", suggestion=near[0] if near else None
    )
    return problem(request, "unknown-path", f"there is no path {request.url.path[:100]!r}", [item])


def _methods(request: Request) -> list[str]:
    """List the methods of a path, over all of its routes; a folder of files only reads."""
    taken = [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        for route in request.app.routes
        if not isinstance(route, Mount) and route.matches({**request.scope, "method": method})[0] is Match.FULL
    ] or ["GET"]
    return [*dict.fromkeys(taken), *(["HEAD"] if "GET" in taken else []), "OPTIONS"]
