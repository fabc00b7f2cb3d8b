"""A page that cannot be answered now says what the API says, with the same status, and when to ask again."""

import errno
import sqlite3
from html import unescape

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFreeError

from api.routers import pages, projects
from db.errors import BusyError, SchemaOutdatedError, UnwritableError
from tests.conftest import client_of

PATH = "/projects/P174085"
ASKED = ("SELECT 1", {})
DAMAGED = sqlite3.DatabaseError("file is not a database")
DAMAGED.sqlite_errorcode = sqlite3.SQLITE_NOTADB
ERRORS = {
    "gone": (OperationalError(*ASKED, sqlite3.OperationalError("the connection is closed")), 503, "5"),
    "none free": (NoneFreeError("the pool's limit is reached"), 503, "5"),
    "busy": (BusyError("another run is at work"), 503, "5"),
    "full": (OperationalError(*ASKED, OSError(errno.ENOSPC, "No space left on device")), 503, "60"),
    "unwritable": (UnwritableError("/data is read-only"), 503, "60"),
    "damaged": (DatabaseError(*ASKED, DAMAGED), 503, None),
    "outdated": (SchemaOutdatedError("the database is at revision 0001"), 503, None),
}


@pytest.mark.parametrize(("error", "status", "retry_after"), ERRORS.values(), ids=ERRORS)
def test_a_page_says_what_the_api_says(loaded, monkeypatch, error, status, retry_after):
    def fail(*_):
        raise error

    for module in (pages, projects):
        monkeypatch.setattr(module, "project_row", fail)
    get = client_of(loaded)
    shown, answer = get(PATH), get(f"/v1{PATH}")
    assert shown.headers["content-type"].startswith("text/html")
    assert (shown.status_code, shown.headers.get("retry-after")) == (status, retry_after)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry_after)
    told = unescape(shown.text).lower()
    assert answer.json()["title"].lower() in told
    assert answer.json()["detail"].lower() in told or "make migrate" in told
