"""Reads beside floors and peers: spells of load in turn, so that what else the machine does falls on all alike."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import httpx

from bench import floors
from bench.load import Question, Sample, load
from bench.peers import FIRST_ID, start_peers, write_rows
from bench.report import Table
from bench.servers import CORES, Server, ours, started, uvicorn
from bench.synthetic import OF_PROJECT

WARM = "/v1/spend?group_by=category,year"
CASES = {
    "warm": Question(WARM),
    "304": Question(WARM),  # with the tag of the answer, as soon as that is known
    "record": Question("/v1/components/{id}", "id"),
    "page": Question("/v1/components?limit=100&format=json&measure=commitment", "years"),
    "largest": Question("/v1/components?limit=100&format=json&sort=-amount_usd", "years"),
    "spend": Question(WARM, "years"),
}
NAMES = {
    "warm": "warm read (category × year)",
    "304": "304 (floors: the whole answer)",
    "record": "cold record",
    "page": "cold page of 100",
    "largest": "cold page of the 100 largest",
    "spend": "cold spend, category × year",
}
Spell = tuple[Server, Question]


def interleaved(targets: Sequence[Spell], rounds: int, seconds: int, projects: int) -> list[list[Sample]]:
    """Load each target once a round, in another order each time; return the samples of each."""
    samples: list[list[Sample]] = [[] for _ in targets]
    for server, question in targets:
        httpx.request(
            question.method,
            server.address + question.path.replace("{id}", FIRST_ID),
            content=question.body,
            timeout=None,
        )
    for number in range(rounds):
        for place in range(len(targets)):
            which = (place + number) % len(targets)
            samples[which].append(load(*targets[which], seconds, projects))
    return samples


def ratio(of: Sequence[Sample], to: Sequence[Sample]) -> float:
    """How many times the rate of another, as the median over the pairs."""
    return median(one.rate / other.rate for one, other in zip(of, to, strict=True))


def middle(samples: Sequence[Sample], figure: str) -> float:
    """The median of a figure."""
    return median(getattr(sample, figure) for sample in samples)


def measure_reads(url: str, components: int, folder: Path, rounds: int, seconds: int, with_peers: bool) -> list[Table]:
    """Measure all cases on a filled database, and the peers on its rows."""
    projects = components // OF_PROJECT
    kind = url.partition(":")[0].partition("+")[0]
    where = f"{components:,} components, {kind}"
    with ExitStack() as stack:
        served = stack.enter_context(started("this service", *ours(url, folder / "files")))
        command, ready, environment = ours(url, folder / "files")
        silent = stack.enter_context(started("without its log", command, ready, {**environment, "ACCESS_LOG": "off"}))
        cases = {**CASES, "304": Question(WARM, headers=(f"If-None-Match: {_tag(served)}",))}
        _write_answers(served, folder / "answers")
        answers = {"FLOOR_ANSWERS": str(folder / "answers")}
        raw = stack.enter_context(started("raw ASGI", uvicorn("bench.floors:raw"), "/warm", answers))
        bare = stack.enter_context(started("bare FastAPI", uvicorn("bench.floors:bare"), "/warm", answers))
        rows, found = [], {}
        for case, question in cases.items():
            floor = Question("/warm" if case == "304" else f"/{case}")
            targets = [(served, question), (raw, floor), (bare, floor)]
            targets += [(silent, question)] if case in ("warm", "304") else []
            found[case] = interleaved(targets, rounds, seconds, projects)
            rows.append(_row(case, *found[case]))
        memory = f"Peak memory of the server over all of it: {served.peak() / 1e6:.0f} MB."
        tables = [Table(f"Reads, {where}", memory, rows)]
    return [*tables, _beside_peers(url, folder, rounds, seconds, projects)] if with_peers else tables


def _tag(served: Server) -> str:
    return httpx.get(served.address + WARM, headers={"accept-encoding": "identity"}).headers["etag"]


def _write_answers(served: Server, path: Path) -> None:
    """Ask every case once, as wrk will, and keep the bytes for the floors."""
    answers = {}
    for case, question in CASES.items():
        years = "&year_from=1944&year_to=2024" if question.how == "years" else ""
        address = served.address + question.path.replace("{id}", FIRST_ID) + years
        with httpx.Client(headers={"accept-encoding": "identity"}, timeout=None) as client:
            got = client.get(address).raise_for_status()
        headers = [(name, value) for name, value in got.headers.raw if name.lower() not in {b"date", b"server"}]
        answers[case] = floors.Ready(got.status_code, headers, got.content)
    floors.write(path, answers)


def _row(
    case: str, own: list[Sample], raw: list[Sample], bare: list[Sample], *silent: list[Sample]
) -> dict[str, object]:
    return {
        "case": NAMES[case],
        "a second": round(middle(own, "rate")),
        "× raw ASGI": round(ratio(own, raw), 3),
        "× bare FastAPI": round(ratio(own, bare), 3),
        "p50, ms": round(middle(own, "p50"), 1),
        "p99, ms": round(middle(own, "p99"), 1),
        "CPU µs a request": round(middle(own, "cpu")),
        "raw ASGI's CPU µs": round(middle(raw, "cpu")),
        "bare FastAPI's": round(middle(bare, "cpu")),
        "× without its log": round(ratio(own, silent[0]), 2) if silent else None,
        "CPU µs without it": round(middle(silent[0], "cpu")) if silent else None,
    }


def _beside_peers(url: str, folder: Path, rounds: int, seconds: int, projects: int) -> Table:
    """The three questions, asked of each with all cores; of us cold, and once more as they are when they were asked before."""
    again = {"record": f"/v1/components/{FIRST_ID}", "page": CASES["page"].path, "spend": WARM}
    rows = []
    with ExitStack() as stack:
        served = stack.enter_context(started("this service", *ours(url, folder / "files", "--workers", str(CORES))))
        write_rows(served, folder)
        peers = start_peers(stack, folder)
        for case, path in again.items():
            ours_too = [(served, CASES[case]), (served, Question(path))]
            targets = [*((peer.server, peer.questions[case]) for peer in peers), *ours_too]
            *theirs, cold, warm = interleaved(targets, rounds, seconds, projects)
            named = [(peer.server.name, found) for peer, found in zip(peers, theirs, strict=True)]
            named += [(f"{served.name}, cold", cold), (f"{served.name}, warm", warm)]
            rows += [_beside(NAMES[case].removeprefix("cold "), name, found, cold, warm) for name, found in named]
        servers = [served, *(peer.server for peer in peers)]
        memory = ", ".join(f"{server.name} {server.peak() / 1e6:.0f}" for server in servers)
    note = (
        "Each has all cores as its documentation says: this service and the tutorial's a worker for each, ROAPI its threads; "
        f"datasette has one process. Peak memory in MB: {memory}."
    )
    return Table(f"Beside peers, {projects * OF_PROJECT:,} components", note, rows)


def _beside(case: str, name: str, found: list[Sample], cold: list[Sample], warm: list[Sample]) -> dict[str, object]:
    row: dict[str, object] = {"asked": case, "server": name, "a second": round(middle(found, "rate"), 1)}
    row |= {"p50, ms": round(middle(found, "p50"), 1), "p99, ms": round(middle(found, "p99"), 1)}
    row |= {"CPU µs a request": round(middle(found, "cpu"))}
    is_peer = found is not cold and found is not warm
    return row | {
        "this service cold × it": round(ratio(cold, found), 2) if is_peer else None,
        "warm × it": round(ratio(warm, found), 1) if is_peer else None,
    }


def measure_workers(url: str, components: int, folder: Path, rounds: int, seconds: int) -> Table:
    """Two workers against one, on cold records; the load comes from the same cores."""
    question = CASES["record"]
    with ExitStack() as stack:
        one = stack.enter_context(started("one", *ours(url, folder / "files")))
        two = stack.enter_context(started("two", *ours(url, folder / "files", "--workers", "2")))
        alone, both = interleaved([(one, question), (two, question)], rounds, seconds, components // OF_PROJECT)
        row: dict[str, object] = {
            "case": NAMES["record"],
            "one, a second": round(middle(alone, "rate")),
            "two, a second": round(middle(both, "rate")),
            "two × one": round(ratio(both, alone), 2),
            "peak of one, MB": round(one.peak() / 1e6),
            "of two with their watcher, MB": round(two.peak() / 1e6),
        }
    return Table(f"Two workers against one, {components:,} components", "", [row])
