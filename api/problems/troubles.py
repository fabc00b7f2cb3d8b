"""What an error of the data layer means to who asks, for answers and pages alike; who runs the service finds it in the log."""

import logging
from typing import NamedTuple

from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFreeError

from api.problems.kinds import GONE_SECONDS, PROBLEMS
from db.errors import (
    BusyError,
    DataError,
    NothingLoadedError,
    SchemaOutdatedError,
    UnwritableError,
    is_damaged,
    is_out_of_room,
)

log = logging.getLogger("api")

BUSY_SECONDS = 5
NO_ROOM_SECONDS = 60
"""After which time somebody may have made room."""

TroublesomeError = DataError | DatabaseError | NoneFreeError | OSError


class Trouble(NamedTuple):
    """A kind of problem, what happened, and after how many seconds it may be over, where that is known."""

    kind: str
    detail: str
    retry_after: int | None = None


def trouble_of(error: TroublesomeError) -> Trouble | None:
    """Tell what cannot be answered now, but perhaps later; `None` of an error that nobody foresaw."""
    if isinstance(error, DataError):
        return _of_data(error)
    cause = error.orig if isinstance(error, DatabaseError) else error
    if is_out_of_room(cause):
        log.error("there is no room to write: %s", cause)
        return Trouble("no-room", "the disk is full, and nothing was written", NO_ROOM_SECONDS)
    if isinstance(error, NoneFreeError):
        log.warning("all connections to the database are in use: %s", error)
        return Trouble("database-not-ready", "the database did not answer", GONE_SECONDS)
    if isinstance(error, OperationalError):
        log.warning("the database did not answer: %s", cause)
        return Trouble("database-not-ready", "the database did not answer", GONE_SECONDS)
    if is_damaged(cause):
        log.error("the database is damaged: %s", cause)
        return Trouble("database-not-ready", "the database is damaged")
    return None


def _of_data(error: DataError) -> Trouble:
    if isinstance(error, BusyError):
        return Trouble("busy", str(error), BUSY_SECONDS)
    if isinstance(error, UnwritableError):
        # By a logger of its own: of one logger's repetitions from one line only the first is said at once.
        logging.getLogger(f"api.{error.part}").error("%s: %s", error.told, error)
        return Trouble("no-room", error.told, NO_ROOM_SECONDS)
    kind = "nothing-loaded" if isinstance(error, NothingLoadedError) else "database-not-ready"
    is_told = isinstance(error, NothingLoadedError | SchemaOutdatedError)
    return Trouble(kind, str(error) if is_told else PROBLEMS[kind][1])
