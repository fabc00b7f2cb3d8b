"""Whether the data are stale: no run has confirmed them for longer than the operator allows."""

from datetime import datetime
from functools import lru_cache
from math import inf
from time import time

from db.settings import get_settings

DAY = 86_400


def is_stale(checked_at: datetime | None) -> bool:
    """Whether a moment, in UTC, lies further back than `STALE_AFTER_DAYS`; never where that is 0."""
    return time() > _stale_from(checked_at, get_settings().stale_after_days)


@lru_cache(64)  # asked with every request
def _stale_from(checked_at: datetime | None, days: int) -> float:
    return checked_at.timestamp() + days * DAY if checked_at and days else inf


def staleness(checked_at: datetime) -> str:
    """Say since when the data are stale."""
    return f"stale: no run has confirmed the data since {checked_at.date().isoformat()}; see `python -m api sync`"
