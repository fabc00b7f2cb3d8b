"""Dates that say when something was stated or decided: of the calendar, as precise as the source is, and past."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator

_FORM = re.compile(r"(?:19|20)[0-9]{2}(?:-[0-9]{2}(?:-[0-9]{2})?)?")


def tomorrow() -> date:
    """The day after today, UTC: where a day begins first, it has begun by then. What was said was not said later."""
    return datetime.now(UTC).date() + timedelta(days=1)


def check_partial_date(text: str) -> str:
    """Check an ISO date, or only its year or month.

    Raises:
        ValueError: if it is of another form, not in the calendar, or later than tomorrow.
    """
    if not _FORM.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a date: expected YYYY, YYYY-MM or YYYY-MM-DD")
    try:
        date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        raise ValueError(f"{text!r} is not in the calendar: expected YYYY, YYYY-MM or YYYY-MM-DD") from None
    if text > (latest := tomorrow().isoformat())[: len(text)]:
        raise ValueError(f"{text!r} is yet to come: expected {latest} at the latest")
    return text


def check_past(day: date | None) -> date | None:
    """Check that a day is not later than tomorrow.

    Raises:
        ValueError: if it is.
    """
    if day and day > (latest := tomorrow()):
        raise ValueError(f"{day.isoformat()!r} is yet to come: expected {latest.isoformat()} at the latest")
    return day


PartialDate = Annotated[str, AfterValidator(check_partial_date)]
"""An ISO date, or only its year or month; as text it sorts in order of time."""
