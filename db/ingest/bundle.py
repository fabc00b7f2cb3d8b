"""The data set that the program ships, read in the same form as anybody's records."""

from pathlib import Path

from sqlalchemy import Engine, select

from db import tables
from db.engine import reading
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import Progress, ingest, input_hash
from db.ingest.report import Report
from db.settings import DATA_DIR
from models.classification import load_rules, load_taxonomy
from models.vocabulary import RunStatus

FILES = ("projects.csv", "components.csv", "reviews.csv")
NAME = "bundle"


def load_bundle(engine: Engine, folder: Path = DATA_DIR, progress: Progress = lambda _: None) -> Report | None:
    """Load the bundled data set, unless these very files are loaded already.

    Returns:
        The report, or `None` where there was nothing to do.
    """
    paths = [folder / name for name in FILES]
    if _is_loaded(engine, paths):
        return None
    return ingest(engine, RecordsAdapter(NAME), paths, progress)


def _is_loaded(engine: Engine, paths: list[Path]) -> bool:
    run, release = tables.ingest_run, tables.release
    with reading(engine) as connection:
        loaded = select(run.c.input_sha256).where(run.c.adapter == NAME, run.c.status == RunStatus.DONE)
        newest = connection.execute(select(release).order_by(release.c.release_id.desc()).limit(1)).mappings().first()
        same_files = input_hash(paths) in set(connection.scalars(loaded))
    versions = (load_taxonomy().version, load_rules().version)
    return same_files and newest is not None and (newest["taxonomy_version"], newest["rules_version"]) == versions
