"""Takes queued bodies in, one after the other, in a thread of the process; several processes may each have one."""

import logging
import threading
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from db.errors import BusyError, SchemaOutdatedError, UnwritableError
from db.ingest.queue import is_waiting, sweep, work_off

log = logging.getLogger("db.worker")

LOOK_AGAIN_SECONDS = 5.0
"""How long a run waits at most whose own process died, until the worker of another looks."""

PATIENCE_SECONDS = 1.0


class QueueWorker:
    """Works off the queue of one database. It starts with `start` and can be started again after `close`."""

    def __init__(self, engine: Engine, spool_dir: Path) -> None:
        self.engine = engine
        self.spool_dir = spool_dir
        self._lock = threading.Lock()
        self._look = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look for work now, in the background."""
        with self._lock:
            self._look.set()
            if self._thread is None or not self._thread.is_alive():
                self._stop = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._stop,), name="ingest queue", daemon=True)
                self._thread.start()

    def close(self, patience: float = 10.0) -> None:
        """Stop after the run that is under way. One that takes longer ends with the process and is taken up again."""
        with self._lock:
            self._stop.set()
            self._look.set()
            if self._thread is not None:
                self._thread.join(patience)

    def _run(self, stop: threading.Event) -> None:
        swept = False
        while not stop.is_set():
            self._look.clear()
            try:
                if not swept:
                    sweep(self.engine, self.spool_dir)
                    swept = True
                if is_waiting(self.engine, self.spool_dir) and work_off(self.engine, self.spool_dir, PATIENCE_SECONDS):
                    continue
            except BusyError:
                continue  # another process or a command is at work
            # What waits is for an instance that can.
            except (SQLAlchemyError, OSError, UnwritableError, SchemaOutdatedError) as error:
                log.warning("the queue cannot be worked off now: %s", getattr(error, "orig", error))
            except Exception:  # a thread that ends would leave everything waiting until the next start
                log.exception("the queue cannot be worked off now, for an error that was not foreseen")
            self._look.wait(LOOK_AGAIN_SECONDS)
