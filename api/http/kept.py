"""Answers kept in memory while their release is the newest, ready to be sent again byte for byte."""

from asyncio import AbstractEventLoop, Event, get_running_loop
from dataclasses import dataclass, field
from itertools import chain
from sys import getsizeof

from cachetools import LRUCache
from starlette.types import Message

from api.http.question import Key
from api.http.replies import ABOUT_THE_BODY, RawHeaders, joined
from api.http.tags import bare
from db.watch.stamp import ReleaseStamp

LARGEST_PART = 16
"""No answer may take more than this part of the room, so that one long export does not push out everything else."""

PER_ANSWER = 1_000
"""Bytes that an answer takes beside its body, its headers and its address: a generous guess at Python's objects."""


@dataclass(slots=True)  # frozen ones take three times as long to make
class Kept:
    """A 200 as it left the layers inside, with its entity tag and its date as they stand in the headers."""

    headers: RawHeaders
    body: bytes
    etag: str
    modified: str
    asked: int = 0
    """Bytes of the key that it is kept under: its address, and the headers that decide."""

    def not_modified(self, etag: str) -> RawHeaders:
        """The headers of a 304 that stands for it, under the form of its tag that the client has."""
        kept = [(name, value) for name, value in self.headers if name not in ABOUT_THE_BODY]
        return [*((name, value) for name, value in kept if name != b"etag"), (b"etag", etag.encode())]

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.body) + sum(map(len, chain.from_iterable(self.headers))) + self.asked + PER_ANSWER


class _Counting(LRUCache[Key, Kept]):
    """Counts the answers that had to go to make room."""

    evictions = 0

    def popitem(self) -> tuple[Key, Kept]:
        self.evictions += 1
        return super().popitem()


@dataclass(slots=True)
class AnswerStore:
    """The answers of one release, at most `room` bytes of them; the one that was asked for least lately goes first.

    It belongs to an event loop: nothing here waits, so nothing needs a lock.
    """

    room: int
    _stamp: ReleaseStamp | None = None
    _stale: bool = False
    _kept: _Counting = field(init=False)
    under_way: dict[Key, "Keeper"] = field(default_factory=dict)
    misses: int = 0

    def __post_init__(self) -> None:
        self._kept = _Counting(max(self.room, 0), getsizeof=lambda kept: kept.size)

    def __len__(self) -> int:
        """How many answers there are."""
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes that they take, about."""
        return int(self._kept.currsize)

    @property
    def evictions(self) -> int:
        """How many answers had to go to make room, so far."""
        return self._kept.evictions

    def find(self, stamp: ReleaseStamp, stale: bool, key: Key) -> Kept | None:
        """Find the answer to a request in the newest release. Those of an older one are dropped on the way."""
        if not self._is_of(stamp, stale):
            self._kept.clear()
            self._stamp, self._stale = stamp, stale
        try:
            return self._kept[key]  # a third quicker than `get`, which looks twice
        except KeyError:
            return None

    def _is_of(self, stamp: ReleaseStamp, stale: bool) -> bool:
        return stale is self._stale and (stamp is self._stamp or stamp == self._stamp)

    async def awaited(self, stamp: ReleaseStamp, stale: bool, key: Key) -> Kept | None:
        """Wait for an answer that is being made for somebody else, and find it if it was kept."""
        other = self.under_way.get(key)
        if other is None or other.loop is not get_running_loop() or not self._is_of(other.stamp, other.stale):
            return None
        await other.decided.wait()
        return self.find(stamp, stale, key) if self._is_of(stamp, stale) else None

    def takes(self, size: int) -> bool:
        """Tell whether a body of so many bytes is worth keeping."""
        return size <= self.room // LARGEST_PART

    def keep(self, stamp: ReleaseStamp, stale: bool, key: Key, kept: Kept) -> None:
        """Keep an answer, unless its release is not the newest any more or it is too large."""
        if self._is_of(stamp, stale) and self.takes(kept.size):
            self._kept[key] = kept


@dataclass(slots=True)
class Keeper:
    """Watches an answer go out, and keeps it if it turns out to be the one that its entity tag promises.

    Whoever asks the same meanwhile waits for `decided`: then the answer is kept, or will not be. It never waits for a
    client that reads slowly, for an answer that goes out in pieces is decided with its first one.
    """

    store: AnswerStore
    stamp: ReleaseStamp
    stale: bool
    key: Key
    tag: str
    decided: Event = field(default_factory=Event)
    loop: AbstractEventLoop = field(default_factory=get_running_loop)
    _answer: Kept | None = None
    _pieces: list[bytes] = field(default_factory=list)
    _size: int = 0

    def begin(self) -> None:
        """Say that this answer is under way."""
        self.store.under_way[self.key] = self

    def end(self) -> None:
        """Let everybody go on who waits for this answer."""
        self.decided.set()
        if self.store.under_way.get(self.key) is self:
            del self.store.under_way[self.key]

    def see(self, message: Message) -> None:
        """Look at a message that is about to be sent."""
        if message["type"] == "http.response.start":
            headers = joined(message["headers"])
            etag, modified = (headers.get(name, b"").decode("latin-1") for name in (b"etag", b"last-modified"))
            if message["status"] == 200 and bare(etag) == self.tag:
                self._answer = Kept(list(headers.items()), b"", etag, modified, sum(map(getsizeof, self.key)))
        elif message["type"] == "http.response.body":
            if self._answer is not None:
                self._take(self._answer, message.get("body", b""), message.get("more_body", False))
            self.end()

    def _take(self, answer: Kept, piece: bytes, more: bool) -> None:
        self._size += len(piece)
        if more and self.store.takes(self._size):
            self._pieces.append(bytes(piece))
            return
        self._answer = None  # it is whole now, or too large
        if not more:
            answer.body = b"".join((*self._pieces, piece))
            self.store.keep(self.stamp, self.stale, self.key, answer)
        self._pieces.clear()
