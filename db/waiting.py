"""How a PostgreSQL is waited for: by the thread that asks it, or on an event loop, where others go on meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.abc import PQGen
from psycopg.waiting import wait_async
from sqlalchemy import Dialect, QueuePool
from sqlalchemy.util.concurrency import await_, greenlet_spawn, in_greenlet

INTERRUPT_SECONDS = 0.1
"""How often a thread that waits looks whether it is to end, as the driver has it."""

Found = TypeVar("Found")


def on_loop(act: Callable[..., Found], *given: Any) -> Awaitable[Found]:
    """Run a plain function on the event loop. Wherever it waits for a PostgreSQL, the loop goes on with others.

    It must not hold a lock while it waits: who wants it meanwhile would stop the loop.
    """
    return greenlet_spawn(act, *given)


class WaitingConnection(Connection[Any]):
    """A connection to PostgreSQL that waits as it is used: see `on_loop`."""

    def wait(self, gen: PQGen[Found], interval: float = INTERRUPT_SECONDS, timeout: float | None = None) -> Found:
        """Do what the driver has begun to its end, as the driver's own does."""
        if not in_greenlet():
            return super().wait(gen, interval, timeout)
        try:
            first = next(gen)
        except StopIteration as done:  # much of what the driver does needs no answer
            found: Found = done.value
            return found
        try:
            return await_(wait_async(_going_on(gen, first), self.pgconn.socket, interval, timeout))
        except asyncio.CancelledError:
            self.pgconn.finish()  # its answer is still to come, and nobody will read it
            raise


def _going_on(gen: PQGen[Found], state: Any) -> PQGen[Found]:
    """What is left of something begun that waits for a state."""
    while True:
        ready = yield state
        try:
            state = gen.send(ready)
        except StopIteration as done:
            found: Found = done.value
            return found


class WaitingPool(QueuePool):
    """Connections for threads, and as many apart for the event loop, where nobody else can take what is seen to be free."""

    _of_loop: QueuePool | None = None

    def connect(self) -> Any:
        """Return a connection as soon as there is one. Where one has to be opened or waited for, that takes a thread.

        Raises:
            sqlalchemy.exc.TimeoutError: if none is free for long.
        """
        if not in_greenlet():
            return super().connect()
        if self._of_loop is None:
            self._of_loop = self.recreate()
        if self._of_loop.checkedin():
            return QueuePool.connect(self._of_loop)
        return await_(asyncio.to_thread(QueuePool.connect, self._of_loop))

    def dispose(self) -> None:
        """Close what is at rest."""
        super().dispose()
        if self._of_loop is not None:
            self._of_loop.dispose()


def connect(_dialect: Dialect, _record: Any, words: list[Any], options: dict[str, Any]) -> WaitingConnection:
    """Open a connection, for the event loop in a thread: a server that cannot be reached takes its time. For `do_connect`."""
    if in_greenlet():  # where one at rest turned out to be lost
        return await_(asyncio.to_thread(WaitingConnection.connect, *words, **options))
    return WaitingConnection.connect(*words, **options)
