"""Serves an application on a socket of this machine, for clients that need a real one."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from api.main import create_service


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve on a free port, and give the address."""
    # Without the application's own end: it would close the engine that other tests use.
    config = uvicorn.Config(
        create_service(app),
        http="api.http.unreadable:ReadableProtocol",
        host="127.0.0.1",
        port=0,
        log_level="warning",
        lifespan="off",
        ws="none",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
