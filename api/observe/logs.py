"""Logs of one form, as JSON or text, each with the identifier of the request that it belongs to; and no floods."""

import logging
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import msgspec

from db.settings import LogFormat, get_settings

request_id_now: ContextVar[str] = ContextVar("request_id_now", default="")
"""The identifier of the request that is being answered; empty outside of one."""

REPEATED_SECONDS = 60.0
"""How long a warning or an error that was said is only counted."""


def is_json(wanted: LogFormat, terminal: bool) -> bool:
    """Tell how to write: text for a person at a terminal, else JSON, unless a form is asked for."""
    return not terminal if wanted is LogFormat.AUTO else wanted is LogFormat.JSON


def moment_text(seconds: float) -> str:
    """Write a moment of the clock in UTC, to the millisecond."""
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='milliseconds')[:-6]}Z"


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record down."""
        line: dict[str, Any] = {
            "time": moment_text(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := request_id_now.get():
            line["request_id"] = request_id
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class TextFormatter(logging.Formatter):
    """A line to be read by people."""

    def __init__(self) -> None:
        super().__init__("%(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Write a record down."""
        request_id = request_id_now.get()
        about = f" [request {request_id}]" if request_id else ""
        first, *rest = super().format(record).split("\n")
        return "\n".join([f"{moment_text(record.created)} {first}{about}", *rest])


class Repeats(logging.Filter):
    """Says a warning or an error once, and for a minute counts it; then the number is said with it, or by itself.

    Two are the same if they come from the same line of the program and, with a traceback, from the same line of an error
    of the same kind; what they say about this or that request makes no difference.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._said: dict[tuple[object, ...], tuple[float, int, logging.LogRecord]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Let a record pass unless it was said just now."""
        if record.levelno < logging.WARNING or hasattr(record, "is_a_count"):
            return True
        key = _what(record)
        with self._lock:
            since, repeated, first = self._said.get(key, (0.0, 0, record))
            if monotonic() - since < REPEATED_SECONDS and key in self._said:
                self._said[key] = (since, repeated + 1, first)
                return False
            self._said[key] = (monotonic(), 0, record)
        if repeated:
            self._tell(first, repeated)
        return True

    def tell(self, at_once: bool = False) -> None:
        """Say how often each came again whose time is over, or, at the end of the process, every one."""
        with self._lock:
            over = [
                key for key, (since, _, _) in self._said.items() if at_once or monotonic() - since >= REPEATED_SECONDS
            ]
            ended = [self._said.pop(key) for key in over]
        for _, repeated, first in ended:
            if repeated:
                self._tell(first, repeated)

    def _tell(self, first: logging.LogRecord, repeated: int) -> None:
        text = f"{repeated} more like this since {moment_text(first.created)}: {first.getMessage()}"
        logging.getLogger(first.name).log(first.levelno, "%s", text, extra={"is_a_count": True})


repeats = Repeats()
"""The one of this process: each handler passes through it."""


def _what(record: logging.LogRecord) -> tuple[object, ...]:
    kind = place = None
    if record.exc_info and record.exc_info[0] is not None:
        kind, trace = record.exc_info[0], record.exc_info[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = None if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
    return record.name, record.levelno, record.pathname, record.lineno, kind, place


def formatter() -> logging.Formatter:
    """The form that the settings ask for on standard output."""
    return JsonFormatter() if is_json(get_settings().log_format, sys.stdout.isatty()) else TextFormatter()


def log_config() -> dict[str, Any]:
    """How a process that serves logs, as `logging.config` takes it: all to standard output, in one form.

    Lines for requests are not among it (`api.observe.lines`); the server's own are off, for they cost more than a kept
    answer.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"ours": {"()": "api.observe.logs.formatter"}},
        "filters": {"repeats": {"()": "api.observe.logs.the_repeats"}},
        "handlers": {
            "out": {
                "class": "api.observe.output.OutputHandler",
                "formatter": "ours",
                "filters": ["repeats"],
            }
        },
        "root": {"handlers": ["out"], "level": get_settings().log_level.upper()},
        # The one says how it looks each time that /readyz asks, the other of each connection that is made or given up.
        "loggers": {"alembic": {"level": "WARNING"}, "db.waiting": {"level": "WARNING"}},
    }


def the_repeats() -> Repeats:
    """The one filter of this process."""
    return repeats
