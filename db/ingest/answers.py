"""Reads what the World Bank's search service answers: a JSON object with a total, or one of many things instead."""

import json
import re
from typing import Any

from db.ingest.web import WrongAnswerError, shape_of


def read_list(body: bytes) -> tuple[dict[str, Any], int]:
    """Read the body of a list into the object and the total it states.

    Raises:
        WrongAnswerError: if it is nothing, a page for browsers, cut off, an error, or states no total.
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
    text = body.decode("utf-8", "replace").strip().removeprefix("\ufeff")
    if not text:
        raise WrongAnswerError("an empty body")
    if text.startswith("<"):
        raise WrongAnswerError("a page for browsers or XML")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongAnswerError(f"JSON that is broken or cut off ({len(body):,} bytes)") from None
    if not isinstance(content, dict):
        raise WrongAnswerError(shape_of(content))
    return content


def _number(value: object) -> int | None:
    text = str(value).replace(",", "")
    return int(text) if not isinstance(value, bool) and re.fullmatch(r"\d{1,9}", text) else None
