"""Entity tags: what an answer follows from, hashed; and the comparisons of RFC 9110, section 13."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from api.http.question import question_of
from db.watch.stamp import ReleaseStamp
from db.watch.watch import ReleaseWatch

ENCODINGS = ("gzip", "br", "zstd")
QUOTED = re.compile(r'"([^"]*)"')


def tag_of(stamp: ReleaseStamp, scope: Scope, version: str, stale: bool) -> str:
    """Name the answer to a request: 32 hexadecimal digits over all that it follows from.

    That is the release, whether it is stale by now, the program's version and the request: its address with scheme and
    host, because links in answers are absolute, and what it accepts. The method is left out: HEAD has the tag of GET.
    """
    known: tuple[ReleaseStamp, bool, str] | None = scope.setdefault("state", {}).get("tag")
    if known is not None and known[:2] == (stamp, stale):
        return known[2]
    parts = (
        stamp.release_id,
        stamp.content_sha256,
        stamp.taxonomy_version,
        stamp.rules_version,
        stamp.method_version,
        stamp.created_at.isoformat(),
        version,
        stale,
        question_of(scope).address,
    )
    # Quoted as Python quotes them, no two requests can run together into the same text.
    tag = blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    scope["state"]["tag"] = (stamp, stale, tag)
    return tag


async def newest(releases: ReleaseWatch) -> ReleaseStamp | None:
    """The newest release: from memory where that does, else from the database; `None` where there is none to be had."""
    found = releases.remembered()
    if found is None:
        try:
            found = await run_in_threadpool(releases.current)
        except SQLAlchemyError:
            return None  # the route meets the same and says so
    return found


def strong(tag: str, encoding: str | None) -> str:
    """Write a tag as a header has it; each encoding has its own, for a strong tag names exact bytes."""
    return f'"{tag}-{encoding}"' if encoding in ENCODINGS else f'"{tag}"'


def held(if_none_match: str, tag: str) -> str | None:
    """The form of a tag, in any encoding, that an If-None-Match lists, or `None`; weak or strong makes no difference."""
    forms = {tag, *(f"{tag}-{encoding}" for encoding in ENCODINGS)}
    return next((f'"{form}"' for form in QUOTED.findall(if_none_match) if form in forms), None)


def bare(etag: str) -> str:
    """The tag within an entity tag of ours, without quotes and encoding."""
    return etag.strip('"').partition("-")[0]


def has_it_already(
    if_none_match: str | None, if_modified_since: str | None, etag: str | None, last_modified: str | None
) -> bool:
    """Judge the conditions of a request on an answer that is known; a date counts only without a tag."""
    if if_none_match is not None:
        forms = None if etag is None else held(if_none_match, bare(etag)) or matches(if_none_match, etag)
        return if_none_match.strip() == "*" or bool(forms)
    return (
        if_modified_since is not None
        and last_modified is not None
        and unchanged_since(if_modified_since, last_modified)
    )


def matches(if_none_match: str, etag: str) -> bool:
    """Weak comparison of an If-None-Match with the entity tag of an answer."""
    return etag.removeprefix("W/").strip('"') in QUOTED.findall(if_none_match)


@lru_cache(16)
def http_date(moment: datetime) -> str:
    """Write a moment in UTC as headers do, in whole seconds."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def unchanged_since(since: str, last_modified: str) -> bool:
    """True where an If-Modified-Since is no older than the answer; a date that is none counts for nothing."""
    try:
        asked, changed = parsedate_to_datetime(since), parsedate_to_datetime(last_modified)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return asked.replace(tzinfo=asked.tzinfo or UTC) >= changed.replace(tzinfo=changed.tzinfo or UTC)
