"""What errors of the two drivers mean."""

import sqlite3
import subprocess
import sys

import psycopg
import pytest

from db.errors import is_damaged, is_out_of_room
from db.settings import ROOT


def of_sqlite(code):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "full", "damaged"),
    [
        (psycopg.errors.DiskFull(), True, False),
        (psycopg.errors.DataCorrupted(), False, True),
        (psycopg.errors.IndexCorrupted(), False, True),
        (psycopg.errors.TooManyConnections(), False, False),
        (psycopg.OperationalError("the server is gone"), False, False),
        (sqlite3.OperationalError("what has no code"), False, False),
        (of_sqlite(sqlite3.SQLITE_FULL), True, False),
        (of_sqlite(sqlite3.SQLITE_IOERR_WRITE), True, False),
        (of_sqlite(sqlite3.SQLITE_IOERR_READ), False, False),
        (OSError(28, "No space left on device"), True, False),
        (None, False, False),
    ],
)
def test_a_full_disk_and_damaged_data_are_told_from_other_errors(error, full, damaged):
    assert (is_out_of_room(error), is_damaged(error)) == (full, damaged)


WRITES_BEYOND_ITS_LIMIT = """
import resource, signal, sqlite3, sys
from db.errors import is_out_of_room
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
connection = sqlite3.connect(sys.argv[1])
connection.execute("CREATE TABLE filling (words TEXT)")
connection.commit()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    connection.execute("INSERT INTO filling VALUES (?)", ("x" * 1_000_000,))
    connection.commit()
except sqlite3.Error as error:
    print(is_out_of_room(error))
"""


def test_a_file_that_may_not_grow_is_a_full_disk(tmp_path):
    command = [sys.executable, "-c", WRITES_BEYOND_ITS_LIMIT, str(tmp_path / "limited.db")]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "True\n"
