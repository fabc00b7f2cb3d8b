"""Which route a path belongs to, as logs and metrics name it: `/v1/projects/{project_id}`."""

import re
from collections.abc import Iterable
from functools import lru_cache

from starlette.routing import BaseRoute, Mount, Route

NO_ROUTE = "none"
"""The name for paths that nothing is under, so that they are one, however many are tried."""

REMEMBERED = 4096
SHORT = 500
"""Characters of a path, or bytes of an address, that is remembered: of longer ones, few come again."""


class RouteNames:
    """Finds the template of a path. A kept answer is sent without routing, so nobody else can say.

    Methods make no difference: two routes of one path have one template.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._templates: list[tuple[re.Pattern[str], str]] = []
        for route in routes:
            if isinstance(route, Mount):
                self._templates.append((route.path_regex, f"{route.path}/{{path}}"))
            elif isinstance(route, Route):
                self._templates.append((route.path_regex, route.path))
        self._known = lru_cache(REMEMBERED)(self._find)

    def of(self, path: str, root_path: str) -> str:
        """The template of a path as it stands in a request, with the prefix under which a proxy serves."""
        return (self._known if len(path) <= SHORT else self._find)(path, root_path)

    def _find(self, path: str, root_path: str) -> str:
        local = path.removeprefix(root_path) or "/"
        return next((name for pattern, name in self._templates if pattern.match(local)), NO_ROUTE)
