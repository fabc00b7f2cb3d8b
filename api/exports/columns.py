"""What the columns of an answer are: named, typed and described once, by the public models, for every format."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from db.queries.statements.pieces import Piece
from models.money import Places


class Kind(StrEnum):
    """What the values of a column are, apart from null."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    LIST = "list"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `places` are the decimals of a decimal; `unit` is what its numbers count."""

    name: str
    kind: Kind
    description: str = ""
    places: int = 0
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself: a title, and facts such as its release, licence and query."""

    title: str
    facts: Mapping[str, str]
    made_at: datetime


KINDS = {
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    float: Kind.NUMBER,
    Decimal: Kind.DECIMAL,
    datetime: Kind.TIME,
    date: Kind.DATE,
}


def columns_of(model: type[BaseModel], names: Iterable[str] | None = None) -> list[Column]:
    """Describe the columns that a public model names, or some of them, in their order."""
    return [_column_of(model, name) for name in (model.model_fields if names is None else names)]


@cache
def _column_of(model: type[BaseModel], name: str) -> Column:
    return _column(name, model.model_fields[name])


def _column(name: str, field: FieldInfo) -> Column:
    annotation: Any = field.annotation
    metadata = list(field.metadata)
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not NoneType)
    if hasattr(annotation, "__metadata__"):
        metadata += annotation.__metadata__
        annotation = get_args(annotation)[0]
    places = next((item.count for item in metadata if isinstance(item, Places)), 0)
    unit = "USD" if name.endswith("_usd") else None
    return Column(name, _kind(annotation), field.description or "", places, unit)


def _kind(annotation: Any) -> Kind:
    if get_origin(annotation) is list:
        item = get_args(annotation)[0]
        return Kind.LIST if isinstance(item, type) and issubclass(item, str) else Kind.OBJECT
    if isinstance(annotation, type) and not issubclass(annotation, str):
        return KINDS.get(annotation, Kind.OBJECT)
    return Kind.TEXT if isinstance(annotation, type) else Kind.OBJECT


def chosen(columns: Sequence[Column], piece: Piece) -> list[Sequence[Any]]:
    """The values of these columns, in their order, out of a piece that may have more."""
    return [piece[column.name] for column in columns]
