"""Which paths are answered from the data, and which are files to be served as they are."""

import re

from starlette.types import Scope

DATA_PREFIXES = ("/v1/", "/projects/", "/components/")
OTHER_DATA_PATHS = frozenset({"/", "/datapackage.json", "/.well-known/api-catalog"})
FILES = re.compile(r"/v1/releases/[^/]+/files/")


def local_path(scope: Scope) -> str:
    """The path as routes see it, without the prefix under which a proxy serves the application."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


def is_data_path(scope: Scope) -> bool:
    """True where answers follow from the release, so that a release can vouch for them."""
    path = local_path(scope)
    return path.startswith(DATA_PREFIXES) or path in OTHER_DATA_PATHS


def is_file_path(scope: Scope) -> bool:
    """True for bulk files. Parts of them can be asked for by Range, and a part counts bytes of the file itself."""
    return FILES.match(local_path(scope)) is not None
