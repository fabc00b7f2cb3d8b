"""Starts what is measured, each in a process and on a port of its own, and watches its use of the machine."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parent.parent
PYTHON = os.environ.get("BENCH_PYTHON", str(ROOT / ".venv-bench" / "bin" / "python"))
"""Of the environment of requirements/bench.txt: what serves, with the peers, and without what only tests need."""

START_SECONDS = 600
CORES = os.cpu_count() or 1


@dataclass
class Server:
    """A process that serves. `asked` counts requests, so that none that must be new is asked twice."""

    name: str
    address: str
    process: psutil.Process
    asked: int = 0

    def cpu(self) -> float:
        """Seconds of processor time used so far, with its workers'."""
        return sum(times.user + times.system for times in (one.cpu_times() for one in self._all()))

    def settle(self, longest: float = 60) -> None:
        """Wait until it rests: what was asked last and never read must not fall on what is measured next."""
        until = time.monotonic() + longest
        before = self.cpu()
        while time.monotonic() < until:
            time.sleep(0.2)
            if (now := self.cpu()) - before < 0.02:
                return
            before = now

    def peak(self) -> int:
        """The most bytes of memory that were resident at a time so far, summed over its workers."""
        return sum(peak_of(one) for one in self._all())

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def peak_of(process: psutil.Process) -> int:
    """The most bytes of memory that were resident in a process at a time."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):  # another system, which keeps no account of the most
        return int(process.memory_info().rss)


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def started(
    name: str, command: Sequence[str], ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server until the end of the block; `{port}` in its command becomes a free one. It is there when `ready` answers."""
    port = free_port()
    words = [word.replace("{port}", str(port)) for word in command]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    process = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(name, f"http://127.0.0.1:{port}", psutil.Process(process.pid))
    try:
        _wait(process, server.address + ready)
        yield server
    finally:
        process.terminate()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", address: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        try:
            if httpx.get(address, timeout=START_SECONDS).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.005)
    raise RuntimeError(f"{process.args} does not answer")


def ours(url: str, files: Path, *options: str) -> tuple[list[str], str, dict[str, str]]:
    """The production configuration: command, what to wait for, environment. The limit is on, and never reached."""
    environment = {"DATABASE_URL": url, "FILES_DIR": str(files), "RATE_LIMIT": "1000000000"}
    return [PYTHON, "-m", "api", "serve", "--port", "{port}", *options], "/readyz", environment


def uvicorn(target: str, *options: str) -> list[str]:
    """The command of a server that is no more than uvicorn, with the same parts for the loop and the protocol."""
    command = [PYTHON, "-m", "uvicorn", target, "--port", "{port}", "--log-level", "warning", "--no-access-log"]
    return [*command, "--no-server-header", "--loop", "uvloop", "--http", "httptools", *options]
