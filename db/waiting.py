"""How a PostgreSQL is waited for: by the thread that asks it, or on an event loop, where others go on meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, sleep
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.abc import PQGen
from psycopg.waiting import wait_async
from sqlalchemy import Dialect, QueuePool
from sqlalchemy.exc import TimeoutError as NoneFreeError
from sqlalchemy.util.concurrency import await_, greenlet_spawn, in_greenlet

PATIENCE_SECONDS = 30
"""How long somebody waits for a connection while all are in use."""

PAUSE_SECONDS = 0.005
INTERRUPT_SECONDS = 0.1
"""How often a thread that waits looks whether it is to end, as the driver has it."""

Found = TypeVar("Found")


def on_loop(act: Callable[..., Found], *given: Any) -> Awaitable[Found]:
    """Run a plain function on the event loop. Wherever it waits for a PostgreSQL, the loop goes on with others.

    It must not hold a lock while it waits: who wants it meanwhile would stop the loop.
    """
    return greenlet_spawn(act, *given)


class WaitingConnection(Connection[Any]):
    """A connection to PostgreSQL that waits as it is used: see `on_loop`.

    `is_set_up`: before that it waits as a thread does, for the engine holds a lock then.
    """

    is_set_up = False

    def wait(self, gen: PQGen[Found], interval: float = INTERRUPT_SECONDS, timeout: float | None = None) -> Found:
        """Do what the driver has begun to its end, as the driver's own does."""
        if not (self.is_set_up and in_greenlet()):
            return super().wait(gen, interval, timeout)
        try:
            first = next(gen)
        except StopIteration as done:  # much of what the driver does needs no answer
            found: Found = done.value
            return found
        return await_(wait_async(_going_on(gen, first), self.pgconn.socket, interval, timeout))


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
    """A pool whose connections are waited for without stopping the event loop. It is to have no patience of its own."""

    def connect(self) -> Any:
        """Return a connection, as soon as one is free.

        Raises:
            sqlalchemy.exc.TimeoutError: if none is for long.
        """
        until = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return super().connect()
            except NoneFreeError:
                if monotonic() > until:
                    raise
            if in_greenlet():
                await_(asyncio.sleep(PAUSE_SECONDS))
            else:
                sleep(PAUSE_SECONDS)


def connect(_dialect: Dialect, _record: Any, words: list[Any], options: dict[str, Any]) -> WaitingConnection:
    """Open a connection, on an event loop in a thread: a server that cannot be reached takes its time. For `do_connect`."""
    if in_greenlet():
        return await_(asyncio.to_thread(WaitingConnection.connect, *words, **options))
    return WaitingConnection.connect(*words, **options)


def note_set_up(driver: WaitingConnection, _record: Any) -> None:
    """Note that the engine has made a connection ready for use. For `connect`, after the engine's own listeners."""
    driver.is_set_up = True
