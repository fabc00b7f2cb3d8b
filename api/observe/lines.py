"""One line for each request: time, identifier, method, route, path, status, bytes, milliseconds, from where, for whom."""

import os
import select
import stat
from collections.abc import Callable
from functools import lru_cache
from json import dumps

from api.http.paths import MAX_TARGET
from api.observe.logs import moment_text
from api.observe.output import OUT
from api.observe.routes import SHORT, RouteNames
from api.observe.traffic import Answered
from db.keys import without_tokens

REMEMBERED = 4096


class RequestLines:
    """Writes the lines of some requests at a time to standard output, as JSON or as text for people.

    It is put together by hand, for it is paid with every kept answer: what comes again is turned into JSON once.
    """

    def __init__(self, routes: RouteNames, as_json: bool, write: Callable[[bytes], object] | None = None) -> None:
        self.routes = routes
        self._form = self._as_json if as_json else self._as_text
        self.take = write or _to_standard_output
        self.piece = piece_size(OUT)
        self._known = lru_cache(REMEMBERED)(self._asked_in_json)
        self._quoted = lru_cache(REMEMBERED)(dumps)
        self._second = (0, "")
        self.lost = 0

    def __call__(self, some: list[Answered], offset: float) -> None:
        """Write them. What cannot be written, as on a full disk, is lost and counted, and nothing else suffers."""
        form = self._form
        for number, piece in _pieces([form(one, offset) for one in some], self.piece):
            try:
                self.take(piece)
            except OSError:
                self.lost += number

    def _as_json(self, one: Answered, offset: float) -> str:
        ended, began, method, path, root_path, raw_path, query, client, request_id, status, size, answer = one
        level = "error" if status >= 500 else "info"
        return (
            f'{{"time":"{self._moment(ended + offset)}","level":"{level}",'
            f'"logger":"api.requests","request_id":"{request_id}",'
            f"{self._asked(method, path, root_path, raw_path, query)},"
            f'"status":{status},"bytes":{size},"ms":{(ended - began) * 1000:.3f},'
            f'"answer":"{answer}","client":{self._quoted(client)}}}\n'
        )

    def _asked(self, method: str, path: str, root_path: str, raw_path: bytes, query: bytes) -> str:
        is_short = len(path) + len(raw_path) + len(query) <= SHORT
        return (self._known if is_short else self._asked_in_json)(method, path, root_path, raw_path, query)

    def _asked_in_json(self, method: str, path: str, root_path: str, raw_path: bytes, query: bytes) -> str:
        route = self.routes.of(path, root_path)
        return f'"method":{dumps(method)},"route":{dumps(route)},"path":{dumps(_address(path, raw_path, query))}'

    def _as_text(self, one: Answered, offset: float) -> str:
        text = (
            f"{self._moment(one.ended + offset)} {'ERROR' if one.status >= 500 else 'INFO':7} {one.method} "
            f"{_address(one.path, one.raw_path, one.query)} {one.status} {one.bytes} bytes "
            f"{(one.ended - one.began) * 1000:.2f} ms {one.answer} for {one.client or '-'} [request {one.request_id}]"
        )
        return f"{text if text.isprintable() else ascii(text)}\n"

    def _moment(self, seconds: float) -> str:
        """The moment as text; what is above the second is written once for all requests of it."""
        whole = int(seconds)
        if whole != self._second[0]:
            self._second = whole, moment_text(whole)[:-4]
        return f"{self._second[1]}{int(seconds * 1000) % 1000:03d}Z"


def _address(path: str, raw_path: bytes, query: bytes) -> str:
    """What was asked for, as it came, with its query, but for keys that do not belong there; of what is refused for its length
    only the beginning."""
    target = raw_path or path.encode("utf-8", "backslashreplace")
    whole = target + b"?" + query if query else target
    shown = whole if len(target) + len(query) <= MAX_TARGET else whole[:SHORT] + b"..."
    return without_tokens(shown.decode("latin-1"))


def piece_size(descriptor: int) -> int:
    """How many bytes to write at a time: many, but into a pipe no more than what goes in whole.

    However many processes write to the same pipe, a write of `PIPE_BUF` bytes is not mixed with others (POSIX, write).
    """
    try:
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        is_pipe = True
    return select.PIPE_BUF if is_pipe else 1 << 16


def _pieces(lines: list[str], most: int) -> list[tuple[int, bytes]]:
    """Join lines to pieces that are no longer than `most` bytes, unless a single line is; with each its number of lines."""
    pieces: list[tuple[int, bytes]] = []
    some: list[bytes] = []
    size = 0
    for line in lines:
        encoded = line.encode("utf-8", "backslashreplace")
        if some and size + len(encoded) > most:
            pieces.append((len(some), b"".join(some)))
            some, size = [], 0
        some.append(encoded)
        size += len(encoded)
    return [*pieces, (len(some), b"".join(some))] if some else pieces


def _to_standard_output(piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(OUT, left) :]
