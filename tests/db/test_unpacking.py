"""What is packed is unpacked alike however it is cut into chunks."""

import gzip
import zlib
from contextlib import suppress

import pytest

from db.unpacking import PIECE, Unpacker

ONE, TWO = gzip.compress(b"one", mtime=0), gzip.compress(b"two", mtime=0)


def unpacked(body, size, **options):
    unpacker = Unpacker(**options)
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(piece for chunk in chunks for piece in unpacker.unpack(chunk)), unpacker.ended


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_zeros_behind_the_end_are_padding(size):
    body = ONE + bytes(5) + TWO + bytes(16)
    assert unpacked(body, size) == unpacked(body, size, strict=False) == (b"onetwo", True)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    "behind", [b"\r\n", b"\x1f", b"\x1f\x1f\x8b", b"\0\n" + TWO], ids=["line", "half", "again", "later"]
)
def test_other_things_behind_the_end_are_passed_over_or_an_error(size, behind):
    assert unpacked(ONE + behind, size, strict=False) == (b"one", True)
    with suppress(zlib.error):  # or the beginning of gzip that does not go on
        assert not unpacked(ONE + behind, size)[1]


def test_a_full_last_piece_is_followed_by_padding():
    assert unpacked(gzip.compress(bytes(PIECE)) + bytes(9), 10_000) == (bytes(PIECE), True)


def test_gzip_that_begins_again_and_is_cut_off_has_not_ended():
    assert unpacked(ONE + TWO[:-3], 1, strict=False)[1] is False
