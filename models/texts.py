"""Texts as sources write them: what is mended in them, and what is refused."""

import re
import unicodedata
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

_P_NUMBER = re.compile(r"[Pp][0-9]{6}")
_WITH_P_NUMBER = re.compile(r"p[0-9]{6}(?![^-])")

_SIGN = "[!-~\u00c0-\u00ff\u2010-\u2027\u20ac]"
"""A letter or sign of western texts that `clean_text` leaves as it is, beside others of them too."""
PLAIN = f"^{_SIGN}+(?: {_SIGN}+)*$"
"""A text that it leaves as it is: words with one blank between them."""
PLAIN_FROM = 4
"""Characters of a plain text at least: a shorter one may stand for nothing, as "N/A" does."""

SHOWN = 200
"""Characters of a refused value that are kept."""

LONGEST_TEXT, LONGEST_WORDS, LONGEST_LABEL = 20_000, 2_000, 200
"""Characters that fields of records have at most: a text such as an aim, a title or a reason, and what answers are grouped by."""

LONGEST_PROJECT_ID, LONGEST_ID = 100, 120
"""Characters that the id of a project has at most, and any id: that of a component is longer by its number."""


def form_of_ids(most: int) -> str:
    """The regular expression for ids of so many characters at most."""
    return rf"^[A-Za-z0-9][A-Za-z0-9._:-]{{0,{most - 1}}}$"


def no_id(text: str, most: int) -> str:
    """Say of a text that it is not of the form of ids, and what that is."""
    return (
        f"{text[:60]!r} is no identifier: expected a letter of A to Z or a digit, then letters, digits or . _ : -, "
        f"{most} characters at most, as in P174085"
    )


def storable(value: object, most: int = SHOWN) -> str:
    """Write a value as text that every database can keep: without NUL, without half characters, not too long."""
    text = str(value)[:most].replace("\x00", "\ufffd")
    return text.encode("utf-8", "replace").decode("utf-8")


def is_p_number(text: str) -> bool:
    """True for the number of a project of the World Bank, in capitals or not."""
    return _P_NUMBER.fullmatch(text) is not None


def with_p_number(identifier: str) -> str:
    """Write an id of a project of the World Bank, or of a part of it, in capitals: `p174085-3` is `P174085-3`.

    Two ways to write one project would be counted beside each other. All other ids stay as they are.
    """
    return f"P{identifier[1:]}" if _WITH_P_NUMBER.match(identifier) else identifier


def clean_text(value: object) -> str | None:
    """Fold white space, undo mis-decoded quotes, and turn nothing, "" and "N/A" into `None`."""
    if value is None:
        return None
    text = str(value)
    if text.isascii():  # nothing to mend or to fold but blanks
        text = " ".join(text.split())
        return None if text in {"", "N/A", "n/a", "N/a", "n/A"} else text
    if "\u00e2\u0080" in text or "\u00c3" in text:
        text = _undo_double_decoding(text)
    text = " ".join(unicodedata.normalize("NFC", text).split())
    return None if text.upper() in {"", "N/A"} else text


def _undo_double_decoding(text: str) -> str:
    """Repair UTF-8 that was read as Latin-1, as some of the World Bank's own exports hold it."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        repaired = re.sub(r"\u00e2\u0080[\u0080-\u00bf]", lambda m: m.group().encode("latin-1").decode("utf-8"), text)
        return repaired


def text_of(value: object) -> str | None:
    """Read a field of text; see `clean_text`.

    Raises:
        ValueError: for an object, a list or yes and no, whose form in Python nobody wrote, and for a text with a NUL.
    """
    if not isinstance(value, str) and isinstance(value, dict | list | tuple | bool):
        raise ValueError(f"{str(value)[:60]!r} is an object, a list or a flag: expected a text")
    return without_nul(clean_text(value))


def without_nul(text: str | None) -> str | None:
    """Refuse a text with a NUL, which PostgreSQL cannot keep: to drop it would make another text of it."""
    if text and "\x00" in text:
        raise ValueError(f"{text[:60]!r} holds a NUL character: expected a text without")
    return text


class _AsText:
    """Reads a field of text by `text_of` before what it is marked with is checked.

    In most texts nothing is to be mended. Pydantic's core takes these by itself, several times faster than Python could, and
    asks Python about the others only.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """What pydantic builds a validator of."""
        field = handler(source)
        plain = core_schema.str_schema(strict=True, strip_whitespace=True, pattern=PLAIN, min_length=PLAIN_FROM)
        ways: list[CoreSchema | tuple[CoreSchema, str]] = [
            (core_schema.chain_schema([plain, field]), PLAIN),
            core_schema.no_info_before_validator_function(text_of, field),
        ]
        return core_schema.union_schema(ways, mode="left_to_right")


AS_TEXT = _AsText()
"""Marks such a field, behind what is checked of its text."""


def problems_of(error: ValidationError) -> list[ErrorDetails]:
    """What is wrong with the fields of a record; that a text is not plain is no fault."""
    return [problem for problem in error.errors(include_url=False) if PLAIN not in problem["loc"][1:]]
