"""Whether the data are stale: no run was completed for longer than the operator allows."""

from datetime import UTC, datetime, timedelta

from db.settings import get_settings


def is_stale(checked_at: datetime | None) -> bool:
    """Whether a moment, in UTC, lies further back than `STALE_AFTER_DAYS`; never where that is 0."""
    days = get_settings().stale_after_days
    return bool(days) and checked_at is not None and datetime.now(UTC) - checked_at > timedelta(days=days)


def staleness(checked_at: datetime) -> str:
    """Say since when the data are stale."""
    return f"stale: no run was completed since {checked_at.date().isoformat()}; see `python -m api sync`"
