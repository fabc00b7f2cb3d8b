"""Packs the figures of a cell into one whole number, so that cells are added up by one addition and not figure by figure.

A number holds each figure in 64 bits of its own, as the columns do: sums and differences of such numbers are those of all their
figures, and a number that is zero has no other figure.
"""

import struct
from collections.abc import Sequence

from models.summary import FIGURES

_BITS = struct.Struct(f"<{len(FIGURES)}q")
_SIGNS = int.from_bytes(_BITS.pack(*[-(2**63)] * len(FIGURES)), "little")
"""The first bit of each figure. A figure less than zero borrows from the next one; with these added to it none does."""


def packed(figures: Sequence[int]) -> int:
    """Pack figures in the order of `FIGURES`.

    Raises:
        struct.error: if one does not fit its column.
    """
    return (int.from_bytes(_BITS.pack(*figures), "little") ^ _SIGNS) - _SIGNS


def unpacked(number: int) -> tuple[int, ...]:
    """The figures in a packed number."""
    return _BITS.unpack(((number + _SIGNS) ^ _SIGNS).to_bytes(_BITS.size, "little"))
