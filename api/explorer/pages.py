"""Writes pages: the templates, the headers that keep them strict, and a page in place of an error's JSON."""

from collections.abc import Callable, Coroutine
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as NoneFreeError

from api.answers.labels import spelled
from api.explorer import words
from api.explorer.assets import ASSETS_PATH, SCRIPTS, TEMPLATES
from api.explorer.form import label_of
from api.guide.markdown import inline_html
from api.http.base import base_of
from api.problems.kinds import PROBLEMS, BadParameterError
from api.problems.troubles import Trouble, trouble_of
from db.errors import DataError, NotFoundError, SchemaOutdatedError

if TYPE_CHECKING:
    from jinja2 import Environment

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SWAGGER_CSP = CSP.replace("img-src 'self'", "img-src 'self' data: blob:")
"""Swagger UI's style holds its icons, and a picture that was tried out is shown from memory."""


HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}

FOLDERS = {"page": "docs"}
"""Where things of a kind lie, if not under its plural."""


@cache
def _environment() -> "Environment":
    """The templates with what they call. Made for the first page: the service starts sooner without."""
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "short": words.short,
        "rounded": words.rounded,
        "cents": words.short_cents,
        "exact": words.exact,
        "plain": words.plain,
        "named": words.named,
        "spelled": spelled,
        "label": label_of,
        "inline": inline_html,
    }
    made.globals |= {"span": words.span}
    return made


def root_of(request: Request) -> str:
    """The path under which a proxy serves the application; links on pages begin with it and need no host."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def page(request: Request, name: str, status: int = 200, csp: str = CSP, **values: Any) -> Response:
    """Write a page."""
    root = root_of(request)
    template = _environment().get_template(name)
    text = template.render(
        root=root, assets=f"{root}{ASSETS_PATH}", scripts=SCRIPTS, base=base_of(request.scope), **values
    )
    return Response(text, status, HEADERS | {"Content-Security-Policy": csp}, "text/html; charset=utf-8")


class PageRoute(APIRoute):
    """A route for people: what it cannot show it explains on a page, with the same status as the API."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler, with all that it depends on."""
        handle = super().get_route_handler()

        async def handle_or_explain(request: Request) -> Response:
            try:
                return await handle(request)
            except NotFoundError as error:
                path = f"{root_of(request)}/{FOLDERS.get(error.kind, f'{error.kind}s')}"
                return page(request, "trouble.html", 404, kind="not-found", error=error, path=path)
            except BadParameterError as error:
                return page(request, "trouble.html", 422, kind="bad-parameter", items=error.items)
            except (DataError, DatabaseError, NoneFreeError) as error:
                trouble = trouble_of(error)
                if trouble is None:
                    raise
                return _troubled(request, trouble, outdated=isinstance(error, SchemaOutdatedError))

        return handle_or_explain


def _troubled(request: Request, trouble: Trouble, outdated: bool) -> Response:
    """Explain what the API would tell as a problem, and when to ask again."""
    status, title = PROBLEMS[trouble.kind]
    answer = page(request, "trouble.html", status, **trouble._asdict(), title=title, outdated=outdated)
    if trouble.retry_after is not None:
        answer.headers["Retry-After"] = str(trouble.retry_after)
    return answer
