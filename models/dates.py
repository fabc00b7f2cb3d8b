"""Dates: reading them, and checking those that say when something was stated or decided, which is past."""

import re
from datetime import date, datetime, time
from functools import lru_cache
from time import time as clock
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from models.texts import clean_text

EARLIEST_YEAR, LATEST_YEAR = 1944, 2100
"""The World Bank's founding, and a bound beyond which a date can only be a slip of the keyboard."""


def bounding(day: date | None) -> date | None:
    """A day that bounds what is asked; one of a year that no filter can name, such as 9999-12-31, stands for an open end."""
    return day if day is not None and EARLIEST_YEAR <= day.year < LATEST_YEAR else None


_EPOCH = date(1970, 1, 1).toordinal()
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9:.]+)Z?)?")
_WRITTEN = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FORM = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")
_EARLIEST_SAID = "1900"


def parse_day(value: object) -> date | None:
    """Read an ISO date, with or without a time.

    Raises:
        ValueError: for anything else, or a year outside 1944 to 2100.
    """
    text = clean_text(value)
    if text is None:
        return None
    iso = _ISO.fullmatch(text)
    if iso is None:
        raise ValueError(f"{text[:40]!r} is not a date; expected YYYY-MM-DD")
    year, month, day = int(iso[1]), int(iso[2]), int(iso[3])
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(f"the year of {text[:40]!r} is not between {EARLIEST_YEAR} and {LATEST_YEAR}")
    try:
        if iso[4]:
            time.fromisoformat(iso[4])
    except ValueError:
        raise ValueError(f"{text[:40]!r} has no time of the clock; expected YYYY-MM-DD") from None
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a day of the calendar; expected YYYY-MM-DD") from None


def written_day(value: object) -> object:
    """Take a day only as it is documented: Pydantic would also read seconds since 1970, and a time at midnight."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if not isinstance(value, str) or not _WRITTEN.fullmatch(value):
        raise PydanticCustomError("day", "is not a day written as 2014-01-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("day", "is not a day of the calendar") from None


Day = Annotated[date, BeforeValidator(written_day)]


def tomorrow() -> date:
    """The day after today, UTC: where a day begins first, it has begun by then. What was said was not said later."""
    return date.fromordinal(_EPOCH + 1 + int(clock() // 86_400))


def check_past(day: date) -> date:
    """Check a day on which somebody decided.

    Raises:
        ValueError: if it is later than tomorrow.
    """
    if day > tomorrow():
        raise ValueError(f"{day} is yet to come; expected tomorrow at the latest")
    return day


PastDay = Annotated[date, AfterValidator(check_past)]


def check_partial_date(text: str) -> str:
    """Check an ISO date, or only its year or month.

    Raises:
        ValueError: if it is of another form, not in the calendar, before 1900 or later than tomorrow.
    """
    return _check_by(text, tomorrow())


@lru_cache(maxsize=1_000)  # most records of a file are of the same day
def _check_by(text: str, latest: date) -> str:
    if not _FORM.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a date: expected YYYY, YYYY-MM or YYYY-MM-DD")
    try:
        date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        raise ValueError(f"{text!r} is not in the calendar: expected YYYY, YYYY-MM or YYYY-MM-DD") from None
    if text < _EARLIEST_SAID:
        raise ValueError(f"{text!r} is before {_EARLIEST_SAID}: expected that year or a later one")
    if text > latest.isoformat()[: len(text)]:
        raise ValueError(f"{text!r} is yet to come: expected {latest.isoformat()} at the latest")
    return text


PartialDate = Annotated[str, AfterValidator(check_partial_date)]
"""An ISO date, or only its year or month; as text it sorts in order of time."""
