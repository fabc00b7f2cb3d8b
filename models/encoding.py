"""JSON with amounts as numbers of two decimals."""

from collections.abc import Iterable

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def to_json(document: object) -> bytes:
    """Encode a document; decimals become JSON numbers with all their digits."""
    return _encoder.encode(document)


def to_json_lines(rows: Iterable[object]) -> bytes:
    """Encode each row on a line of its own."""
    return _encoder.encode_lines(rows)
