"""What routes need: the engine, one consistent reading of the database, and the release that it shows."""

from asyncio import AbstractEventLoop, Semaphore, get_running_loop
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial, wraps
from inspect import signature
from threading import BoundedSemaphore
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from fastapi import FastAPI, Request, Response
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.concurrency import run_in_threadpool

from api.answers.negotiation import Format
from api.exports.stream import FileStream
from api.freshness import is_stale
from api.http.question import question_of
from db.engine import reading
from db.errors import NothingLoadedError, ReadAnewError
from db.queries.releases import NEWEST, latest_release
from db.queries.statements.asking import NOTHING, Known, from_memory, know
from db.queries.vocabulary import Vocabulary, vocabulary
from db.resting import Allowance
from db.watch.stamp import stamp_of
from models.country import PlaceIndex
from models.release import Release

TURNS = 4
"""Threads that read an SQLite file at a time. They compute more than they wait, and many that do so at once get in each other's
way: forty took six times as long as four. One or two answer more still, mostly, but then a question that takes its time keeps
all others waiting."""

PLACES = 8
"""Questions to a PostgreSQL that the event loop waits for at a time."""

QUICK = 160_000
"""Steps of SQLite's machine that an answer may take on the event loop: three to seven milliseconds. A record takes some
hundreds, a page of a hundred 5,000 to 35,000, spend of 360 rows from its summaries 140,000, adding up 100,000 facts ten
million. What is begun anew in a thread costs twice, so the usual answers have to be within."""


def turns() -> AbstractContextManager[Any]:
    """What a thread holds while it reads."""
    return BoundedSemaphore(TURNS)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the data: a transaction that sees it throughout, its release, and the words that only the data know."""

    connection: Connection
    release: Release
    known: Vocabulary

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

    This happens on the event loop: a thread takes longer to begin, and those that compute keep the loop waiting anyhow. While
    a PostgreSQL answers, the loop goes on with others. An SQLite file leaves no time for others, so what turns out not to be
    quick is broken off and begun anew in a thread, all of it in the same one. Files and pictures are made in threads.

    Raises (the route that results):
        NothingLoadedError: if no release was made yet.
    """
    return _given_a_snapshot(route, _as_it_takes)


