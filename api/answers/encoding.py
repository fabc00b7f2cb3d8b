"""JSON with amounts as numbers of two decimals."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
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


def objects_of(names: Sequence[str], columns: Iterable[Sequence[Any]]) -> list[Any]:
    """Make of the values of columns one object a row, to be encoded; each name is there once."""
    return list(map(_object_type(tuple(names)), *columns))


@lru_cache(100)
def _object_type(names: tuple[str, ...]) -> Any:
    """What takes half of the time that dictionaries take to be made and encoded."""
    places = [f"at_{place}" for place in range(len(names))]
    return msgspec.defstruct("Row", places, rename=dict(zip(places, names, strict=True)), gc=False)


def with_dollars(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the cents under `…_usd` names into dollars with two decimals."""
    return {name: usd(value) if name.endswith("_usd") else value for name, value in row.items()}
