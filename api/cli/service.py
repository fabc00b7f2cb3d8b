"""`python -m api serve`: run the service."""

import socket
from contextlib import nullcontext
from typing import Annotated

import typer
import uvicorn

from api.cli.database import ready_engine
from api.cli.examples import example
from api.cli.refusing import print_error
from api.observe.counts import shared_counts
from api.observe.logs import log_config
from db.settings import get_settings

app = typer.Typer(add_completion=False)

EVERYWHERE = "::"
"""Every address of the machine, of IPv6 and of IPv4."""

WORKER_SECONDS = 30
"""How long a worker may not answer the process that watches over it before another takes its place."""

LAST_SECONDS = 20
"""How long answers that are under way may take when the service is to end; a client that reads nothing does not keep it."""


@app.command(epilog=example("serve --port 8080 --workers 4"))
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST in the environment.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; PORT in the environment.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that answer; WORKERS in the environment.")
    ] = None,
) -> None:
    """Serve the API."""
    settings = get_settings()
    with ready_engine(url=settings.reading_url):
        pass
    host, port, workers = host or settings.host, settings.port if port is None else port, workers or settings.workers
    port = _free_port(host, port)
    with shared_counts() if workers > 1 else nullcontext():
        uvicorn.run(
            "api.loading:load_service",
            factory=True,
            http="api.http.unreadable:ReadableProtocol",
            # One process opens a socket for each family that it is told; several share one, which Linux opens for both.
            host=None if host == EVERYWHERE and workers == 1 else host,  # type: ignore[arg-type]  # all there are
            port=port,
            log_config=log_config(),
            access_log=False,  # `api.observe` writes a line for each request
            server_header=False,
            workers=workers,
            timeout_worker_healthcheck=WORKER_SECONDS,
            timeout_graceful_shutdown=LAST_SECONDS,
        )


def _free_port(host: str, port: int) -> int:
    """The port to listen on, for 0 one that nobody uses. Ends with one line where the address cannot be listened on, before
    anything is begun."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family, dualstack_ipv6=host == EVERYWHERE) as found:
            return int(found.getsockname()[1])
    except OSError as error:
        print_error(f"cannot listen on {host}, port {port}: {error.strerror}")
        raise typer.Exit(1) from None
