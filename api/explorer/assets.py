"""What the pages load: style, scripts and the icon, all from here, under an address that names their content."""

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.http.replies import FOR_EVER

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"


def _digest(folder: Path) -> str:
    found = sha256()
    for path in sorted(folder.iterdir()):
        found.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return found.hexdigest()[:12]


ASSETS_PATH = f"/assets/{_digest(STATIC)}"
"""All assets lie in one folder named after their content: scripts name each other without it and always fit together."""

REFERENCE = "reference.js"
SCRIPTS = sorted(path.name for path in STATIC.glob("*.js") if path.name != REFERENCE)
"""The scripts of the explorer; the reference has one of its own."""

SWAGGER_PATH = "/static/docs"


class Assets(StaticFiles):
    """The folder of assets. A file never changes under its address, so a browser need not ask again."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = FOR_EVER
        return answer


def swagger_files() -> StaticFiles:
    """Swagger UI as it is published; it comes with a package, so that nothing is loaded from elsewhere."""
    return StaticFiles(directory=str(files("fastapi_offline") / "static"))
