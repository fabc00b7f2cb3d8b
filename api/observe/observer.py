"""Puts together what watches over an application: its traffic, its counts, its metrics."""

import logging
import sys
from collections.abc import Iterable

from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.exports.slots import ExportSlots
from api.http.kept import AnswerStore
from api.observe.counts import Counts, SharedCounts
from api.observe.lines import RequestLines
from api.observe.logs import is_json, repeats
from api.observe.metrics import ServiceCollector
from api.observe.routes import RouteNames
from api.observe.traffic import Traffic
from db.settings import get_settings
from db.watch.watch import ReleaseWatch

log = logging.getLogger("api")


def observe(app: FastAPI, routes: Iterable[BaseRoute]) -> None:
    """Give an application its traffic and its metrics, as the settings ask for them; the engines stand in its state."""
    settings, state = get_settings(), app.state
    names = RouteNames(routes)
    counts = Counts(names)
    shared = SharedCounts(counts)
    lines = RequestLines(names, is_json(settings.log_format, sys.stdout.isatty())) if settings.access_log else None
    traffic = Traffic(counts, lines)
    exports: ExportSlots = state.exports
    counts.totals["exports_refused"] = lambda: exports.refused
    counts.totals["requests_without_line"] = lambda: traffic.without_line + (lines.lost if lines else 0)
    counts.gauges["exports_in_use"] = lambda: exports.in_use
    counts.gauges["exports_room"] = lambda: exports.room
    counts.gauges["processes"] = lambda: 1
    traffic.also(shared.leave)
    traffic.also(repeats.tell)
    traffic.also(ReleaseNews(state.releases))
    state.traffic, state.counts = traffic, counts
    state.metrics = ServiceCollector(shared, state.engine, state.writer)


def stop_observing(app: FastAPI) -> None:
    """Write what is left, and say how often each warning came again."""
    app.state.traffic.close()
    repeats.tell(at_once=True)


def observe_answers(app: FastAPI, store: AnswerStore) -> None:
    """Count what is kept in memory in front of an application."""
    counts: Counts = app.state.counts
    counts.totals["kept_answers_misses"] = lambda: store.misses
    counts.totals["kept_answers_evictions"] = lambda: store.evictions
    counts.gauges["kept_answers"] = lambda: len(store)
    counts.gauges["kept_answers_bytes"] = lambda: store.size


class ReleaseNews:
    """Logs each release that answers begin to come from."""

    def __init__(self, releases: ReleaseWatch) -> None:
        self._releases = releases
        self._seen: int | None = None

    def __call__(self) -> None:
        """Look for a new one, in what is remembered anyway."""
        stamp = self._releases.remembered()
        if stamp is not None and stamp.release_id != self._seen:
            log.info("answers come from release %s, made %s", stamp.release_id, stamp.created_at.isoformat())
            self._seen = stamp.release_id
