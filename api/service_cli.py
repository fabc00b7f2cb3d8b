"""`python -m api migrate|serve`: prepare the database and run the service."""

from contextlib import nullcontext
from typing import Annotated

import typer
import uvicorn

from api.database import ready_engine
from api.examples_cli import example
from api.observe.counts import shared_counts
from api.observe.logs import log_config
from api.reporting import out
from db import migrate as migrations
from db.revision import current_revision
from db.settings import get_settings

app = typer.Typer(add_completion=False)

WORKER_SECONDS = 30
"""How long a worker may not answer the process that watches over it before another takes its place."""


@app.command(epilog=example("migrate"))
def migrate(revision: Annotated[str, typer.Argument(help="Revision to migrate to.")] = "head") -> None:
    """Bring the database to the newest revision."""
    with ready_engine(needs_schema=False) as engine:
        before = current_revision(engine)
        migrations.upgrade(engine, revision)
        after = current_revision(engine)
        out.print(f"database at revision {after}" + ("" if before == after else f", was {before or 'empty'}"))


@app.command(epilog=example("serve --port 8080 --workers 4"))
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST in the environment.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; PORT in the environment.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that answer; WORKERS in the environment.")
    ] = None,
) -> None:
    """Serve the API."""
    settings = get_settings()
    with ready_engine(url=settings.reading_url):
        pass
    workers = workers or settings.workers
    with shared_counts() if workers > 1 else nullcontext():
        uvicorn.run(
            "api.main:create_service",
            factory=True,
            host=host or settings.host,
            port=settings.port if port is None else port,
            log_config=log_config(),
            access_log=False,  # `api.observe` writes a line for each request
            server_header=False,
            workers=workers,
            timeout_worker_healthcheck=WORKER_SECONDS,
        )
