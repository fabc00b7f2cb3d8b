"""What is done with a request that is no HTTP, too long or never whole, for no application ever sees it.

What cannot be read gets a problem like the others; who never says what is asked is let go.
"""

import asyncio
import logging
import uuid
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems.kinds import MEDIA_TYPE, ProblemItem, problem_body

log = logging.getLogger("api.http")

KIND = "bad-request"
DETAIL = (
    "the request is not valid HTTP, or its address or headers are too long. An address is made of ASCII alone: "
    "percent-encode other letters (é is %C3%A9), as `curl -G --data-urlencode 'q=réfugiés'` does"
)

UPGRADE = (
    "a request that asks for another protocol cannot have a body here: send it again without `Upgrade`, as "
    "`curl --http1.1` does"
)

MAX_HEAD = 64 * 1024
"""Bytes that a request may have up to the end of its headers, to a piece more or less: they are kept in memory, and read in
one go while everybody else waits. As many may follow its body or lie between two parts of it, for these are kept likewise."""

PIECE = 16 * 1024
"""Bytes that are read at once, so that no long headers come whole within one longer reading and are never counted."""

HEAD_SECONDS = 20.0
"""How long a connection may stay open without having said what it asks."""


class ReadableProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with bounds, whose refusal of what it cannot read is a problem and says what to do."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.awaited: Any = None  # the request whose headers are not whole; none yet
        self.head = 0
        self.in_body = False  # from the end of the headers to that of the whole request
        self.detail = DETAIL
        self.deadline: asyncio.TimerHandle | None = self.loop.call_later(HEAD_SECONDS, self._let_go)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the wait."""
        self._end_wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, and see whether it ends amid headers, or amid what belongs to a body and is none."""
        if len(data) > PIECE:
            for start in range(0, len(data), PIECE):
                self.data_received(data[start : start + PIECE])
                if self.transport.is_closing():
                    return
            return
        super().data_received(data)
        cycle = self.cycle
        if cycle is None or cycle.scope is not self.scope:
            self._wait_on(len(data))
        elif self.deadline is not None:
            self._end_wait()
        elif cycle.response_complete:  # it was no new request; uvicorn has ended the time after which it closes
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        if self.in_body:
            self._count(len(data))

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the parser would not read the body: after an Upgrade it takes what follows for no HTTP.

        Raises:
            ValueError: what the parser passes on as a request that cannot be read.
        """
        if self.parser.should_upgrade() and _has_body(self.headers):
            self.detail = UPGRADE
            raise ValueError(UPGRADE)
        self.in_body, self.head = True, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body, which has its own bound: only what comes without any is counted."""
        self.head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self.in_body = False
        super().on_message_complete()

    def _wait_on(self, size: int) -> None:
        """Count headers that are not whole, each request's by themselves."""
        if self.awaited is not self.scope:
            self._end_wait()
            self.awaited = self.scope
            self.deadline = self.loop.call_later(HEAD_SECONDS, self._let_go)
        self._count(size)

    def _count(self, size: int) -> None:
        """Count what is kept in memory, and refuse too much of it; after an answer nothing is left to be said."""
        self.head += size
        if self.head <= MAX_HEAD or self.transport.is_closing():
            return
        if self.in_body and self.cycle.response_started:
            self.transport.close()
        else:
            self.send_400_response("")

    def _end_wait(self) -> None:
        self.awaited, self.head = None, 0
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _let_go(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # the next request may wait while that is sent
            self.deadline = self.loop.call_later(HEAD_SECONDS, self._let_go)
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse what came and end the connection, of which the rest means nothing either."""
        request_id = uuid.uuid4().hex
        log.info("a request could not be read, its answer is a 400 [request %s]", request_id)
        # The `type` is relative: the host that was asked for could not be read.
        body = problem_body(
            self.root_path, KIND, self.detail, request_id, [ProblemItem(parameter="request", message=self.detail)]
        )
        headers = {
            "content-type": MEDIA_TYPE,
            "content-length": str(len(body)),
            "cache-control": "no-store",
            "access-control-allow-origin": "*",
            "x-request-id": request_id,
            "connection": "close",
        }
        lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in headers.items())]
        head = "".join(f"{line}\r\n" for line in lines)
        self.transport.write(f"{head}\r\n".encode() + body)
        self.transport.close()


def _has_body(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request says that it has a body (RFC 9112, section 6)."""
    return any(name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in headers)
