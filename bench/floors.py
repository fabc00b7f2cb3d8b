"""Floors: the least that can be served. Both send ready bytes, those that FLOOR_ANSWERS names (a file of `Ready`)."""

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Response
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True)
class Ready:
    """An answer as the service sent it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def write(path: Path, answers: dict[str, Ready]) -> None:
    """Write the answers to send, by their names, which are their paths."""
    path.write_bytes(pickle.dumps([(name, one.status, one.headers, one.body) for name, one in answers.items()]))


def _read() -> dict[str, Ready]:
    path = os.environ.get("FLOOR_ANSWERS")
    stored = pickle.loads(Path(path).read_bytes()) if path else []  # a file that this benchmark wrote itself
    return {f"/{name}": Ready(status, headers, body) for name, status, headers, body in stored}


ANSWERS = _read()


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    """Raw ASGI: two messages."""
    if scope["type"] != "http":
        return
    ready = ANSWERS[scope["path"]]
    await send({"type": "http.response.start", "status": ready.status, "headers": ready.headers})
    await send({"type": "http.response.body", "body": ready.body})


bare = FastAPI(openapi_url=None)


@bare.get("/{name}")
async def answer(name: str) -> Response:
    """Bare FastAPI: a route that returns bytes."""
    ready = ANSWERS[f"/{name}"]
    response = Response(ready.body, ready.status)
    response.raw_headers = ready.headers
    return response
