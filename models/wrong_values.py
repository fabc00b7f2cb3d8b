"""What is wrong with a value, in words for those who never heard of Pydantic: the same for parameters, bodies and records."""

from collections.abc import Mapping
from typing import Any

WORDS = {
    "int_parsing": "is no whole number",
    "int_type": "is no whole number",
    "int_from_float": "is no whole number",
    "int_parsing_size": "has more digits than any number that is taken",
    "float_parsing": "is no number",
    "float_type": "is no number",
    "decimal_parsing": "is no number",
    "bool_parsing": "must be on or off",
    "finite_number": "is no finite number",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_type": "must be text, in quotes",
    "string_too_short": "is empty",
    "string_too_long": "has more than {max_length} characters",
    "string_unicode": "holds half of a surrogate pair (\\ud800 to \\udfff), which is no character",
    "list_type": "must be a list",
    "too_short": "has {actual_length} items, at least {min_length} is needed",
    "too_long": "has {actual_length} items, at most {max_length} are taken",
}
"""What is said behind a value or its name, by Pydantic's kinds of error; in braces stands what Pydantic tells beside the kind."""


def words_for(kind: str, context: Mapping[str, Any]) -> str | None:
    """Say what is wrong, by a kind of error of Pydantic's and what it tells beside that; `None`: there are no words for it."""
    words = WORDS.get(kind)
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    return None if words is None else words.format(**shown)
