"""How a run looks for garbage: it makes many small objects and hardly any that refer to each other in a ring."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_OBJECTS = 100_000
"""Objects made between two looks at the youngest. Python's own 700 costs a run a fifth of its time, and saves no memory."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for rings of garbage less often for as long as this lasts, and never at what was there before. It holds for the
    whole process, which afterwards looks at all it has: also at what it had set aside itself, for to ask whether it had takes
    a large one longer than a small run."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def collect() -> None:
    """Remove the rings that a part of a run has left. It looks at what was made since the last time alone: to look at all that
    a run keeps, over and over, would take a twentieth of it. Python looks at the rest by itself now and then."""
    gc.collect(1)
