"""What single parameters take: lists of codes, identifiers, days, years, amounts, words, each with what is said of it."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.problems.kinds import unknown_value
from models.classification import load_taxonomy
from models.money import MAX_DOLLARS
from models.search import MAX_QUERY, parse_query
from models.texts import LONGEST_ID, LONGEST_LABEL, form_of_ids, no_id

MAX_VALUES = 300
TRUTHS = ("true", "false")

IDENTIFIER = form_of_ids(LONGEST_ID)
"""What identifiers look like: as on their way in."""

TAXONOMY = load_taxonomy()
CATEGORIES = list(TAXONOMY.by_code)
GROUPS = [group.code for group in TAXONOMY.groups]
SETS = [one.code for one in TAXONOMY.sets]


def _split(value: object) -> object:
    """Take a repeated parameter, or one with commas, as a list."""
    return _listed(value, lambda item: item.split(","))


def _uncut(value: object) -> object:
    """Take a repeated parameter as a list of texts that may be values with commas: `parted` cuts those that are none."""
    return _listed(value, lambda item: item.split(",") if len(item.strip()) > LONGEST_LABEL else [item])


def parted(values: Iterable[str], known: Iterable[str]) -> list[str]:
    """Cut texts at their commas, except those that are known values as a whole, ignoring case."""
    whole = {item.casefold() for item in known}
    cut = ([text] if text.casefold() in whole else text.split(",") for text in values)
    return list(dict.fromkeys(part.strip() for parts in cut for part in parts))


def _listed(value: object, parts: Callable[[str], Iterable[str]]) -> object:
    if value is None:
        return value
    items = value if isinstance(value, list) else [value]
    found = [part.strip() for item in items for part in parts(str(item))]
    if len(found) > MAX_VALUES:
        context = {"count": len(found), "most": MAX_VALUES, "value": f"{len(found)} values"}
        raise PydanticCustomError("too_many", "has {count} values, at most {most} are allowed", context)
    if any(not part for part in found):
        raise PydanticCustomError("empty_value", "holds an empty value", {"value": ",".join(map(str, items))[:100]})
    return list(dict.fromkeys(found))


SPLIT = BeforeValidator(_split)


def one_of(parameter: str, allowed: Iterable[str]) -> AfterValidator:
    """Check each value against a closed list, ignoring case."""
    spelling = {item.casefold(): item for item in allowed}

    def check(values: list[str]) -> list[str]:
        for value in values:
            if value.casefold() not in spelling:
                item = unknown_value(parameter, value, list(spelling.values()))
                context = {"value": value[:100], "allowed": item.allowed, "suggestion": item.suggestion}
                raise PydanticCustomError(
                    "unknown_value", "{shown} is not a valid value", {**context, "shown": repr(value[:100])}
                )
        return [spelling[value.casefold()] for value in values]

    return AfterValidator(check)


def listed(
    description: str,
    example: str,
    allowed: Iterable[str] = (),
    pattern: str | None = IDENTIFIER,
    required: bool = False,
) -> Any:
    """Describe a parameter that takes several values: repeated, which tools read from the schema, or with commas.

    Without a `pattern` each is a text of any characters.
    """
    known = list(allowed)
    form = {"maxLength": LONGEST_LABEL} if pattern is None else {"pattern": pattern}
    words = f" One of: {', '.join(known)}." if 0 < len(known) < 20 else ""
    default: dict[str, Any] = {} if required else {"default_factory": list}
    items: dict[str, Any] = {"type": "string"} | ({"enum": known} if known else form)
    return Field(
        **default,
        description=f"{description} Comma-separated or repeated.{words}",
        examples=[example.split(",")],
        json_schema_extra={"items": items, "minItems": 1, "maxItems": MAX_VALUES},
    )


def fields_of(*models: type[BaseModel]) -> Any:
    """Describe the parameter that chooses columns, for rows of some models."""
    names = list(dict.fromkeys(name for model in models for name in model.model_fields))
    return listed("Only these columns, in this order; by default all.", ",".join(names[:2]), names)


def with_minus(names: Iterable[str]) -> list[str]:
    """Return names of columns for either direction of an order."""
    return [sign + name for name in names for sign in ("", "-")]


def sort_of(names: Iterable[str], example: str, more: str = "") -> Any:
    """Describe the parameter that orders rows; `more` is said of it too."""
    text = f"Columns to order by; `-` before a name for descending; rows without a value come last.{more}"
    return listed(text, example, names)


def _identifiers(values: list[str]) -> list[str]:
    """Refuse what cannot be an identifier, so that no byte gets to a database that cannot hold it."""
    for value in values:
        if not re.fullmatch(IDENTIFIER, value):
            context = {"value": value[:100], "reason": no_id(value, LONGEST_ID)}
            raise PydanticCustomError("identifier", "{reason}", context)
    return values


def _number(value: object) -> object:
    """Take a number only as it is written everywhere: Python would also read 1_000, and digits of any script."""
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        raise PydanticCustomError("number", "is not a number written as 1000 or 0.5", {"value": value[:100]})
    return value


def _truth(value: object) -> object:
    """Take a truth only as it is documented: Pydantic would also read 1, on, yes and others."""
    if isinstance(value, str) and value not in TRUTHS:
        raise PydanticCustomError("truth", "must be true or false", {"value": value[:100], "allowed": list(TRUTHS)})
    return value


def _search_words(text: str) -> str:
    try:
        parse_query(text)
    except ValueError as error:
        raise PydanticCustomError("words", "{reason}", {"reason": str(error), "value": text}) from None
    return text


Codes = Annotated[list[str], SPLIT]
Texts = Annotated[list[str], BeforeValidator(_uncut)]
"""Values that may hold commas: see `parted`."""

Identifiers = Annotated[list[str], SPLIT, AfterValidator(_identifiers)]
Truth = Annotated[bool, BeforeValidator(_truth)]
NUMBER = BeforeValidator(_number)
Year = Annotated[int, Field(ge=1944, le=2100), NUMBER]
Amount = Annotated[
    Decimal,
    Field(ge=0, le=MAX_DOLLARS),
    NUMBER,
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MAX_DOLLARS}),
]
Words = Annotated[
    str,
    Field(max_length=MAX_QUERY),
    AfterValidator(_search_words),
    WithJsonSchema({"type": "string", "maxLength": MAX_QUERY, "pattern": r"[^\W_]"}),
]
