"""What the program makes and others on the machine have no business to read."""

import os
import stat

import pytest
from sqlalchemy import text

from db.engine import make_engine, make_file, writing
from db.ingest.queue import new_folder
from tests.conftest import let_go


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_to_all():
    """Whoever made a file would let everybody read it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def used(path):
    """Write to a database file, and give the modes of all that is there then."""
    engine = make_engine(f"sqlite:///{path}")
    make_file(engine)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS one (x)"))
    found = {one.name: mode(one) for one in path.parent.glob(f"{path.name}*")}
    let_go(engine)
    return found


def test_a_new_database_is_for_its_owner_alone(tmp_path):
    assert used(tmp_path / "new.db") == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_a_new_database_is_made_where_a_link_leads(tmp_path):
    (tmp_path / "link.db").symlink_to(tmp_path / "there.db")
    used(tmp_path / "link.db")
    assert mode(tmp_path / "there.db") == 0o600


def test_a_database_that_is_there_keeps_its_mode(tmp_path):
    (tmp_path / "old.db").touch(0o640)
    assert set(used(tmp_path / "old.db").values()) == {0o640}


def test_a_waiting_body_is_for_its_owner_alone(tmp_path):
    with new_folder(tmp_path / "spool") as folder:
        assert mode(folder) == 0o700
