"""The data set that the program ships, read in the same form as anybody's records."""

from pathlib import Path

from sqlalchemy import Engine, select

from db import tables
from db.engine import reading
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest, input_hash
from db.ingest.report import Report
from db.progress import Progress, unseen
from db.queries.releases import latest_release
from db.settings import DATA_DIR
from models.project import BUNDLE
from models.versions import present_versions
from models.vocabulary import RunStatus

FILES = ("projects.csv", "components.csv", "reviews.csv")


def load_bundle(engine: Engine, folder: Path = DATA_DIR, progress: Progress = unseen) -> Report | None:
    """Load the bundled data set, unless these very files were loaded last.

    Returns:
        The report, or `None` where there was nothing to do.
    """
    paths = [folder / name for name in FILES]
    if _is_loaded(engine, paths):
        return None
    return ingest(engine, RecordsAdapter(BUNDLE), paths, progress)


def _is_loaded(engine: Engine, paths: list[Path]) -> bool:
    run = tables.ingest_run
    with reading(engine) as connection:
        loaded = select(run.c.input_sha256).where(run.c.adapter == BUNDLE, run.c.status == RunStatus.DONE)
        last = connection.scalar(loaded.order_by(run.c.run_id.desc()).limit(1))
        newest = latest_release(connection)
    return input_hash(paths) == last and newest is not None and newest.versions == present_versions()
