"""Words of messages: what depends on a number, what a JSON value is, and what Python says of JSON."""

from typing import Any


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write a number with what it counts: "1 row", "1,200 rows". `many` is for plurals that do not end in an added s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def shape_of(value: Any) -> str:
    """Name the kind of a JSON value, for messages that must not hold its content."""
    if value is None:
        return "null"
    names = {
        bool: "a truth value",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "something else")


JSON_FAULTS = {
    "Expecting value": "expected a value",
    "Expecting property name enclosed in double quotes": "expected a name in double quotes",
    "Expecting ':' delimiter": "expected a colon",
    "Expecting ',' delimiter": "expected a comma, or the end of the list or object",
    "Extra data": "something follows where all should end",
    "Unterminated string starting at": "a text begins that does not end",
    "Invalid control character at": "a text holds a control character, such as the end of a line",
    "Invalid \\escape": "a text holds a backslash that nothing known follows",
    "Invalid \\uXXXX escape": "expected four hexadecimal digits after \\u",
}
"""What Python's reader of JSON says, and what it means to who wrote the text."""


def told_of_json(message: str) -> str:
    """Say what is wrong with a text as JSON in the words of who wrote it."""
    return next((told for said, told in JSON_FAULTS.items() if message.startswith(said)), message)
