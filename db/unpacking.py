"""Unpacks gzip as it comes, in pieces that are bounded however small they were packed."""

import zlib
from collections.abc import Iterator

GZIP = 31  # zlib's name for a stream with gzip's header, https://zlib.net/manual.html#Advanced
PIECE = 1 << 18  # bytes that are unpacked at once


class Unpacker:
    """Unpacks a body that is handed in chunk by chunk."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(GZIP)

    @property
    def ended(self) -> bool:
        """True where what came so far ends as gzip does; false for nothing, and for what was cut off."""
        return self._stream.eof

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        """Unpack the next chunk, piece by piece.

        Raises:
            zlib.error: if it is no gzip.
        """
        data = b""
        while chunk or len(data) == PIECE:  # a full piece may have more behind it
            if self._stream.eof:
                if not chunk:
                    return
                self._stream = zlib.decompressobj(GZIP)  # gzip files may be strung together (RFC 1952, section 2.2)
            data = self._stream.decompress(chunk, PIECE)
            yield data
            chunk = self._stream.unconsumed_tail or self._stream.unused_data
