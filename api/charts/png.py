"""Packs a PNG anew: the renderer packs in haste, and flat colours can be four times smaller. No pixel changes."""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVEL = 6


def packed(png: bytes) -> bytes:
    """Return the same picture with its pixels compressed harder; the format is that of RFC 2083."""
    chunks = list(_chunks(png))
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    before = [(kind, data) for kind, data in chunks if kind not in (b"IDAT", b"IEND")]
    shorter = [*before, (b"IDAT", zlib.compress(pixels, LEVEL)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in shorter)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
