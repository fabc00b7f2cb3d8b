"""Which paths are answered from the data, and which are files to be served as they are."""

import re

from starlette.types import Scope

MAX_TARGET = 16 * 1024
"""Bytes of a path and its query that are answered; the longest cursor fits. Nothing longer is kept or logged whole."""

API_PREFIXES = ("/v1/", "/projects/", "/components/")
RUNS_PREFIX = "/v1/ingest/"
UPLOAD_PATH = f"{RUNS_PREFIX}records"
KEYED = re.compile(r"/v1/ingest(/.*)?|/v1/reviews(/(?!(queue|form)$)[^/]*)?")
OPERATORS = frozenset({"/livez", "/readyz", "/metrics"})
PROBLEMS = "/problems"
OTHER_DATA_PATHS = frozenset({"/", "/datapackage.json", "/.well-known/api-catalog"})
FILES = re.compile(r"/v1/releases/[^/]+/files/")


def local_path(scope: Scope) -> str:
    """The path as routes see it, without the prefix under which a proxy serves the application."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


def is_api_path(scope: Scope) -> bool:
    """True where nothing that is asked may be ignored."""
    return _is_api(local_path(scope))


def _is_api(path: str) -> bool:
    return path.startswith(API_PREFIXES) or path in OTHER_DATA_PATHS


def is_data_path(scope: Scope) -> bool:
    """True where answers follow from the release, so that a release can vouch for them; runs go on without one."""
    path = local_path(scope)
    return _is_api(path) and not path.startswith(RUNS_PREFIX)


def needs_key(scope: Scope) -> bool:
    """True for paths that only answer to a key."""
    return KEYED.fullmatch(local_path(scope)) is not None


def is_never_limited(scope: Scope) -> bool:
    """True for what those who run the service ask as often as they need to, and for what explains why somebody else may not."""
    path = local_path(scope)
    return path in OPERATORS or path == PROBLEMS or path.startswith(f"{PROBLEMS}/")


def takes_uploads(scope: Scope) -> bool:
    """True for the path whose bodies are long; it counts them itself."""
    return local_path(scope) == UPLOAD_PATH


def is_file_path(scope: Scope) -> bool:
    """True for bulk files. Parts of them can be asked for by Range, and a part counts bytes of the file itself."""
    return FILES.match(local_path(scope)) is not None
