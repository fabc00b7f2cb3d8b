"""One line for each request: time, identifier, method, route, path, status, bytes, milliseconds, from where, for whom."""

import os
import select
from collections.abc import Callable

import msgspec

from api.observe.logs import moment_text
from api.observe.routes import RouteNames
from api.observe.traffic import Answered

PIECE = select.PIPE_BUF
"""Bytes that are written at a time: so many go into a pipe whole, however many processes write to it (POSIX, write)."""


class Line(msgspec.Struct, omit_defaults=True):
    """What a line says. `path` is as it came, with its query; `answer` is `kept`, `made` or `broken`."""

    time: str
    level: str
    logger: str
    request_id: str
    method: str
    route: str
    path: str
    status: int
    bytes: int
    ms: float
    answer: str
    client: str


class RequestLines:
    """Writes the lines of some requests at a time to standard output, as JSON or as text for people."""

    def __init__(self, routes: RouteNames, as_json: bool, write: Callable[[bytes], object] | None = None) -> None:
        self.routes = routes
        self._form = _as_json if as_json else _as_text
        self._write = write or _to_standard_output
        self._second = (0, "")
        self.lost = 0

    def __call__(self, some: list[Answered], offset: float) -> None:
        """Write them. What cannot be written, as on a full disk, is lost and counted, and nothing else suffers."""
        lines = [self._form(self._line(one, offset)) for one in some]
        for number, piece in _pieces(lines):
            try:
                self._write(piece)
            except OSError:
                self.lost += number

    def _line(self, one: Answered, offset: float) -> Line:
        target = one.raw_path or one.path.encode("utf-8", "backslashreplace")
        path = (target + b"?" + one.query if one.query else target).decode("latin-1")
        return Line(
            self._moment(one.ended + offset),
            "error" if one.status >= 500 else "info",
            "api.requests",
            one.request_id,
            one.method,
            self.routes.of(one.path, one.root_path),
            path,
            one.status,
            one.bytes,
            round((one.ended - one.began) * 1000, 3),
            one.answer,
            one.client,
        )

    def _moment(self, seconds: float) -> str:
        """The moment as text; what is above the second is written once for all requests of it."""
        whole = int(seconds)
        if whole != self._second[0]:
            self._second = whole, moment_text(whole)[:-4]
        return f"{self._second[1]}{int(seconds * 1000) % 1000:03d}Z"


_encode = msgspec.json.Encoder().encode


def _as_json(line: Line) -> bytes:
    return _encode(line) + b"\n"


def _as_text(line: Line) -> bytes:
    path = line.path if line.path.isprintable() else ascii(line.path)
    text = (
        f"{line.time} {line.level:7} {line.method} {path} {line.status} {line.bytes} bytes {line.ms:.2f} ms "
        f"{line.answer} for {line.client or '-'} [request {line.request_id}]\n"
    )
    return text.encode("utf-8", "backslashreplace")


def _pieces(lines: list[bytes]) -> list[tuple[int, bytes]]:
    """Join lines to pieces that are no longer than `PIECE`, unless a single line is."""
    pieces: list[tuple[int, bytes]] = []
    some: list[bytes] = []
    size = 0
    for line in lines:
        if some and size + len(line) > PIECE:
            pieces.append((len(some), b"".join(some)))
            some, size = [], 0
        some.append(line)
        size += len(line)
    return [*pieces, (len(some), b"".join(some))] if some else pieces


def _to_standard_output(piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(1, left) :]
