"""Loads parts of the program when they are asked for, which is most of what a start takes."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.http.front import FrontLayer


@contextmanager
def loading() -> Iterator[None]:
    """Search for no garbage while a part is loaded: it makes many things and leaves none behind, and the search takes long."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def load_service() -> "FrontLayer":
    """Load the application and make what is served. What watches over several workers never loads it."""
    with loading():
        from api.main import create_service

        return create_service()
