"""Keys for tests, and uploads with them."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from db import keys
from db.engine import writing
from db.ingest.queue import FOLDER
from db.settings import get_settings
from models.vocabulary import Scope
from tests.conftest import client_of
from tests.data.export_helpers import everything

JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
RECORD = {
    "type": "project",
    "project_id": "X1",
    "name": "Synthetic project",
    "countries": ["UGA"],
    "commitment_usd": "5",
}
BAD = {**RECORD, "project_id": "X2", "countries": ["XXX"]}
Send = Callable[..., httpx.Response]


def new_key(engine: Engine, *scopes: Scope, name: str = "a test") -> dict[str, str]:
    """Make a key, by default with every scope, and return the header that shows it."""
    token = keys.new_token()
    with writing(engine) as connection:
        keys.add_key(connection, name, scopes or tuple(Scope), token)
    return {"Authorization": f"Bearer {token}"}


def sender(engine: Engine, key: dict[str, str] | None = None) -> Send:
    """Return a function that sends a body to /v1/ingest/records; what is no text or bytes is written as JSON."""
    ask, shown = client_of(engine), key or new_key(engine)

    def send(content: Any, query: str = "", media_type: str = JSON, **headers: str) -> httpx.Response:
        if isinstance(content, dict | list):
            content = json.dumps(content)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Content-Type": media_type} | shown | named
        return ask(f"/v1/ingest/records{query}", "POST", headers=sent, content=content)

    return send


def bodies() -> list[Path]:
    """The folders of bodies that are kept."""
    return list((get_settings().spool_dir / FOLDER).glob("*"))


def data_of(engine: Engine) -> dict[str, Any]:
    """All that is stored, but for the logs of runs and keys."""
    return {name: rows for name, rows in everything(engine).items() if name not in {"submission", "api_key"}}


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what another thread or process does; a minute only so that a test that hangs ends."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)
