"""Records the answers of the examples on the bundled data set, and the document: `make openapi`."""

import json
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
from fastapi import FastAPI
from sqlalchemy import Engine

from api.bulk.files import ReleaseFiles
from api.http.quota import Quota
from api.main import create_app, create_service
from api.openapi.examples import RECORDED, Example, examples, recorded
from db import keys
from db.engine import make_engine, writing
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.bundle import load_bundle
from db.ingest.pipeline import ingest
from db.migrate import upgrade
from db.settings import ROOT
from models.vocabulary import Scope

DOCUMENT = ROOT / "docs" / "openapi.json"
CLIENT = "192.0.2.1"
BASE = "http://localhost:8000"
PICTURE = ROOT / "docs" / "spend.svg"
DRAWN = "/v1/spend?group_by=category&scale=log&format=svg"
"""The picture that the documents show, and the question that it answers."""

LINES = 4  # of a CSV file that are shown
SOMETIME = "2026-01-01T00:00:00Z"
MASKS = {
    "request_id": "0123456789abcdef0123456789abcdef",
    "created_at": SOMETIME,
    "created": SOMETIME,
    "retrieved_at": SOMETIME,
    "checked_at": SOMETIME,
    "started_at": SOMETIME,
    "ended_at": SOMETIME,
    "queued_at": SOMETIME,
}
"""What differs from run to run, and what stands in its place."""

TOKENS = {scope.value: f"mfa_{number:08x}_{number:064x}" for number, scope in enumerate(Scope)}
"""A key for each scope, of databases that nobody else can reach."""


async def stopping(body: bytes) -> AsyncIterator[bytes]:
    """Send a body that stays away after its beginning, until it is not waited for any more."""
    yield body
    raise TimeoutError


def ask(app: FastAPI, example: Example) -> dict[str, Any]:
    """Ask an example's question and return the answer in the form in which it is recorded."""

    service = create_service(app)
    if example.beyond_quota:
        service.quota = Quota(1)
        service.quota.take(CLIENT)
    content: AsyncIterator[bytes] | bytes | None = example.body
    if example.slow:
        content = stopping(example.body or b"")

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=service, raise_app_exceptions=False, client=(CLIENT, 5))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            headers = dict(example.headers)
            if example.scope:
                headers["Authorization"] = f"Bearer {TOKENS[example.scope]}"
            if example.etag_of:
                headers["If-Match"] = (await client.get(example.etag_of)).headers["etag"]
            return await client.request(example.method, example.path, headers=headers, content=content)

    answer = anyio.run(send)
    assert answer.status_code == example.status, (example.key, answer.text)
    media_type = answer.headers["content-type"].partition(";")[0]
    text = "\r\n".join(answer.text.split("\r\n")[:LINES]) if media_type == "text/csv" else answer.text
    content = masked(answer.json()) if media_type.endswith(("/json", "+json")) else dated(text)
    return {"media_type": media_type, "content": content}


def drawn(app: FastAPI) -> bytes:
    """Ask for the picture that the documents show."""

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as client:
            return await client.get(DRAWN)

    return anyio.run(send).raise_for_status().content


def masked(content: Any) -> Any:
    """Put fixed values in the place of what differs from run to run."""
    if isinstance(content, dict):
        return {
            name: MASKS[name] if name in MASKS and value is not None else masked(value)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [masked(item) for item in content]
    return dated(content) if isinstance(content, str) else content


def dated(text: str) -> str:
    """Put a fixed day in the place of the release's in a citation."""
    text = re.sub(r"(Release \d+, )\d{4}-\d\d-\d\d", r"\g<1>2026-01-01", text)
    return re.sub(r"(year = \{)\d+(\},\s+month = \{)\d+", r"\g<1>2026\g<2>1", text)


def document_text() -> str:
    """The document as it is committed."""
    return json.dumps(create_app(make_engine("sqlite://")).openapi(), indent=1, ensure_ascii=False) + "\n"


def apps(folder: Path) -> Iterator[tuple[bool, FastAPI]]:
    """Yield the application on the bundled data, and the same after a second release."""
    engine = make_engine(f"sqlite:///{folder / 'examples.db'}")
    upgrade(engine)
    load_bundle(engine)
    for later in (False, True):
        if later:
            path = folder / "synthetic.csv"
            path.write_text("project_id,name,countries,commitment_usd\nS00001,Synthetic project,JOR,1000\n")
            assert ingest(engine, RecordsAdapter(), [path]).release_id == 2
            add_keys(engine)
        app = create_app(engine)
        app.state.files = ReleaseFiles(folder / f"files-{later}")
        yield later, app
        app.state.worker.close()
        app.state.releases.close()
    engine.dispose()


def add_keys(engine: Engine) -> None:
    """Make the keys that examples show."""
    with writing(engine) as connection:
        for scope, token in TOKENS.items():
            keys.add_key(connection, f"{scope} key", [Scope(scope)], token)


def main() -> None:
    """Write the recorded answers, the document and the picture anew."""
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        for later, app in apps(Path(folder)):
            asked = [example for example in examples(app.openapi()) if example.later is later]
            if not later:
                PICTURE.write_bytes(drawn(app))
            answers |= {example.key: ask(app, example) for example in asked}
    RECORDED.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    recorded.cache_clear()
    DOCUMENT.write_text(document_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
