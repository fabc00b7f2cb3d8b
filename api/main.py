"""Puts the application together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from sqlalchemy import Engine

from api.bulk.files import ReleaseFiles
from api.deps import turns
from api.explorer.assets import ASSETS_PATH, SWAGGER_PATH, Assets, swagger_files
from api.exports.parquet import load_soon
from api.exports.slots import ExportSlots
from api.http.compress import CompressLayer
from api.http.conditional import ConditionalLayer
from api.http.cors import CorsLayer
from api.http.front import FrontLayer
from api.http.last import LastLayer
from api.http.quota import Quota
from api.observe.observer import observe, observe_answers, stop_observing
from api.openapi.document import DESCRIPTION, TAGS, install_openapi
from api.params.repeats import refuse_ignored
from api.parent import end_without_parent
from api.problems import errors
from api.query_route import DirectRoutes
from api.routers import (
    classify,
    components,
    discovery,
    guide,
    headline,
    health,
    home,
    ingest,
    metrics,
    pages,
    problems,
    projects,
    reference,
    review_writing,
    reviews,
    spend,
)
from api.routers import releases as release_routes
from api.version import ANSWERS_VERSION
from db.engine import make_engine
from db.ingest.worker import QueueWorker
from db.revision import newest_revision
from db.settings import get_settings
from db.watch.watch import ReleaseWatch
from models.versions import PROGRAM_VERSION as VERSION

MODULES = (
    components,
    projects,
    spend,
    headline,
    home,
    pages,
    reviews,
    review_writing,
    classify,
    ingest,
    reference,
    release_routes,
    discovery,
    problems,
    health,
    guide,
)
"""The routes, those first that are asked most: a request is compared with one after the other. (Documentation has its own
order: that of the tags.)"""


def create_app(engine: Engine | None = None, releases: ReleaseWatch | None = None) -> FastAPI:
    """Make the application on an engine, or on the database that the environment names to read from.

    Applications on one engine may share the watch over its releases.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        newest_revision()  # while the files are still those of this version
        app.state.traffic.also(end_without_parent)
        app.state.traffic.start()
        app.state.worker.start()  # what an earlier process left is taken up again
        arrow = load_soon()
        yield
        arrow.cancel()
        app.state.worker.close()
        stop_observing(app)
        app.state.releases.close()
        app.state.engine.dispose()
        app.state.writer.dispose()

    app = FastAPI(
        title="Migration Finance API",
        version=VERSION,
        summary="Classified migration finance of development banks: projects, components and spend, exact to the cent.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        contact={"name": "The Migration Finance API contributors"},
        license_info={"name": "Apache-2.0 (code); data CC BY 4.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        dependencies=[Depends(refuse_ignored)],
    )
    settings = get_settings()
    app.state.writer = engine or make_engine(settings.database_url)
    app.state.engine = engine or (make_engine(settings.reading_url) if settings.database_read_url else app.state.writer)
    app.state.releases = releases or ReleaseWatch(app.state.engine)
    app.state.turns = turns()
    app.state.exports = ExportSlots(settings.exports_at_once)
    app.state.files = ReleaseFiles(settings.files_dir)
    app.state.worker = QueueWorker(app.state.writer, settings.spool_dir)
    modules = (*MODULES, *((metrics,) if settings.metrics else ()))
    for module in modules:
        app.include_router(module.router)
    app.router.routes.insert(0, DirectRoutes(route for module in modules for route in module.router.routes))
    app.mount(ASSETS_PATH, Assets(), name="assets")
    app.mount(SWAGGER_PATH, swagger_files(), name="swagger")
    errors.install(app)
    install_openapi(app)
    observe(app, [*app.routes, *(route for module in modules for route in module.router.routes)])
    _surround(app)
    return app


def create_service(app: FastAPI | None = None, room: int | None = None) -> FrontLayer:
    """Make what is served: the application with the layer in front of it that keeps its answers.

    `room` is how many bytes of answers may be kept in memory, by default what the settings say.
    """
    app = app or create_app()
    room = get_settings().answers_mb * 1_000_000 if room is None else room
    a_minute = get_settings().rate_limit
    quota = Quota(a_minute) if a_minute else None
    front = FrontLayer(app, app.state.releases, ANSWERS_VERSION, room, app.state.traffic, quota)
    observe_answers(app, front.store)
    return front


def _surround(app: FastAPI) -> None:
    """Set the layers around the routes, from the inside out: each one sees what those before it have made."""
    app.add_middleware(LastLayer)
    app.add_middleware(CompressLayer)
    app.add_middleware(ConditionalLayer, releases=app.state.releases, version=ANSWERS_VERSION)
    app.add_middleware(CorsLayer)
