"""Takes in only what changed at the World Bank since the last run, and everything where that cannot be relied on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, select

from db import tables
from db.engine import reading
from db.errors import FileRefusedError
from db.ingest.adapters.worldbank_api import PROJECT_ID, place_of
from db.ingest.adapters.worldbank_fields import SOURCE, real_day
from db.ingest.report import Report
from db.ingest.sources.spool import MANIFEST, Manifest, PageEntry, SpoolState, read_manifest, read_page
from db.ingest.sources.worldbank import Opener, UnorderedError, Wanted, ingest_worldbank, open_worldbank, stated_change
from db.progress import Progress, unseen
from models.vocabulary import RunStatus

WHOLE_AFTER = timedelta(days=30)
"""Nothing shows that the date of a change moves with each change, so that often the whole list is asked for."""


MOST_AGAIN = 20
"""Projects that are asked for again by their ids. Where more were refused, or one has no id to be asked for by, the list is asked
for on to the earliest change among them."""


class Known(NamedTuple):
    """The day of the newest change that this database holds all of the list up to, but for projects that it refused."""

    day: date
    refused: tuple[str, ...] = ()


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
    """Ask for the newest changes first, down to the newest one that the database holds, and for what it refused before, and take
    them in.

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

    known = known_changes(engine, address, spool_dir)
    if known is None:
        why = f"no whole list of the last {WHOLE_AFTER.days} days is in this database"
    else:
        try:
            report = take_in(Wanted(changed_from=known.day, again=known.refused))
        except UnorderedError as error:
            why = str(error)
        else:
            again = f", and for what was refused before: {', '.join(known.refused)}" if known.refused else ""
            report.notes.insert(0, f"asked for what changed on or after {known.day}{again}")
            return report
    report = take_in(Wanted())
    report.notes.insert(0, f"asked for the whole list: {why}")
    return report


def known_changes(engine: Engine, address: str, spool_dir: Path) -> Known | None:
    """Find up to which day this database holds all of the list; `None` where nothing says so.

    The newest list tells it: what earlier ones refused was asked for with it.
    """
    kept = [one for one in _taken_in(engine, spool_dir) if one.manifest.address == address]
    wholes = [datetime.fromisoformat(one.manifest.started_at) for one in kept if one.manifest.query["srt"] == "id"]
    if not wholes or datetime.now(UTC) - max(wholes) > WHOLE_AFTER:
        return None
    found = (_known_up_to(engine, one) for one in sorted(kept, key=lambda one: one.run_id, reverse=True))
    return next(filter(None, found), None)


def _known_up_to(engine: Engine, taken: _TakenIn) -> Known | None:
    """Find the day of a list's newest change, and what of the list was refused: by the time that it is asked for again the
    source may have mended it, or this program may read it."""
    newest = max((day for page in taken.manifest.pages if (day := _newest_of(page))), default=None)
    try:
        refused = dict(_refused(engine, taken))
    except FileRefusedError:
        return None  # the pages are not what was taken in, so they prove nothing
    if newest is None:
        return None
    if len(refused) <= MOST_AGAIN and all(map(PROJECT_ID.fullmatch, refused)):
        return Known(date.fromisoformat(newest), tuple(sorted(refused)))
    return Known(date.fromisoformat(min(newest, *filter(None, refused.values()))))


def _refused(engine: Engine, taken: _TakenIn) -> Iterator[tuple[str, str | None]]:
    """Find the projects that were refused, each with the day of its change if it states one."""
    refused = tables.rejected_record
    query = select(refused.c.place).where(refused.c.run_id == taken.run_id, refused.c.whole_record)
    with reading(engine) as connection:
        places = set(connection.scalars(query))
    for number, entry in enumerate(taken.manifest.pages if places else (), start=1):
        for key, item in read_page(taken.folder, entry)["records"].items():
            if place_of(number, key) in places:
                yield key, real_day(stated_change(item))


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
