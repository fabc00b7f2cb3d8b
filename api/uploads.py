"""Receives the body of an upload: piece by piece into a file, unpacked, counted, hashed; never the whole in memory."""

import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.media import encoding, media_type
from api.problems.kinds import RefusedError, in_body
from db.unpacking import Unpacker

NAMES = {
    "application/json": "records.json",
    "application/x-ndjson": "records.jsonl",
    "application/jsonl": "records.jsonl",
    "text/csv": "records.csv",
}
"""What a body of each media type is kept as; the name says how it is read."""

ENCODINGS = ("gzip", "identity")


@dataclass(frozen=True, slots=True)
class Body:
    """A body that has come whole: where it is kept, its length and the hash of its content, both unpacked."""

    path: Path
    bytes: int
    sha256: str


async def receive(request: Request, folder: Path, most: int) -> Body:
    """Keep a request's body as a file in a folder.

    Raises:
        RefusedError: 415 for a kind that is not taken, 413 for more than `most` bytes, 400 for a body that is broken or
            was cut off.
    """
    path = folder / NAMES[media_type(request, list(NAMES))]
    encoded = encoding(request, ENCODINGS, list(NAMES))
    claimed = request.headers.get("content-length", "")
    if encoded == "identity" and claimed.isdecimal() and int(claimed) > most:
        raise _too_large(most)
    with path.open("wb") as file:
        intake = _Intake(file, most, packed=encoded == "gzip")
        try:
            async for chunk in request.stream():
                await run_in_threadpool(intake.take, chunk)
        except ClientDisconnect:
            raise _unreadable("the body was cut off: nothing of it was kept") from None
        await run_in_threadpool(intake.finish)
    return Body(path, intake.bytes, intake.digest.hexdigest())


class _Intake:
    """Unpacks and writes what comes, and stops as soon as it is too much, however small it was packed."""

    def __init__(self, file: IO[bytes], most: int, packed: bool) -> None:
        self.file = file
        self.most = most
        self.bytes = 0
        self.digest = hashlib.sha256()
        self.unpacker = Unpacker() if packed else None

    def take(self, chunk: bytes) -> None:
        if self.unpacker is None:
            self._write(chunk)
            return
        try:
            for piece in self.unpacker.unpack(chunk):
                self._write(piece)
        except zlib.error:
            raise _unreadable("the body is no gzip, as its Content-Encoding says") from None

    def finish(self) -> None:
        if self.unpacker is not None and not self.unpacker.ended:
            raise _unreadable("the body is gzip that ends too early: nothing of it was kept")
        self.file.flush()
        os.fsync(self.file.fileno())

    def _write(self, data: bytes) -> None:
        self.bytes += len(data)
        if self.bytes > self.most:
            raise _too_large(self.most)
        self.digest.update(data)
        self.file.write(data)


def _too_large(most: int) -> RefusedError:
    message = f"the body is larger than {most:,} bytes, unpacked: send it in parts"
    return RefusedError("too-large", message, in_body(message))


def _unreadable(message: str) -> RefusedError:
    return RefusedError("bad-request", message, in_body(message))
