"""Sends a file piece by piece, and lets go of its rows as soon as nobody takes them any more."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack

from anyio import CancelScope
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class FileStream(StreamingResponse):
    """A streamed file. Where its client leaves, reading ends before the transaction does, not whenever memory is tidied."""

    def __init__(
        self, pieces: Iterator[bytes], media_type: str, headers: Mapping[str, str], place: ExitStack | None = None
    ) -> None:
        self.place = place or ExitStack()
        self.pieces = _generated(pieces)
        super().__init__(self.pieces, media_type=media_type, headers=headers)

    def hold(self, more: ExitStack) -> None:
        """Let go of something else too at the end, after the rows."""
        more.push(self.place.pop_all().__exit__)
        self.place = more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and close it whatever happens; then its place is free for another."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await run_in_threadpool(self._let_go)

    def _let_go(self) -> None:
        try:
            self.pieces.close()
        finally:
            self.place.close()


def _generated(pieces: Iterator[bytes]) -> Generator[bytes, None, None]:
    yield from pieces  # closing this one closes that one, with all that it reads from
