"""Runs in processes of their own that are killed at a moment counted in calls, which a slow machine does not move."""

import multiprocessing
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from db.ingest.sources.spool import Spool, SpoolState

_CONTEXT = multiprocessing.get_context("forkserver")  # imports once; each run is still a process of its own
_CONTEXT.set_forkserver_preload(["tests.data.worldbank_runs", "tests.data.fake_documents", "tests.data.killing"])


def start(run: Callable[..., Any], args: tuple[Any, ...]) -> BaseProcess:
    """Begin a run in a process of its own."""
    process = _CONTEXT.Process(target=run, args=args)
    process.start()
    return process


def calls_of_the_load(run: Callable[..., Any], args: tuple[Any, ...]) -> int:
    """Run to the end and return how many calls are made from when every page is here until all is taken in."""
    receiving, sending = _CONTEXT.Pipe(duplex=False)
    process = start(_counting, (run, args, sys.maxsize, 0.0, sending))
    sending.close()
    calls = int(receiving.recv())
    process.join()
    return calls


def start_to_die_in_the_load(run: Callable[..., Any], args: tuple[Any, ...], call: int, seconds: float) -> BaseProcess:
    """Begin a run that the system ends `seconds` after that call of the load, also amid what is not Python."""
    return start(_counting, (run, args, call, seconds))


def _counting(
    run: Callable[..., Any], args: tuple[Any, ...], last: int, seconds: float, sending: Connection | None = None
) -> None:
    calls, mark = 0, Spool.mark

    def count(_frame: Any, event: str, _called: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")
        if calls == last:
            sys.setprofile(None)
            signal.setitimer(signal.ITIMER_REAL, seconds)  # nobody handles the alarm: it kills

    def watched(spool: Spool, state: SpoolState) -> None:
        if state is SpoolState.TAKEN_IN:
            sys.setprofile(None)
        mark(spool, state)
        if state is SpoolState.COMPLETE:
            sys.setprofile(count)

    Spool.mark = watched  # type: ignore[method-assign]
    run(*args)
    if sending:
        sending.send(calls)
