"""What can go wrong in the data layer, each with its meaning. How it is told over HTTP is decided in `api.problems.errors`."""

import errno
import sqlite3
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from db.addresses import without_user
from models.prices import PriceIndex

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

NO_ROOM_IN_FILES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}
"""SQLite calls a write that failed full only where the file system itself is: a quota and the longest file that a process may
write fail like any other write (https://www.sqlite.org/rescode.html#ioerr_write). Each is worth another try."""

DISK_FULL = "53100"
DAMAGED = {"XX001", "XX002"}  # data_corrupted, index_corrupted
"""PostgreSQL's own codes (https://www.postgresql.org/docs/current/errcodes-appendix.html), so that its driver need not be there
where it is not used."""


def is_out_of_room(error: BaseException | None) -> bool:
    """True for an error of the file system or of a database's driver that means: the disk, or its quota, is full."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in NO_ROOM_IN_FILES
    return getattr(error, "sqlstate", None) == DISK_FULL


def is_damaged(error: BaseException | None) -> bool:
    """True for an error of a database's driver that means: what is stored cannot be read, or is no database at all."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds to say where
        return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return getattr(error, "sqlstate", None) in DAMAGED


class DataError(Exception):
    """Base of the errors that this layer raises on purpose; its text may be shown to a user."""


class ReadAnewError(Exception):
    """What was read so far may be of more than one state of the data, or of another one than was thought: begin anew.

    `known`: the rows, by the keys of their questions, that are sure to be of the state that was thought of.
    """

    known: Mapping[Any, list[tuple[Any, ...]]] = MappingProxyType({})


class SchemaOutdatedError(DataError):
    """The database is not at the revision that this version of the program needs."""


class FileRefusedError(DataError):
    """An input file as a whole cannot be used."""


class TooMuchMoneyError(DataError):
    """Amounts come to so much together that sums of them might not be exact."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"all amounts together come to more than {most // 100:,} US dollars, which cannot be added up exactly: "
            "nothing of the run is taken in; look for amounts in another currency or unit"
        )


class RunFailedError(DataError):
    """An error that nobody foresaw ended a run; it is the cause of this one."""


class SourceError(DataError):
    """A source on the web did not give what was asked of it. What had come before is kept: the next run goes on there.

    `text` goes on after the address, which is told without a user.
    """

    def __init__(self, address: str, text: str) -> None:
        self.address = without_user(address)
        super().__init__(f"{self.address} {text}")


class SourceUnavailableError(SourceError):
    """A source does not answer, or asks to be left alone (`rest`), however often it was asked."""

    def __init__(self, address: str, reason: str, attempts: int, rest: bool = False) -> None:
        times = {1: "once", 2: "twice"}.get(attempts, f"{attempts} times")
        super().__init__(address, f"{reason}; asked {times}")
        self.reason = reason
        self.attempts = attempts
        self.rest = rest


class SourceAnswerError(SourceError):
    """A source answers, but not with what was asked for."""

    def __init__(self, address: str, status: int, found: str, expected: str) -> None:
        super().__init__(address, f"answered {status} with {found}; expected {expected}")
        self.status = status
        self.found = found
        self.expected = expected


class UnwritableError(DataError):
    """What has to be written on the machine of the service cannot be. The text names path and reason, for who runs it; `told`
    is for everybody; `part` is a word for what it is about."""

    told = "what has to be written cannot be"
    part = "disk"


class SpoolError(UnwritableError):
    """The folder in which answers of a source are kept cannot be used, or another run is using it."""

    told = "the folder for uploads cannot be written to"
    part = "uploads"


class BusyError(DataError):
    """Another run is at work, for longer than the caller would wait."""


class DatabaseFileError(UnwritableError):
    """An SQLite database, or the file beside it that one run holds at a time, cannot be written, so no run can begin."""

    told = "the database cannot be written to"
    part = "database"


class ChangedMeanwhileError(DataError):
    """What a decision rests on is not any more as it was read."""


class NotFoundError(DataError):
    """Nothing is stored under an identifier. `parameter`: what that is called in a request, by default the kind's id."""

    def __init__(self, kind: str, identifier: str, suggestion: str | None = None, parameter: str | None = None) -> None:
        super().__init__(f"no {kind} {identifier!r}")
        self.kind = kind
        self.identifier = identifier
        self.suggestion = suggestion
        self.parameter = parameter or f"{kind}_id"


class NothingLoadedError(DataError):
    """The database holds no release yet."""


class BadPositionError(DataError):
    """A place to go on from does not fit the order asked for."""


class PricesMissingError(DataError):
    """Constant prices are asked for over years that the price index does not cover."""

    def __init__(self, years: list[int], without_date: bool, index: PriceIndex) -> None:
        what = [str(year) for year in years] + ["rows without a date of approval, which have no year"] * without_date
        super().__init__(
            f"{index.name} covers {index.first_year} to {index.last_year}; missing here: {', '.join(what)}"
        )
        self.years = years
        self.without_date = without_date
        self.index = index
