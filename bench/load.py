"""Puts a server under load with wrk, and says what came of it."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.servers import Server

SCRIPT = Path(__file__).parent / "wrk.lua"
CONNECTIONS = 32
LONGEST = 30
"""Seconds of a spell beyond which it is not made longer, however few answers came."""
MISSING = "wrk is not here; get it by `apt-get install wrk`, `brew install wrk`, or from https://github.com/wg/wrk"


@dataclass(frozen=True)
class Question:
    """What is asked. `how` is a word of wrk.lua: whether it is the same each time, and if not, how it differs."""

    path: str
    how: str = "same"
    method: str = "GET"
    body: str | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """What one spell of load gave; latencies in milliseconds, `cpu` in microseconds of the server's for a request."""

    rate: float
    p50: float
    p99: float
    cpu: float


def require_wrk() -> None:
    """End the program with advice where there is no wrk."""
    if shutil.which("wrk") is None:
        raise SystemExit(f"error: {MISSING}")


def load(server: Server, question: Question, seconds: int, projects: int) -> Sample:
    """Ask over all connections for so many seconds, or for longer where nothing is answered in them. No answer may fail.

    Raises:
        RuntimeError: with what wrk said.
    """
    while True:
        before = server.cpu()
        found = _wrk(server, question, seconds, projects)
        cpu = server.cpu() - before
        server.settle()
        server.asked += found["requests"] + CONNECTIONS
        if found["failed"]:
            raise RuntimeError(
                f"{found['failed']} of {found['requests']} answers of {server.name} to {question} failed"
            )
        if found["requests"] >= CONNECTIONS or seconds >= LONGEST:
            break
        seconds *= 4
    if not found["requests"]:
        raise RuntimeError(f"{server.name} answers {question} not once in {seconds} seconds")
    return Sample(
        rate=found["requests"] / found["microseconds"] * 1e6,
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        cpu=cpu / found["requests"] * 1e6,
    )


def _wrk(server: Server, question: Question, seconds: int, projects: int) -> dict[str, int]:
    words = [question.how, str(server.asked), str(projects), question.method, *filter(None, [question.body])]
    headers = [part for header in question.headers for part in ("-H", header)]
    address = server.address + question.path.replace("{id}", "%7Bid%7D")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s", "-s", str(SCRIPT)]
    done = subprocess.run([*command, *headers, address, "--", *words], capture_output=True, text=True, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise RuntimeError(f"wrk said: {done.stdout} {done.stderr}")
    result: dict[str, int] = json.loads(line.removeprefix("RESULT "))
    return result
