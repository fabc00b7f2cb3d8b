"""Counts requests by route and status and how long they took; and sums the counts of processes that serve together."""

import fcntl
import os
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp
from threading import Lock

import msgspec

from api.observe.routes import RouteNames
from api.observe.traffic import KEPT, Answered

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histogram, in seconds: from an answer out of memory to a whole table."""

METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "OPTIONS"})
OTHER = "other"

FOLDER_VARIABLE = "WORKERS_COUNTS_DIR"
"""Names the folder that `serve` makes for its workers' counts; nothing to be set by hand."""

PREFIX = "migration-finance-counts-"
"""How the names of such folders begin."""


class Figures(msgspec.Struct):
    """What one process counted. `totals` only grow; `gauges` say how much there is now."""

    requests: dict[tuple[str, str, int], int] = msgspec.field(default_factory=dict)
    """By method, route and status."""
    buckets: dict[tuple[str, str], list[int]] = msgspec.field(default_factory=dict)
    """By method and route: requests up to each of `BOUNDS`, and beyond the last; each request in one of them."""
    seconds: dict[tuple[str, str], float] = msgspec.field(default_factory=dict)
    totals: dict[str, int] = msgspec.field(default_factory=dict)
    gauges: dict[str, int] = msgspec.field(default_factory=dict)

    def add(self, other: "Figures") -> None:
        """Add what another process counted."""
        for request, number in other.requests.items():
            self.requests[request] = self.requests.get(request, 0) + number
        for key, numbers in other.buckets.items():
            self.buckets[key] = [a + b for a, b in zip(self.buckets.get(key, [0] * len(numbers)), numbers, strict=True)]
            self.seconds[key] = self.seconds.get(key, 0.0) + other.seconds[key]
        for mine, others in ((self.totals, other.totals), (self.gauges, other.gauges)):
            for name, number in others.items():
                mine[name] = mine.get(name, 0) + number


class Counts:
    """The counts of this process. Others say what they know when asked: `totals` and `gauges`, by name."""

    def __init__(self, routes: RouteNames) -> None:
        self.routes = routes
        self.totals: dict[str, Callable[[], int]] = {}
        self.gauges: dict[str, Callable[[], int]] = {}
        self._figures = Figures()
        self._kept = {"kept_answers_hits": 0, "kept_answers_not_modified": 0}
        self._lock = Lock()

    def __call__(self, some: list[Answered], _offset: float) -> None:
        """Count some requests."""
        with self._lock:
            for one in some:
                self._count(one)

    def _count(self, one: Answered) -> None:
        figures = self._figures
        key = one.method if one.method in METHODS else OTHER, self.routes.of(one.path, one.root_path)
        request = (*key, one.status)
        figures.requests[request] = figures.requests.get(request, 0) + 1
        buckets = figures.buckets.get(key)
        if buckets is None:
            buckets = figures.buckets[key] = [0] * (len(BOUNDS) + 1)
            figures.seconds[key] = 0.0
        seconds = one.ended - one.began
        buckets[bisect_left(BOUNDS, seconds)] += 1
        figures.seconds[key] += seconds
        if one.answer is KEPT:
            self._kept["kept_answers_not_modified" if one.status == 304 else "kept_answers_hits"] += 1

    def figures(self) -> Figures:
        """All that this process knows by now, as a copy of its own."""
        with self._lock:
            found = Figures()
            found.add(self._figures)
            found.totals |= self._kept
        found.totals |= {name: ask() for name, ask in self.totals.items()}
        found.gauges |= {name: ask() for name, ask in self.gauges.items()}
        return found


@contextmanager
def shared_counts() -> Iterator[None]:
    """Make the folder in which the processes to come, which serve together, tell each other what they counted.

    Whoever makes it holds its lock, which ends with the process. So folders that nobody holds were left by services that were
    killed, and go. It gets its name once it is held.
    """
    for left in Path(gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), _held(left, fcntl.LOCK_EX | fcntl.LOCK_NB):  # another's, or one that is in use
            rmtree(left)
    passing = Path(mkdtemp(prefix=f".{PREFIX}"))
    with _held(passing, fcntl.LOCK_SH):
        folder = passing.rename(passing.with_name(passing.name.removeprefix(".")))
        os.environ[FOLDER_VARIABLE] = str(folder)
        try:
            yield
        finally:
            rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path, how: int) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(opened, how)
        yield
    finally:
        os.close(opened)


class SharedCounts:
    """What all processes of one `serve` counted: each leaves its figures in a file, and whoever is asked adds them up.

    The counts of a process that ended stay, so that totals never go down; what it held at that time does not.
    """

    def __init__(self, own: Counts) -> None:
        folder = os.environ.get(FOLDER_VARIABLE)
        self._own = own
        self._folder = None if folder is None else Path(folder)

    def leave(self) -> None:
        """Leave what this process counted so far, for the others."""
        if self._folder is not None:
            draft = self._folder / f"{os.getpid()}.draft"
            draft.write_bytes(msgspec.msgpack.encode(self._own.figures()))
            draft.replace(draft.with_suffix(".counts"))

    def figures(self) -> Figures:
        """Add up what this process counted, to the last request, and what the others left, a fraction of a second ago."""
        found = self._own.figures()
        for other in self._others():
            found.add(other)
        return found

    def _others(self) -> Iterator[Figures]:
        for path in [] if self._folder is None else sorted(self._folder.glob("*.counts")):
            process = int(path.stem)
            if process != os.getpid():
                other = msgspec.msgpack.decode(path.read_bytes(), type=Figures)
                if not _lives(process):
                    other.gauges.clear()
                yield other


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
