"""The newest release of a database, whichever kind it is."""

from time import monotonic, sleep
from typing import Protocol

from sqlalchemy import Engine

from db.watch.listener import Listening
from db.watch.stamp import ReleaseStamp
from db.watch.wal_index import LOOK_SECONDS, WalIndex


class _Memory(Protocol):
    def recall(self) -> ReleaseStamp | None: ...

    def read(self) -> ReleaseStamp | None: ...

    def close(self) -> None: ...


class ReleaseWatch:
    """Tells the newest release of one database, from memory wherever that is as good as asking."""

    def __init__(self, engine: Engine) -> None:
        postgres = engine.dialect.name == "postgresql"
        self._memory: _Memory = Listening(engine) if postgres else WalIndex(engine)

    def remembered(self) -> ReleaseStamp | None:
        """The newest release if it is known without asking the database; takes microseconds and never waits."""
        return self._memory.recall()

    def current(self) -> ReleaseStamp | None:
        """The newest release, or `None` before there is one; asks the database only where memory does not do.

        Raises:
            SQLAlchemyError: if the database does not answer.
        """
        return self._memory.recall() or self._memory.read()

    def wait_for(self, release_id: int, seconds: float) -> bool:
        """Wait until answers come from this release or a later one; false if they still do not after so many seconds.

        For who has just written: a replica has what was written a little later.
        """
        until = monotonic() + seconds
        while (found := self.current()) is None or found.release_id < release_id:
            if monotonic() >= until:
                return False
            sleep(LOOK_SECONDS)
        return True

    def close(self) -> None:
        """Stop what runs in the background. A later use starts it again."""
        self._memory.close()
