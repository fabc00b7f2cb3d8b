"""`python -m api sync`: asks every configured source in turn, for cron and containers."""

import logging
from collections.abc import Callable, Mapping

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from api.cli.database import ready_engine
from api.cli.reporting import err, out, print_report, progress_bar
from db.errors import DataError
from db.ingest.report import Report
from db.ingest.sources.worldbank_changes import ingest_worldbank_changes
from db.ingest.sources.worldbank_documents import WantedReports, ingest_documents
from db.progress import Progress
from db.settings import Settings, SyncSource, get_settings

log = logging.getLogger("api")

Taker = Callable[[Engine, Settings, Progress], Report]


def _projects(engine: Engine, settings: Settings, progress: Progress) -> Report:
    return ingest_worldbank_changes(engine, settings.worldbank_api_url, settings.spool_dir, progress)


def _documents(engine: Engine, settings: Settings, progress: Progress) -> Report:
    return ingest_documents(engine, settings.worldbank_documents_url, settings.spool_dir, WantedReports(), progress)


TAKERS: Mapping[SyncSource, Taker] = {
    SyncSource.WORLDBANK: _projects,
    SyncSource.WORLDBANK_DOCUMENTS: _documents,
}
"""How each source is taken in."""


def sync() -> int:
    """Take in every source that `SYNC_SOURCES` names; one that fails does not keep the others. A source of whose records none
    could be taken in has failed too: its form may have changed.

    Returns:
        The number of sources that failed.
    """
    settings = get_settings()
    failed: dict[str, str] = {}
    with ready_engine() as engine:
        for source in settings.sync_sources:
            try:
                with progress_bar(source) as advance:
                    report = TAKERS[source](engine, settings, advance)
            except (DataError, OperationalError, OSError) as error:
                failed[source] = next(iter(str(error).splitlines()), type(error).__name__)
                _tell(source, failed[source])
                continue
            except Exception as error:  # what nobody foresaw of one source says nothing of the next
                failed[source] = f"unexpected {type(error).__name__}"
                log.exception("%s: %s", source, failed[source])
                continue
            out.print(f"{source}:", highlight=False, end=" ")
            print_report(report)
            if report.read and not report.confirms:
                failed[source] = "none of its records could be taken in"
                _tell(source, failed[source])
    done = [source for source in settings.sync_sources if source not in failed]
    out.print(f"sync: done {', '.join(done) or 'nothing'}; failed {', '.join(failed) or 'nothing'}", highlight=False)
    return len(failed)


def _tell(source: str, reason: str) -> None:
    err.print(f"{source}: {reason}", style="red", markup=False, highlight=False)
