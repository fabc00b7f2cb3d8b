"""A specification in, bytes out, by Vega in a V8 that is compiled into a package: no browser, no network, no files."""

import json
from functools import lru_cache
from threading import Semaphore
from typing import Any
from xml.sax.saxutils import quoteattr

import vl_convert

from api.answers.negotiation import Picture
from api.charts.png import packed

PPI = 144
"""Of a PNG: two of its pixels for each CSS pixel, so that print is sharp."""

AT_ONCE = 1
"""V8 works on one picture at a time; who comes meanwhile waits outside of it."""

MOST_WAITING = 8
PATIENCE_SECONDS = 20.0
KEPT = 64

_turn = Semaphore(AT_ONCE)
_room = Semaphore(AT_ONCE + MOST_WAITING)


class RendererBusyError(Exception):
    """Too many pictures are wanted at once."""


def render(spec: dict[str, Any], picture: Picture) -> bytes:
    """Draw a specification; equal ones have equal bytes.

    Raises:
        RendererBusyError: if there is no turn for it soon.
    """
    return _rendered(json.dumps(spec, sort_keys=True, ensure_ascii=False), picture, spec["description"])


@lru_cache(maxsize=KEPT)
def _rendered(text: str, picture: Picture, title: str) -> bytes:
    if not _room.acquire(blocking=False):
        raise RendererBusyError("too many pictures are wanted at once")
    try:
        if not _turn.acquire(timeout=PATIENCE_SECONDS):
            raise RendererBusyError(f"no turn to draw within {PATIENCE_SECONDS:g} seconds")
        try:
            return _drawn(text, picture, title)
        finally:
            _turn.release()
    finally:
        _room.release()


def _drawn(text: str, picture: Picture, title: str) -> bytes:
    if picture is Picture.PNG:
        return packed(vl_convert.vegalite_to_png(text, ppi=PPI, allowed_base_urls=[]))
    svg: str = vl_convert.vegalite_to_svg(text, allowed_base_urls=[])
    return _named(svg, title).encode()


def _named(svg: str, title: str) -> str:
    """Say of the picture as a whole what it is; its marks stay readable one by one."""
    return svg.replace("<svg ", f'<svg role="graphics-document" aria-label={quoteattr(title)} ', 1)
