"""Logs of one form: each line is JSON with the request's identifier, and what comes again is said once and counted."""

import json
import logging
import os
import sys

import pytest

from api.observe import logs
from api.observe.logs import JsonFormatter, Repeats, TextFormatter, is_json, request_id_now
from api.observe.output import OutputHandler
from db.settings import LogFormat


@pytest.fixture
def log():
    """A logger whose lines, as JSON, are collected, with the filter that they passed."""
    lines: list[dict[str, object]] = []

    class Collecting(logging.Handler):
        def emit(self, record):
            lines.append(json.loads(self.format(record)))

    handler, repeats = Collecting(), Repeats()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(repeats)
    found = logging.getLogger("tests.logs")
    found.propagate = False
    found.setLevel("INFO")
    found.addHandler(handler)
    yield found, lines, repeats
    found.removeHandler(handler)


def fail(logger, kind):
    try:
        raise kind("broken")
    except kind:
        logger.exception("an error that was not foreseen")


def test_a_line_names_its_request_and_holds_the_whole_traceback(log):
    logger, lines, _ = log
    token = request_id_now.set("abc")
    fail(logger, ValueError)
    request_id_now.reset(token)
    logger.info("two\nlines %s", "é")
    assert (lines[0]["request_id"], lines[0]["level"], lines[0]["error"]) == ("abc", "error", "ValueError")
    assert lines[0]["traceback"].endswith("ValueError: broken")
    assert lines[1]["message"] == "two\nlines é"
    assert "request_id" not in lines[1]


def test_a_warning_that_comes_again_is_said_once_and_then_counted(log, monkeypatch):
    logger, lines, repeats = log
    clock = [1000.0]
    monkeypatch.setattr(logs, "monotonic", lambda: clock[0])

    def gone(what):
        logger.warning("the database did not answer: %s", what)

    for number in range(500):
        gone(number)
    assert [line["message"] for line in lines] == ["the database did not answer: 0"]
    repeats.tell()
    assert len(lines) == 1, "its time is not over"
    clock[0] += 61
    repeats.tell()
    repeats.tell()
    assert len(lines) == 2
    assert lines[1]["message"].startswith("499 more like this since 20")
    gone("again")
    gone("and again")
    clock[0] += 61
    gone("later")
    assert [line["message"].split(" since ")[0] for line in lines[2:]] == [
        "the database did not answer: again",
        "1 more like this",
        "the database did not answer: later",
    ]
    gone("at the end")
    repeats.tell(at_once=True)
    assert lines[-1]["message"].startswith("1 more like this")


def test_errors_of_another_kind_or_place_are_said_too(log):
    logger, lines, _ = log
    for _ in range(3):
        fail(logger, ValueError)
        fail(logger, KeyError)
        logger.info("what is no warning is said each time")
    assert [line.get("error") for line in lines] == ["ValueError", "KeyError", None, None, None]


def test_text_is_for_people_and_json_for_the_rest():
    record = logging.LogRecord("api", logging.ERROR, __file__, 1, "it %s", ("broke",), None)
    record.created = 0.0
    token = request_id_now.set("abc")
    assert TextFormatter().format(record) == "1970-01-01T00:00:00.000Z ERROR   api: it broke [request abc]"
    request_id_now.reset(token)
    assert [is_json(form, terminal) for form in LogFormat for terminal in (True, False)] == [
        *(False, True),
        *(True, True),
        *(False, False),
    ]


def test_a_process_that_serves_logs_to_standard_output():
    handlers = logs.log_config()["handlers"]
    assert [handler["class"] for handler in handlers.values()] == [
        f"{OutputHandler.__module__}.{OutputHandler.__name__}"
    ]
    assert OutputHandler().descriptor == sys.__stdout__.fileno() == 1
    assert isinstance(logs.formatter(), TextFormatter if sys.stdout.isatty() else JsonFormatter)


@pytest.fixture
def pipe():
    """A pipe that nobody reads, with a handler that writes into it."""
    reader, writer = os.pipe()
    handler = OutputHandler(writer)
    handler.setFormatter(JsonFormatter())
    yield reader, handler
    os.close(reader)
    os.close(writer)


def line(text):
    return logging.LogRecord("tests", logging.WARNING, __file__, 0, text, (), None)


def test_nothing_waits_for_a_reader_that_hangs_and_what_was_lost_is_told(pipe):
    reader, handler = pipe
    for number in range(3_000):  # far more than a pipe holds
        handler.emit(line(f"line {number} {'x' * 100}"))
    assert handler.lost
    kept = 3_000 - handler.lost
    read = b""
    while len(read) < 60_000:
        read += os.read(reader, 60_000)
    handler.emit(line("again"))
    os.set_blocking(reader, False)
    read += os.read(reader, 1_000_000)
    said = [one["message"] for one in map(json.loads, filter(lambda text: text.endswith(b"}"), read.splitlines()))]
    assert [int(text.split()[1]) for text in said[:-2]] == list(range(len(said) - 2))
    assert abs(len(said) - 2 - kept) <= 1  # the one that was cut off in the middle
    assert said[-2:] == [f"{3_000 - kept} lines were lost, for nobody took them", "again"]


def test_a_long_line_that_was_cut_off_spoils_no_other(pipe):
    reader, handler = pipe
    for _ in range(3):
        handler.emit(line("x" * 40_000))
    read = os.read(reader, 1_000_000)
    handler.emit(line("again"))
    lines = (read + os.read(reader, 1_000_000)).splitlines()
    assert [len(json.loads(lines[0])["message"]), handler.lost] == [40_000, 0]
    assert [json.loads(one)["message"] for one in lines[2:]] == ["2 lines were lost, for nobody took them", "again"]


def test_long_lines_go_out_whole(pipe):
    reader, handler = pipe
    handler.emit(line("é" * 20_000))
    assert json.loads(os.read(reader, 1_000_000))["message"] == "é" * 20_000
