"""What /metrics says, from what was counted and from the database, as Prometheus and OpenMetrics read it."""

import logging
from collections.abc import Iterator
from itertools import accumulate
from time import time

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from api.freshness import is_stale
from api.observe.counts import BOUNDS, Figures, SharedCounts
from db.engine import reading
from db.queries.releases import latest_release
from db.queries.runs import count_by_status, count_refused_by_adapter, count_waiting, reading_runs
from db.watch.stamp import stamp_of
from models.versions import PROGRAM_VERSION

log = logging.getLogger("api.metrics")

PREFIX = "migration_finance"

TOTALS = {
    "kept_answers_hits": "Answers sent again from memory, whole.",
    "kept_answers_not_modified": "Answers in memory that the client had already: 304.",
    "kept_answers_misses": "Questions whose answer was not in memory.",
    "kept_answers_evictions": "Answers dropped from memory to make room; those of an older release do not count.",
    "exports_refused": "Files of rows that were refused with a 503, for EXPORTS_AT_ONCE were being sent.",
    "requests_without_line": "Requests that got no line in the log, for more came than could be written.",
}
GAUGES = {
    "kept_answers": "Answers in memory.",
    "kept_answers_bytes": "Bytes that they take, about.",
    "exports_in_use": "Files of rows that are being sent.",
    "exports_room": "Files of rows that may be sent at a time.",
    "processes": "Processes that answer.",
}
BUCKETS = [*(str(bound) for bound in BOUNDS), "+Inf"]


class ServiceCollector(Collector):
    """Collects anew with every scrape."""

    def __init__(self, counts: SharedCounts, reader: Engine, writer: Engine) -> None:
        self.counts = counts
        self.engines = {"reading": reader} if reader is writer else {"reading": reader, "writing": writer}
        self.writer = writer

    def collect(self) -> Iterator[Metric]:
        """Give all metrics; without the database, those that are known without it."""
        yield InfoMetricFamily(PREFIX, "The program.", value={"version": PROGRAM_VERSION})
        figures = self.counts.figures()
        yield from _of_requests(figures)
        for name, text in TOTALS.items():
            yield CounterMetricFamily(f"{PREFIX}_{name}", text, value=figures.totals.get(name, 0))
        for name, text in GAUGES.items():
            yield GaugeMetricFamily(f"{PREFIX}_{name}", text, value=figures.gauges.get(name, 0))
        yield from self._of_the_data()

    def _of_the_data(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(f"{PREFIX}_database_up", "1 where the database answers.", labels=["used_for"])
        found: list[Metric] = []
        for use, engine in self.engines.items():
            try:
                with (reading_runs if engine is self.writer else reading)(engine) as connection:
                    found += _of_runs(connection) if engine is self.writer else []
                    found += _of_release(connection) if use == "reading" else []
            except SQLAlchemyError as error:
                log.warning("the database (for %s) did not answer for the metrics: %s", use, type(error).__name__)
                up.add_metric([use], 0)
            else:
                up.add_metric([use], 1)
        yield up
        yield from found


def _of_runs(connection: Connection) -> Iterator[Metric]:
    runs = GaugeMetricFamily(f"{PREFIX}_runs", "Ingest runs by what became of them.", labels=["status"])
    for status, number in count_by_status(connection).items():
        runs.add_metric([status], number)
    yield runs
    text = "Records that were refused in all runs together."
    refused = GaugeMetricFamily(f"{PREFIX}_refused_records", text, labels=["adapter"])
    for adapter, number in count_refused_by_adapter(connection).items():
        refused.add_metric([adapter], number)
    yield refused
    text = "Uploads that wait to be taken in, or are at work."
    yield GaugeMetricFamily(f"{PREFIX}_uploads_waiting", text, value=count_waiting(connection))


def _of_release(connection: Connection) -> Iterator[Metric]:
    release = latest_release(connection)
    if release is None:
        return
    stamp = stamp_of(release)
    yield GaugeMetricFamily(f"{PREFIX}_release", "Number of the newest release.", value=stamp.release_id)
    age = time() - stamp.created_at.timestamp()
    yield GaugeMetricFamily(f"{PREFIX}_release_age_seconds", "Since it was made.", value=round(age, 3))
    if stamp.checked_at is not None:
        age = time() - stamp.checked_at.timestamp()
        text = "Since a run confirmed the data, whether it changed anything or not."
        yield GaugeMetricFamily(f"{PREFIX}_checked_age_seconds", text, value=round(age, 3))
    stale = int(is_stale(stamp.checked_at))
    yield GaugeMetricFamily(f"{PREFIX}_stale", "1 where that is longer than STALE_AFTER_DAYS.", value=stale)


def _of_requests(figures: Figures) -> Iterator[Metric]:
    labels = ["method", "route"]
    requests = CounterMetricFamily("http_requests", "Requests answered.", labels=[*labels, "status"])
    for (method, route, status), number in figures.requests.items():
        requests.add_metric([method, route, str(status)], number)
    yield requests
    text = "Seconds from a request's first byte to its answer's last."
    durations = HistogramMetricFamily("http_request_duration_seconds", text, labels=labels)
    for key, numbers in figures.buckets.items():
        buckets = list(zip(BUCKETS, accumulate(numbers), strict=True))
        durations.add_metric(list(key), buckets, sum_value=figures.seconds[key])
    yield durations
