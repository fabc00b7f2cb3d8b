"""Reads what the World Bank's search service answers: a JSON object with a total, or one of many things instead."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from db.ingest.sources.web import WrongAnswerError
from models.words import shape_of


def read_list(body: bytes) -> tuple[dict[str, Any], int]:
    """Read the body of a list into the object and the total it states.

    Raises:
        WrongAnswerError: if it is nothing, not UTF-8, a page for browsers, cut off, an error, names a key of an object twice,
            has NaN or Infinity for a value, or states no total.
    """
    content = _decode(body)
    if error := next((content[name] for name in ("error", "errors", "fault", "exception") if content.get(name)), None):
        words = error if isinstance(error, str) else shape_of(error)
        raise WrongAnswerError(f"an error: {words[:200]!r}")
    total = _number(content.get("total"))
    if total is None:
        raise WrongAnswerError("no total")
    return content, total


def _decode(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8").strip().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise WrongAnswerError(f"bytes that are not UTF-8, from byte {error.start:,} on") from None
    if not text:
        raise WrongAnswerError("an empty body")
    if text.startswith("<"):
        raise WrongAnswerError("a page for browsers or XML")
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise WrongAnswerError(f"JSON that is broken or cut off ({len(body):,} bytes)") from None
    if not isinstance(content, dict):
        raise WrongAnswerError(shape_of(content))
    return content


def items_of(
    content: Mapping[str, Any],
    total: int,
    name: str,
    offset: int,
    may_be_empty: bool,
    id_of: Callable[[dict[str, Any]], object],
) -> dict[str, Any]:
    """Take the items of a list by their ids, without the facets that may stand among them.

    They are an object by ids; they have also been a list, whose first row is the one after `offset`, and null or an empty list
    where there are none. An item of a list that has no id goes by its row.

    Raises:
        WrongAnswerError: if they are none of that, two of a list have the same id, or there are none where there have to be some.
    """
    items = content.get(name)
    may_be_empty = may_be_empty or total <= offset
    if isinstance(items, list):
        items = _by_ids(items, offset, id_of)
    if items is None and may_be_empty:
        items = {}
    if not isinstance(items, dict):
        raise WrongAnswerError(f"a total of {total}, but {shape_of(items)} for {name}")
    found = {key: item for key, item in items.items() if key != "facets"}
    if not found and not may_be_empty:
        raise WrongAnswerError(f"a total of {total}, but no {name}")
    return found


def _by_ids(items: Sequence[Any], offset: int, id_of: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    def key_of(item: Any, row: int) -> str:
        own = id_of(item) if isinstance(item, dict) else None
        return str(own or f"row {row}")

    return _once([(key_of(item, row), item) for row, item in enumerate(items, start=offset + 1)], "an id")


def _once(pairs: list[tuple[str, Any]], what: str = "a key of an object") -> dict[str, Any]:
    """Make an object of its pairs. Which of two values under one key was meant nobody knows; it may be a person's name."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise WrongAnswerError(f"JSON that repeats {what}")
    return found


def _refuse_constant(name: str) -> None:
    """Refuse what Python reads as a number and JSON does not have: as a text it would overrule what is known."""
    raise WrongAnswerError(f"JSON with {name}, which is no value of it")


def _number(value: object) -> int | None:
    text = str(value).replace(",", "")
    return int(text) if not isinstance(value, bool) and re.fullmatch(r"\d{1,9}", text) else None
