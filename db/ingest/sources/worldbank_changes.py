"""Takes in only what changed at the World Bank since the last run, and everything where that cannot be relied on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, select

from db import tables
from db.engine import reading
from db.errors import FileRefusedError
from db.ingest.adapters.worldbank_api import place_of
from db.ingest.adapters.worldbank_fields import SOURCE, real_day
from db.ingest.report import Report
from db.ingest.sources.spool import MANIFEST, Manifest, PageEntry, SpoolState, read_manifest, read_page
from db.ingest.sources.worldbank import Opener, UnorderedError, Wanted, ingest_worldbank, open_worldbank, stated_change
from db.progress import Progress, unseen
from models.vocabulary import RunStatus

WHOLE_AFTER = timedelta(days=30)
"""Nothing shows that the date of a change moves with each change, so that often the whole list is asked for."""


class _TakenIn(NamedTuple):
    """A list that was kept in a folder, and the run that took it in."""

    folder: Path
    manifest: Manifest
    run_id: int


def ingest_worldbank_changes(
    engine: Engine,
    address: str,
    spool_dir: Path,
    progress: Progress = unseen,
    open_client: Opener = open_worldbank,
) -> Report:
    """Ask for the newest changes first, down to the newest one that the database holds, or on to the earliest one that it
    refused, and take them in.

    The whole list is asked for if the last whole one is not in this database or is too old, and if the API does not keep
    to the order of changes.

    Raises:
        SourceError: if the API does not give them; nothing is taken in.
        SpoolError: if pages cannot be kept, or another run is asking the same.
    """

    def take_in(wanted: Wanted) -> Report:
        # Few pages: beginning anew costs little, and the mark below may have moved since.
        fresh = wanted.changed_from is not None
        return ingest_worldbank(engine, address, spool_dir, wanted, fresh, progress, open_client)

    mark = newest_change(engine, address, spool_dir)
    if mark is None:
        why = f"no whole list of the last {WHOLE_AFTER.days} days is in this database"
    else:
        try:
            report = take_in(Wanted(changed_from=mark))
        except UnorderedError as error:
            why = str(error)
        else:
            report.notes.insert(0, f"asked for what changed on or after {mark}")
            return report
    report = take_in(Wanted())
    report.notes.insert(0, f"asked for the whole list: {why}")
    return report


def newest_change(engine: Engine, address: str, spool_dir: Path) -> date | None:
    """Find the day of the newest change that this database holds all of the list up to; `None` where nothing says so."""
    kept = [one for one in _taken_in(engine, spool_dir) if one.manifest.address == address]
    wholes = [datetime.fromisoformat(one.manifest.started_at) for one in kept if one.manifest.query["srt"] == "id"]
    if not wholes or datetime.now(UTC) - max(wholes) > WHOLE_AFTER:
        return None
    days = (day for one in kept if (day := _known_up_to(engine, one)))
    return max(map(date.fromisoformat, days), default=None)


def _known_up_to(engine: Engine, taken: _TakenIn) -> str | None:
    """Find the day of a list's newest change, or of the earliest one that was refused: by the time that it is asked for
    again the source may have mended it, or this program may read it."""
    newest = max((day for page in taken.manifest.pages if (day := _newest_of(page))), default=None)
    try:
        return newest and min([newest, *_refused_days(engine, taken)])
    except FileRefusedError:
        return None  # the pages are not what was taken in, so they prove nothing


def _refused_days(engine: Engine, taken: _TakenIn) -> Iterator[str]:
    """Find the days of the changes that were refused. A project without one is asked for with the next whole list."""
    refused = tables.rejected_record
    query = select(refused.c.place).where(refused.c.run_id == taken.run_id, refused.c.whole_record)
    with reading(engine) as connection:
        places = set(connection.scalars(query))
    for number, entry in enumerate(taken.manifest.pages if places else (), start=1):
        for key, item in read_page(taken.folder, entry)["records"].items():
            if place_of(number, key) in places and (day := real_day(stated_change(item))):
                yield day


def _newest_of(page: PageEntry) -> str | None:
    """Read the newest change of a kept page; `None` for what is no day, or was yet to come when the page was."""
    day = real_day(page.newest_change or "")
    return day if day and day <= page.retrieved_at[:10] else None


def _taken_in(engine: Engine, spool_dir: Path) -> Iterator[_TakenIn]:
    """Find the lists that are in this database: of all projects, or of all changes up to some day."""
    run = tables.ingest_run
    stands = run.c.added + run.c.changed + run.c.unchanged > 0  # of a list that was refused to the last nothing is here
    query = select(run.c.input_sha256, run.c.run_id).where(run.c.status == RunStatus.DONE, stands)
    with reading(engine) as connection:
        done = {row.input_sha256: row.run_id for row in connection.execute(query.order_by(run.c.run_id))}
    for path in sorted((spool_dir / SOURCE).glob(f"*/{MANIFEST}")):
        try:
            manifest = read_manifest(path)
        except FileRefusedError:
            continue  # says nothing, so it proves nothing
        partial = manifest.limit is not None or manifest.missing or {"id", "strdate"} & manifest.query.keys()
        if manifest.state is SpoolState.TAKEN_IN and manifest.input_sha256 in done and not partial:
            yield _TakenIn(path.parent, manifest, done[manifest.input_sha256])
