"""Unpacks gzip and deflate as they come, in pieces that are bounded however small they were packed."""

import zlib
from collections.abc import Iterator

GZIP = 31  # zlib's name for a stream with gzip's header, https://zlib.net/manual.html#Advanced
ZLIB, RAW = 15, -15  # what deflate is called with its header, and without it as some servers send it
MAGIC = b"\x1f\x8b"  # what gzip begins with
PIECE = 1 << 18  # bytes that are unpacked at once


class Unpacker:
    """Unpacks a body that is handed in chunk by chunk.

    `form` is zlib's name for how it is packed. Zeros behind the end pad it, as for `gzip -d`; where it is not `strict`, all
    else that begins no gzip is passed over too.
    """

    def __init__(self, form: int = GZIP, strict: bool = True) -> None:
        self._form = form
        self._strict = strict
        self._stream = zlib.decompressobj(form)
        self._behind = b""

    @property
    def ended(self) -> bool:
        """True where what came so far ends as gzip does; false for nothing, and for what was cut off."""
        return self._stream.eof

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        """Unpack the next chunk, piece by piece. A chunk that is passed over gives an empty piece.

        Raises:
            zlib.error: if it is no gzip.
        """
        data = b""
        while chunk or len(data) == PIECE:  # a full piece may have more behind it
            if self._stream.eof:
                chunk = self._following(chunk)
                if not chunk:
                    yield b""
                    return
                # Gzip files may be strung together (RFC 1952, section 2.2).
                self._stream = zlib.decompressobj(self._form)
            data = self._stream.decompress(chunk, PIECE)
            yield data
            chunk = self._stream.unconsumed_tail or self._stream.unused_data

    def _following(self, chunk: bytes) -> bytes:
        """Give what is to be unpacked of a chunk behind the end: nothing of padding, nor of what is passed over.

        The first two bytes behind the end decide; they are kept, since a chunk may end between them.
        """
        following = (self._behind + chunk).lstrip(b"\0")
        if self._strict or following.startswith(MAGIC):
            self._behind = b""
            return following
        self._behind = following[: len(MAGIC)]
        return b""


def form_of_deflate(begin: bytes) -> int:
    """Tell by its first byte whether deflate has the header that it should have (RFC 1950, section 2.2)."""
    return ZLIB if begin[:1] and begin[0] & 0x0F == zlib.DEFLATED else RAW