def reads_at_length(route: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """The same for a route that may take seconds, as where files are made: it has a thread, and takes nobody's turn."""
    return _given_a_snapshot(route, _at_length)


_places: WeakKeyDictionary[AbstractEventLoop, Semaphore] = WeakKeyDictionary()


Found = TypeVar("Found")
Opening = AbstractContextManager[Snapshot]
Read = Callable[[Opening], Response]


def read_once(app: FastAPI, read: Callable[[Opening], Found]) -> Found:
    """Read what is over when it is read, in this thread: a server as `reads` has it, if all is as it was in one round trip.

    Raises:
        NothingLoadedError: if no release was made yet.
    """
    if app.state.engine.dialect.name == "sqlite":
        return read(snapshot_of(app))
    return _from_server(app, read)


async def _at_length(request: Request, read: Read) -> Response:
    if _is_in_json(request):
        return await run_in_threadpool(read_once, request.app, read)
    return await _in_thread(request, read)


async def _in_thread(request: Request, read: Read) -> Response:
    return await run_in_threadpool(read, snapshot_of(request.app))


def _is_in_json(request: Request) -> bool:
    """Whether an answer is over when it is made; else it is a file, which has a place of its own (see `api.exports.slots`), or
    a picture."""
    form = request.query_params.get("format")
    return form == Format.JSON if form else question_of(request.scope).accepts_json


async def _as_it_takes(request: Request, read: Read) -> Response:
    if not _is_in_json(request):
        return await _in_thread(request, read)
    if request.app.state.engine.dialect.name == "sqlite":
        allowance = Allowance(QUICK)
        try:
            return read(snapshot_of(request.app, allowance=allowance))
        except OperationalError:
            if not allowance.spent:
                raise
        return await run_in_threadpool(_with_turn, request.app, read)
    from db.waiting import on_loop  # the driver is there by now; who reads a file does without

    async with _places.setdefault(get_running_loop(), Semaphore(PLACES)):
        return await on_loop(_from_server, request.app, read)


def _with_turn(app: FastAPI, read: Read) -> Response:
    with app.state.turns:
        return read(snapshot_of(app))


def _from_server(app: FastAPI, read: Callable[[Opening], Found]) -> Found:
    """Read a server as if the newest release were the one last seen, and once more without that where it was wrong.

    Where only something else was not as it was taken to be, as with an id that is not there, what is known by then is kept.
    """
    kept = _kept(app)
    if kept is None:
        return read(snapshot_of(app))
    try:
        return read(_remembered(app.state.engine, *kept))
    except ReadAnewError as error:
        known = error.known
    if known:
        with suppress(ReadAnewError):
            return read(_remembered(app.state.engine, *kept, known))
    return read(snapshot_of(app, again=False))


def _given_a_snapshot(
    route: Callable[..., Response], run: Callable[[Request, Read], Awaitable[Response]]
) -> Callable[..., Awaitable[Response]]:
    @wraps(route)
    async def answer(request: Request, **given: Any) -> Response:
        return await run(request, partial(_read, route, request, given))

    whole = signature(route)
    shown = [parameter for name, parameter in whole.parameters.items() if name != "snapshot"]
    answer.__signature__ = whole.replace(parameters=shown)  # type: ignore[attr-defined]  # what FastAPI reads
    return answer


def _read(route: Callable[..., Response], request: Request, given: Mapping[str, Any], opening: Opening) -> Response:
    with ExitStack() as stack:
        snapshot = stack.enter_context(opening)
        stamp = stamp_of(snapshot.release)
        # Word of the release that the answer shows: its entity tag names it.
        request.state.release, request.state.stale = stamp, is_stale(stamp.checked_at)
        request.state.open_terms = snapshot.known.open_terms
        response = route(request=request, snapshot=snapshot, **given)
        if isinstance(response, FileStream):
            response.hold(stack.pop_all())
        return response


@contextmanager
def snapshot_of(
    app: FastAPI, engine: Engine | None = None, allowance: Allowance | None = None, again: bool = True
) -> Iterator[Snapshot]:
    """Open a reading of the application's data, or of another database that holds them; see `db.engine.reading`.

    `again`: where the connection turns out to be lost, it is tried once more.

    Raises:
        NothingLoadedError: if no release was made yet.
    """
    begun = False
    while not begun:
        try:
            with reading(engine or app.state.engine, allowance) as connection:
                release = latest_release(connection)
                begun = True
                yield _snapshot(app, connection, release)
        except DBAPIError as error:
            if begun or not again or not error.connection_invalidated:
                raise
            again = False  # the server was restarted in this moment; nothing has been read yet


def _snapshot(app: FastAPI, connection: Connection, release: Release | None) -> Snapshot:
    if release is None:
        raise NothingLoadedError("no data are loaded: run `python -m api load`")
    words = _vocabulary(app, connection, release)
    if connection.dialect.name == "sqlite":
        know(connection, words.standing)
    return Snapshot(connection, release, words)


@contextmanager
def _remembered(engine: Engine, release: Release, words: Vocabulary, known: Known = NOTHING) -> Iterator[Snapshot]:
    """Open a reading of a server without asking for its newest release, which is taken to be the one last seen.

    `known`: what else is known of that release.

    Raises:
        ReadAnewError: if it is another, and whatever else `from_memory` raises it for.
    """
    with reading(engine) as connection, from_memory(connection, {**words.standing.always, **known}, NEWEST):
        yield Snapshot(connection, release, words)


def _vocabulary(app: FastAPI, connection: Connection, release: Release) -> Vocabulary:
    """Read the words of a release once, and keep those of the newest."""
    kept = _kept(app)
    if kept is None or kept[0] != release:
        kept = (release, vocabulary(connection))
        app.state.vocabulary = kept
    return kept[1]


def _kept(app: FastAPI) -> tuple[Release, Vocabulary] | None:
    """The release last seen, with its words."""
    found: tuple[Release, Vocabulary] | None = getattr(app.state, "vocabulary", None)
    return found
