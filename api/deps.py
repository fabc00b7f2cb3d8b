"""What routes need: the engine, one consistent reading of the database, and the release that it shows."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from inspect import signature
from typing import Any

from fastapi import FastAPI, Request, Response
from sqlalchemy import Connection, Engine
from starlette.concurrency import run_in_threadpool

from api.exports.stream import FileStream
from api.freshness import is_stale
from db.engine import reading
from db.errors import NothingLoadedError
from db.queries.releases import latest_release
from db.queries.vocabulary import Vocabulary, vocabulary
from db.watch import stamp_of
from models.country import PlaceIndex
from models.release import Release


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the data: a transaction that sees it throughout, its release, and the words that it knows."""

    connection: Connection
    release: Release
    read_words: Callable[[], Vocabulary]

    @property
    def known(self) -> Vocabulary:
        """The words that only the data know."""
        return self.read_words()

    @property
    def places(self) -> PlaceIndex:
        """The places that money can be counted in."""
        return self.known.places


def get_engine(request: Request) -> Engine:
    """Return the engine that data are read from."""
    engine: Engine = request.app.state.engine
    return engine


def get_writer(request: Request) -> Engine:
    """Return the engine of the database that is written to: it knows of runs, keys and decisions before any replica."""
    engine: Engine = request.app.state.writer
    return engine


def reads(route: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """Give a route its `snapshot`: a reading that lasts until the answer is made, or until its last row is sent.

    All of it happens in one thread, for every change of threads costs as much as a look into the database.

    Raises (the route that results):
        NothingLoadedError: if no release was made yet.
    """
    return _given_a_snapshot(route, lambda _request: False)


def looks_up(route: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """The same for a route that reads a few rows by an index. Where the database is a file of this machine that is done in
    less time than a thread takes to begin; a server may keep us waiting."""
    return _given_a_snapshot(route, lambda request: request.app.state.engine.dialect.name == "sqlite")


def _given_a_snapshot(
    route: Callable[..., Response], at_once: Callable[[Request], bool]
) -> Callable[..., Awaitable[Response]]:
    @wraps(route)
    async def answer(request: Request, **given: Any) -> Response:
        read = partial(_read, route, request, given)
        return read() if at_once(request) else await run_in_threadpool(read)

    whole = signature(route)
    shown = [parameter for name, parameter in whole.parameters.items() if name != "snapshot"]
    answer.__signature__ = whole.replace(parameters=shown)  # type: ignore[attr-defined]  # what FastAPI reads
    return answer


def _read(route: Callable[..., Response], request: Request, given: Mapping[str, Any]) -> Response:
    with ExitStack() as stack:
        snapshot = stack.enter_context(snapshot_of(request.app))
        stamp = stamp_of(snapshot.release)
        # Word of the release that the answer shows: its entity tag names it.
        request.state.release, request.state.stale = stamp, is_stale(stamp.checked_at)
        response = route(request=request, snapshot=snapshot, **given)
        if isinstance(response, FileStream):
            response.hold(stack.pop_all())
        return response


@contextmanager
def snapshot_of(app: FastAPI, engine: Engine | None = None) -> Iterator[Snapshot]:
    """Open a reading of the application's data, or of another database that holds them.

    Raises:
        NothingLoadedError: if no release was made yet.
    """
    with reading(engine or app.state.engine) as connection:
        release = latest_release(connection)
        if release is None:
            raise NothingLoadedError("no data are loaded: run `python -m api load`")
        yield Snapshot(connection, release, partial(_vocabulary, app, connection, release))


def _vocabulary(app: FastAPI, connection: Connection, release: Release) -> Vocabulary:
    """Read the words of a release once, and keep those of the newest."""
    kept: tuple[Release, Vocabulary] | None = getattr(app.state, "vocabulary", None)
    if kept is None or kept[0] != release:
        kept = (release, vocabulary(connection))
        app.state.vocabulary = kept
    return kept[1]
