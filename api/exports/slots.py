"""How many files of rows a process sends at a time: each holds a connection to the database until its last row is out."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from models.words import counted

PATIENCE_SECONDS = 0.5
"""How long one waits for a place: long for the many small files, whose turn comes in no time, short for the rest."""

RETRY_AFTER_SECONDS = 10
"""After which time one of those that are under way may have ended."""


class TooBusyError(Exception):
    """As many files are being sent as may be."""


class ExportSlots:
    """So many places to send from. Whole tables go out as slowly as their clients read, so places can be long in use."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._free = BoundedSemaphore(room)
        self._counting = Lock()
        self.in_use = 0
        self.refused = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place for as long as this lasts. Waiting for one blocks, so it is for threads, not for an event loop.

        Raises:
            TooBusyError: if none becomes free.
        """
        if not self._free.acquire(timeout=PATIENCE_SECONDS):
            with self._counting:
                self.refused += 1
            raise TooBusyError(f"{counted(self.room, 'file of rows is', 'files of rows are')} being sent already")
        with self._counting:
            self.in_use += 1
        try:
            yield
        finally:
            with self._counting:
                self.in_use -= 1
            self._free.release()
