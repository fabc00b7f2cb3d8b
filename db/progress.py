"""How long work tells how far it is, to whoever shows that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Progress(Protocol):
    """Called with how many records (or whatever is counted) were done since the last call, and of how many in all.

    The total may come late and may change: the newest counts. `None` says that it is not known yet.
    """

    def __call__(self, count: int, total: int | None = None, /) -> None:
        """Take note of it."""


def unseen(_count: int, _total: int | None = None, /) -> None:
    """The progress that nobody looks at."""


Position = Callable[[int, int | None], None]
"""Called with the place in a file that was reached, and the file's size where that is known, in bytes."""


def anywhere(_position: int, _size: int | None) -> None:
    """The position that nobody looks at."""


class Positions:
    """Adds the positions in several files up to one progress in bytes. Without the size of each of them there is no total."""

    def __init__(self, progress: Progress) -> None:
        self.parts: list[Part] = []
        self._progress = progress
        self._total: int | None = None

    def part(self, size: int | None) -> "Part":
        """Take one more file in."""
        self.parts.append(Part(self, size))
        self.measure()
        return self.parts[-1]

    def measure(self) -> None:
        """Take note of a size that is known by now."""
        sizes = [part.size for part in self.parts if part.size is not None]
        self._total = sum(sizes) if len(sizes) == len(self.parts) else None

    def tell(self, count: int) -> None:
        """Tell the progress of so many bytes."""
        self._progress(count, self._total)


@dataclass(slots=True)
class Part:
    """One of the files. What is read again, as it is begun anew, does not count again."""

    whole: Positions
    size: int | None
    reached: int = 0

    def __call__(self, position: int, size: int | None) -> None:
        """Take note of the position that was reached."""
        if size is not None:
            self.resize(size)
        more = max(position - self.reached, 0)
        self.reached += more
        self.whole.tell(more)

    def resize(self, size: int) -> None:
        """Take note of the size."""
        if size != self.size:
            self.size = size
            self.whole.measure()

    def leave(self) -> None:
        """Be done with the file, at its end or before: what is left of it will not be read."""
        self.resize(self.reached)
        self.whole.tell(0)
