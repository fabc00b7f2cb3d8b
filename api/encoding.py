"""JSON with amounts as numbers of two decimals."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from models.money import usd

_encoder = msgspec.json.Encoder(decimal_format="number")


def to_json(document: object) -> bytes:
    """Encode a document; decimals become JSON numbers with all their digits."""
    return _encoder.encode(document)


def to_json_lines(rows: Iterable[object]) -> bytes:
    """Encode each row on a line of its own."""
    return _encoder.encode_lines(rows)


def with_dollars(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the cents under `…_usd` names into dollars with two decimals."""
    return {name: usd(value) if name.endswith("_usd") else value for name, value in row.items()}
