"""Takes note of each request that was answered: in one step on its way, and with all the rest in the background."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from time import perf_counter, time
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("api.requests")

ROOM = 20_000
"""Requests that may wait to be written down; about what a process answers in a second."""

EVERY_SECONDS = 0.25
PATIENCE_SECONDS = 1.0
SLICE = 250
"""Requests that are worked on at a time: a fraction of a millisecond, so that no answer waits for their lines."""


class Answered(NamedTuple):
    """A request that is over. `ended` and `began` are of `perf_counter`; `path` and `root_path` as in the scope."""

    ended: float
    began: float
    method: str
    path: str
    root_path: str
    raw_path: bytes
    query: bytes
    client: str
    request_id: str
    status: int
    bytes: int
    answer: str


KEPT, MADE, BROKEN = "kept", "made", "broken"
"""Where an answer came from: out of memory, made for this request, or begun and not brought to its end."""

Writer = Callable[[list[Answered], float], None]
"""Does something with some requests; `offset` added to `perf_counter` gives the seconds of the clock."""


class Traffic:
    """The requests of a process that are over, until a thread has handed them to whoever counts or writes them.

    No more than `ROOM` wait. Beyond that they are still counted, but get no line; how many is said once there is room.
    """

    def __init__(self, count: Writer, write: Writer | None = None) -> None:
        self._count = count
        self.write = write
        self._waiting: deque[Answered] = deque()
        self._working = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._chores: list[Callable[[], None]] = []
        self.without_line = 0
        self._said = 0

    def finished(self, scope: Scope, request_id: str, status: int, size: int, answer: str) -> None:
        """Take note that a request was answered; takes less than a microsecond and never waits."""
        client = scope.get("client")
        record = Answered(
            perf_counter(),
            scope["began"],
            scope["method"],
            scope["path"],
            scope.get("root_path", ""),
            scope.get("raw_path") or b"",
            scope["query_string"],
            client[0] if client else "",
            request_id,
            status,
            size,
            answer,
        )
        if len(self._waiting) < ROOM:
            self._waiting.append(record)
        else:
            self.without_line += 1
            self._count([record], 0.0)

    def also(self, chore: Callable[[], None]) -> None:
        """Have something small done in the background as well, a few times a second."""
        self._chores.append(chore)

    def start(self) -> None:
        """Begin to write, in the background."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="requests", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is left, and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE_SECONDS)
            self._thread = None
        self.work_off()

    def work_off(self) -> None:
        """Count and write all that waits by now. Where another thread does so and hangs, for nobody reads what it
        writes, nothing is done: neither metrics nor the end of the process wait for that.
        """
        if not self._working.acquire(timeout=PATIENCE_SECONDS):
            return
        try:
            for some in self._slices():
                self._count(some, time() - perf_counter())
                if self.write is not None:
                    self.write(some, time() - perf_counter())
            missed = self.without_line - self._said
            if missed:
                self._said += missed
                log.warning("%s requests got no line, for more came than could be written", missed)
        finally:
            self._working.release()

    def _slices(self) -> Iterator[list[Answered]]:
        left = len(self._waiting)
        taken = (self._waiting.popleft() for _ in range(left))
        while some := list(islice(taken, SLICE)):
            yield some

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            _each([self.work_off, *self._chores])


def _each(chores: Iterable[Callable[[], None]]) -> None:
    for chore in chores:
        try:
            chore()
        except Exception:
            log.exception("something that is done in the background failed")


class Watched:
    """Around the application: takes note of what it answers, when the last byte is out or it broke."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        status, size, whole = 500, 0, False
        # Routes that are mounted change these in the scope.
        before = {**scope, "method": "HEAD"} if scope["state"]["is_head"] else {**scope}

        async def send_on(message: Message) -> None:
            nonlocal status, size, whole
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
                whole = not message.get("more_body", False)
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        finally:
            answer, length = MADE if whole else BROKEN, 0 if scope["state"]["is_head"] else size
            self.traffic.finished(before, scope["state"]["request_id"], status, length, answer)
