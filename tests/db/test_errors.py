"""What errors of the two drivers mean."""

import sqlite3

import psycopg
import pytest

from db.errors import is_damaged, is_out_of_room


@pytest.mark.parametrize(
    ("error", "full", "damaged"),
    [
        (psycopg.errors.DiskFull(), True, False),
        (psycopg.errors.DataCorrupted(), False, True),
        (psycopg.errors.IndexCorrupted(), False, True),
        (psycopg.errors.TooManyConnections(), False, False),
        (psycopg.OperationalError("the server is gone"), False, False),
        (sqlite3.OperationalError("what has no code"), False, False),
        (OSError(28, "No space left on device"), True, False),
        (None, False, False),
    ],
)
def test_a_full_disk_and_damaged_data_are_told_from_other_errors(error, full, damaged):
    assert (is_out_of_room(error), is_damaged(error)) == (full, damaged)
