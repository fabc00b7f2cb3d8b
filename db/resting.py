"""Short readings of an SQLite file: bounded in their work, from connections that rest between them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

STEPS_AT_ONCE = 1_000
"""Steps of SQLite's machine between two looks at an allowance."""


class Allowance:
    """How much SQLite may work for somebody who does not want to wait: steps of its machine, a million of which take 50 ms.

    What would take more is broken off with an `OperationalError`, and the allowance is then `spent`.
    """

    def __init__(self, steps: int) -> None:
        self.left = steps // STEPS_AT_ONCE

    @property
    def spent(self) -> bool:
        """Whether more was asked for than is allowed."""
        return self.left < 0

    def take(self) -> bool:
        """Take some steps; true breaks off what is being done."""
        self.left -= 1
        return self.spent


def file_at(path: str) -> tuple[int, int] | None:
    """Which file stands at a path, if any does that may be looked at."""
    try:
        return identity(os.stat(path))
    except OSError:
        return None


def identity(file: os.stat_result) -> tuple[int, int]:
    """What tells one file from every other, whatever it is called."""
    return file.st_dev, file.st_ino


@dataclass(slots=True)
class AtRest:
    """A connection to a file that was read from a moment ago and waits for the next short reading."""

    connection: Connection
    driver: Any
    path: str
    file: tuple[int, int] | None

    @classmethod
    def of(cls, engine: Engine) -> "AtRest":
        """Take a connection from the pool, which knows what became of the file."""
        connection = engine.connect()
        driver = connection.connection.driver_connection
        return cls(connection, driver, str(engine.url.database), connection.info.get("file"))


_resting: WeakKeyDictionary[Engine, list[AtRest]] = WeakKeyDictionary()
"""To have a connection from the pool, and to give it back, takes as long as a record's statements."""


def _rested(resting: list[AtRest]) -> AtRest | None:
    """Take one that still shows the file that stands there, if any rests."""
    while resting:
        found = resting.pop()
        if found.file == file_at(found.path):
            return found
        found.connection.close()
    return None


@contextmanager
def reading_shortly(engine: Engine, allowance: Allowance) -> Iterator[Connection]:
    """Read from a connection that rests, and let it rest again; where anything goes wrong the pool looks after it."""
    resting = _resting.setdefault(engine, [])
    mine = _rested(resting) or AtRest.of(engine)
    driver = mine.driver
    try:
        driver.execute("BEGIN")
        driver.set_progress_handler(allowance.take, STEPS_AT_ONCE)
        try:
            yield mine.connection
        finally:
            driver.set_progress_handler(None, 0)
        if mine.connection.in_transaction():
            mine.connection.rollback()
        driver.rollback()  # nothing was written
    except BaseException:
        mine.connection.close()
        raise
    if mine.file is None:  # what is in memory belongs to a thread
        mine.connection.close()
    else:
        resting.append(mine)


def let_rest_no_more(engine: Engine) -> None:
    """Close what rests, with all else that the engine has."""
    for one in _resting.pop(engine, ()):
        one.connection.close()
