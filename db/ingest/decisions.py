"""Takes one decision in, in the time of its request: as a run of its own, all of it or nothing."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from threading import BoundedSemaphore
from typing import Any

from sqlalchemy import Connection, Engine

from db import keys
from db.engine import writing
from db.errors import BusyError
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import Terms, carry_out, close_interrupted, closed_where_it_fails, open_run
from db.ingest.queue import Arrival, KeyRevokedError, new_folder, note_submission
from db.run_lock import run_lock
from models.vocabulary import OnError

PATIENCE_SECONDS = 20.0

AT_ONCE = 6
"""Decisions of a process that may wait for the run at work: each has a thread and a connection, and reading needs some too."""

PLACE_SECONDS = 1.0
"""How long a decision waits for another of these to end, before it is said to come again."""

_places = BoundedSemaphore(AT_ONCE)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PLACE_SECONDS):
        raise BusyError("another run is at work, and other decisions wait for its end: try again later")
    try:
        yield
    finally:
        _places.release()


def decide(
    engine: Engine,
    spool_dir: Path,
    key_id: int,
    lines: Sequence[Mapping[str, Any]],
    check: Callable[[Connection], None],
) -> int:
    """Take the lines of a decision in, as a file of reviews would be.

    Args:
        engine: the database.
        spool_dir: where the lines are kept meanwhile.
        key_id: by which key.
        lines: review records, one a category.
        check: looks at the data that the decision meets; see `Terms`.

    Returns:
        The number of the run.

    Raises:
        BusyError: if another run is at work for longer than a caller would wait, or many decisions wait for it already.
        KeyRevokedError: if the key was revoked meanwhile.
        DataError: as `check` raises it; nothing is changed then.
    """
    with new_folder(spool_dir) as folder:
        path = folder / "review.json"
        text = json.dumps([{"type": "review", **line} for line in lines])
        path.write_text(text, encoding="utf-8")
        adapter, terms = RecordsAdapter("reviews"), Terms(OnError.REJECT_ALL, check=check)
        arrival = Arrival(path, len(text), key_id, fingerprint="", on_error=terms.on_error)
        with _place(), run_lock(engine, PATIENCE_SECONDS):
            with writing(engine) as connection:
                if not keys.is_live(connection, key_id):
                    raise KeyRevokedError("the key was revoked meanwhile: nothing was changed")
                close_interrupted(connection)
                run_id = open_run(connection, adapter, [path])
                note_submission(connection, run_id, arrival, folder=None)
            with closed_where_it_fails(engine, run_id):
                carry_out(engine, run_id, adapter, [path], terms)
    rmtree(folder, ignore_errors=True)
    return run_id
