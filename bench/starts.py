"""The time from the start of the process to the first answer from the data, with the bundled data loaded already."""

import compileall
import subprocess
import time
from pathlib import Path
from statistics import median

import httpx

from bench.report import Table
from bench.servers import PYTHON, ROOT, ours, started, uvicorn
from db.engine import make_engine
from db.ingest.bundle import load_bundle
from db.migrate import upgrade

ASKED = "/v1/spend?group_by=category"


def measure_start(folder: Path, rounds: int) -> Table:
    """Start the service, a bare FastAPI application, and Python with nothing but the service's two largest libraries."""
    for layer in ("api", "db", "models"):  # as libraries are when they are installed, and the program is in its image
        compileall.compile_dir(ROOT / layer, quiet=1)
    url = f"sqlite:///{folder / 'bundled.db'}"
    engine = make_engine(url)
    upgrade(engine)
    load_bundle(engine)
    engine.dispose()
    command, _, environment = ours(url, folder / "files")
    times: dict[str, list[tuple[float, float]]] = {"this service": [], "bare FastAPI on uvicorn": [], "imports": []}
    for _ in range(rounds):
        times["this service"].append(_start(command, ASKED, environment))
        times["bare FastAPI on uvicorn"].append(_start(uvicorn("bench.tutorial:FastAPI", "--factory"), "/docs", {}))
        start = time.perf_counter()
        subprocess.run([PYTHON, "-c", "import fastapi, sqlmodel"], cwd=ROOT, check=True)
        times["imports"].append((time.perf_counter() - start, 0.0))
    names = {"imports": "import of fastapi and sqlmodel alone"}
    rows: list[dict[str, object]] = [
        {
            "what": names.get(name, name),
            "seconds": round(median(wall for wall, _ in found), 2),
            "CPU seconds": round(median(cpu for _, cpu in found), 2) or None,
        }
        for name, found in times.items()
    ]
    return Table("Start to the first answer", f"`GET {ASKED}` with the bundled data on SQLite.", rows)


def _start(command: list[str], asked: str, environment: dict[str, str]) -> tuple[float, float]:
    start = time.perf_counter()
    with started("starting", command, asked, environment) as server:
        wall = time.perf_counter() - start
        httpx.get(server.address + asked)
        return wall, server.cpu()
