"""What tells releases apart."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from db.moments import in_utc
from models.release import Release


@dataclass(frozen=True, slots=True)
class ReleaseStamp:
    """What tells one release from every other, and when a source last confirmed it; moments are in UTC."""

    release_id: int
    created_at: datetime
    content_sha256: str
    taxonomy_version: str
    rules_version: str
    method_version: str
    checked_at: datetime | None = None


@lru_cache(16)  # asked with every answer that is made
def stamp_of(release: Release) -> ReleaseStamp:
    """Take the stamp of a stored release."""
    return ReleaseStamp(
        release_id=release.release_id or 0,
        created_at=in_utc(release.created_at),
        content_sha256=release.content_sha256,
        taxonomy_version=release.taxonomy_version,
        rules_version=release.rules_version,
        method_version=release.method_version,
        checked_at=None if release.checked_at is None else in_utc(release.checked_at),
    )
