"""What routes need: the engine, one consistent reading of the database, and the release that it shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from sqlalchemy import Connection, Engine

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


def get_snapshot(request: Request) -> Iterator[Snapshot]:
    """Open a reading for one request, and leave word of the release that it shows, which the entity tag names.

    Raises:
        NothingLoadedError: if no release was made yet.
    """
    with snapshot_of(request.app) as snapshot:
        stamp = stamp_of(snapshot.release)
        request.state.release, request.state.stale = stamp, is_stale(stamp.checked_at)
        yield snapshot


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
        yield Snapshot(connection, release, _vocabulary(app, connection, release))


def _vocabulary(app: FastAPI, connection: Connection, release: Release) -> Vocabulary:
    """Read the words of a release once, and keep those of the newest."""
    kept: tuple[Release, Vocabulary] | None = getattr(app.state, "vocabulary", None)
    if kept is None or kept[0] != release:
        kept = (release, vocabulary(connection))
        app.state.vocabulary = kept
    return kept[1]


CurrentSnapshot = Annotated[Snapshot, Depends(get_snapshot, scope="request")]
