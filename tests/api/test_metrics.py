"""What /metrics says, of one process and of several, with the database and without."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
from sqlalchemy import create_engine

from api.http.kept import PER_ANSWER
from api.main import create_app
from api.observe.counts import FOLDER_VARIABLE, Counts, Figures, SharedCounts, shared_counts
from api.observe.routes import NO_ROUTE, RouteNames
from api.observe.traffic import KEPT, Traffic
from db.settings import ROOT, get_settings
from tests.api.test_errors import problem
from tests.conftest import client_of, let_go, watch_of
from tests.data.export_helpers import PROJECT, csv_text, take
from tests.data.watching import settle
from tests.data.writing import BAD, RECORD, sender

SPEND = "/v1/spend?group_by=year"
LEAVES = """
from api.observe.counts import Counts, SharedCounts
from api.observe.routes import RouteNames
from api.observe.traffic import Answered

counts = Counts(RouteNames([]))
counts.gauges["processes"] = lambda: 1
counts([Answered(2.0, 1.0, "GET", "/x", "", b"", b"", "", "1", 200, 0, "made")] * 5, 0.0)
SharedCounts(counts).leave()
print("left", flush=True)
input()
"""


@pytest.fixture
def fresh(loaded):
    """An application that has counted nothing yet."""
    settle(loaded)
    return client_of(loaded, create_app(loaded, watch_of(loaded)))


def read(text, parse=prometheus):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def of(found, name, **labels):
    return found.get((name, *sorted(labels.items())))


def test_requests_are_counted_by_route_and_status_wherever_they_were_answered(fresh):
    tag = fresh(SPEND).headers["etag"]
    fresh(SPEND)
    fresh(SPEND, headers={"if-none-match": tag})
    for number in range(3):
        fresh(f"/v1/projects/P00000{number}")
    fresh("/no/such/path")
    fresh("/v1/spend", method="BREW")
    found = read(fresh("/metrics").text)
    total = "http_requests_total"
    assert of(found, total, method="GET", route="/v1/spend", status="200") == 2
    assert of(found, total, method="GET", route="/v1/spend", status="304") == 1
    assert of(found, total, method="GET", route="/v1/projects/{project_id}", status="404") == 3
    assert of(found, total, method="GET", route=NO_ROUTE, status="404") == 1
    assert of(found, total, method="other", route="/v1/spend", status="405") == 1
    timed = {"method": "GET", "route": "/v1/spend"}
    assert of(found, "http_request_duration_seconds_count", **timed) == 3
    assert of(found, "http_request_duration_seconds_bucket", le="+Inf", **timed) == 3
    assert of(found, "http_request_duration_seconds_sum", **timed) > 0
    buckets = [value for key, value in found.items() if key[0].endswith("_bucket") and ("route", "/v1/spend") in key]
    assert buckets == sorted(buckets[:16]) + buckets[16:], "they add up"


def test_kept_answers_exports_and_the_release_are_told(fresh, loaded):
    tag = fresh(SPEND).headers["etag"]
    fresh(SPEND)
    fresh(SPEND, headers={"if-none-match": tag})
    fresh("/v1/components?format=csv")
    found = {key[0].removeprefix("migration_finance_"): value for key, value in read(fresh("/metrics").text).items()}
    assert (found["kept_answers_hits_total"], found["kept_answers_not_modified_total"]) == (1, 1)
    assert (found["kept_answers_misses_total"], found["kept_answers"]) == (2, 2)
    assert found["kept_answers_bytes"] > 2 * PER_ANSWER
    assert found["kept_answers_evictions_total"] == found["exports_refused_total"] == found["exports_in_use"] == 0
    assert found["exports_room"] == get_settings().exports_at_once
    assert (found["database_up"], found["release"], found["stale"]) == (1, 1, 0)
    assert 0 <= found["checked_age_seconds"] <= found["release_age_seconds"] + 1
    assert found["uploads_waiting"] == 0


def test_an_answer_that_has_to_go_for_another_is_counted(loaded):
    settle(loaded)
    app = create_app(loaded, watch_of(loaded))
    ask = client_of(loaded, app, room=20 * (PER_ANSWER + 4_000))
    for year in range(1990, 2040):
        assert ask(f"/v1/projects?limit=1&year_to={year}").status_code == 200
    assert of(read(ask("/metrics").text), "migration_finance_kept_answers_evictions_total") > 0


def test_runs_are_told_by_what_became_of_them(engine):
    send = sender(engine)
    send(RECORD)
    send(BAD, "?on_error=reject_all")
    found = read(client_of(engine)("/metrics").text)
    runs = {key[1][1]: value for key, value in found.items() if key[0] == "migration_finance_runs"}
    assert runs == {"queued": 0, "running": 0, "done": 1, "refused": 1, "interrupted": 0}
    assert of(found, "migration_finance_release") == 1
    assert of(found, "migration_finance_refused_records", adapter="records") == 1


def test_both_forms_are_what_prometheus_reads_and_nothing_keeps_them(fresh):
    plain = fresh("/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert plain.headers["cache-control"] == "no-store"
    assert "etag" not in plain.headers
    new = fresh("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert new.headers["content-type"].startswith("application/openmetrics-text")
    assert new.text.endswith("# EOF\n")
    assert of(read(new.text, openmetrics), "migration_finance_release") == 1


def test_it_is_no_part_of_the_public_api_and_can_be_turned_off(loaded, monkeypatch, fresh):
    assert "/metrics" not in fresh("/openapi.json").json()["paths"]
    monkeypatch.setenv("METRICS", "off")
    get_settings.cache_clear()
    try:
        problem(client_of(loaded, create_app(loaded, watch_of(loaded)))("/metrics"), 404)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


@pytest.mark.parametrize("backend", ["postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing", "sqlite:////nowhere/x"])
def test_without_the_database_they_say_so_and_the_rest(backend):
    gone = create_engine(backend)
    ask = client_of(gone)
    assert ask("/v1/spend").status_code == 503
    answer = ask("/metrics")
    assert answer.status_code == 200
    found = read(answer.text)
    assert of(found, "migration_finance_database_up", used_for="reading") == 0
    assert of(found, "http_requests_total", method="GET", route="/v1/spend", status="503") == 1
    assert of(found, "migration_finance_release") is None
    let_go(gone)


def test_processes_that_serve_together_add_up_and_what_ended_still_counts(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    own = Counts(RouteNames([]))
    own.gauges["processes"] = lambda: 1
    traffic = Traffic(own)
    scope = {"began": 0.0, "method": "GET", "path": "/x", "query_string": b"", "client": None}
    traffic.finished(scope, "1", 200, 0, KEPT)
    traffic.work_off()
    shared = SharedCounts(own)
    shared.leave()
    command = [sys.executable, "-c", LEAVES]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "left\n"
        together = shared.figures()
        assert together.requests == {("GET", NO_ROUTE, 200): 6}
        assert together.gauges == {"processes": 2}
        assert sum(together.buckets["GET", NO_ROUTE]) == 6
        other.kill()
    after = shared.figures()
    assert after.requests == together.requests
    assert after.gauges == {"processes": 1}


KILLED = """
import os, signal
from api.observe.counts import FOLDER_VARIABLE, shared_counts
with shared_counts():
    print(os.environ[FOLDER_VARIABLE], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_folder_of_a_service_that_was_killed_goes_with_the_next_start_and_those_in_use_stay(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    with shared_counts():
        in_use = Path(os.environ[FOLDER_VARIABLE])
        killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True, text=True)
        left = Path(killed.stdout.strip())
        assert {left, in_use} == set(tmp_path.iterdir())
        with shared_counts():
            assert not left.exists()
            assert len({in_use, Path(os.environ[FOLDER_VARIABLE])} & set(tmp_path.iterdir())) == 2
    assert list(tmp_path.iterdir()) == []


def test_figures_add_up_by_name():
    one = Figures({("GET", "/", 200): 1}, {("GET", "/"): [1, 0]}, {("GET", "/"): 0.5}, {"a": 1}, {"b": 2})
    one.add(Figures({("GET", "/", 404): 2}, {("GET", "/"): [0, 2]}, {("GET", "/"): 1.0}, {"a": 1, "c": 1}, {}))
    assert one.requests == {("GET", "/", 200): 1, ("GET", "/", 404): 2}
    assert (one.buckets, one.seconds) == ({("GET", "/"): [1, 2]}, {("GET", "/"): 1.5})
    assert (one.totals, one.gauges) == ({"a": 2, "c": 1}, {"b": 2})


def test_a_release_of_another_process_is_told(engine, write):
    ask = client_of(engine)
    for amount in (1, 2):
        take(engine, write(f"{amount}.csv", csv_text({**PROJECT, "commitment_usd": str(amount)})))
        settle(engine)
    assert of(read(ask("/metrics").text), "migration_finance_release") == 2
