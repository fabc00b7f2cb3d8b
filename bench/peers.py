"""Peers on the same rows: our own list of components as CSV, put where each of them reads it."""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.load import Question
from bench.servers import CORES, PYTHON, Server, started, uvicorn
from bench.tutorial import Component

KEPT = tuple(Component.model_fields)
FIRST_ID = "SYN0000000-1"
TABLE = "components"
SQL = f"SELECT category, year, sum(amount_usd) AS amount_usd FROM {TABLE} GROUP BY category, year"  # noqa: S608
NUMBERS = {"amount_usd", "partial_usd", "stated_usd", "year", "confidence"}


@dataclass(frozen=True)
class Peer:
    """A server of others, and how it is asked for a record, a page of 100 and category × year."""

    server: Server
    questions: dict[str, Question]


def write_rows(ours: Server, folder: Path) -> None:
    """Write the rows as an SQLite file with the indexes that a fair user makes, and as CSV."""
    text = httpx.get(f"{ours.address}/v1/components?format=csv", timeout=None).raise_for_status().text
    rows = [[row[name] or None for name in KEPT] for row in csv.DictReader(text.splitlines())]
    with (folder / f"{TABLE}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([KEPT, *rows])
    connection = sqlite3.connect(folder / "rows.db")
    columns = ", ".join(f"{name} {'NUMERIC' if name in NUMBERS else 'TEXT'}" for name in KEPT)
    connection.execute(f"CREATE TABLE {TABLE} ({columns}, PRIMARY KEY (component_id))")
    connection.executemany(f"INSERT INTO {TABLE} VALUES ({', '.join('?' * len(KEPT))})", rows)  # noqa: S608
    connection.execute(f"CREATE INDEX by_category ON {TABLE} (category, year)")
    connection.commit()
    connection.close()


def start_peers(stack: ExitStack, folder: Path) -> list[Peer]:
    """Start them, each as its own documentation says, until the stack ends."""
    peers = [Peer(stack.enter_context(server), questions) for server, questions in _peers(folder)]
    for peer in peers:
        for name, question in peer.questions.items():
            _must_answer(peer.server, question, FIRST_ID if name == "record" else "remittances")
    return peers


def _must_answer(server: Server, question: Question, expected: str) -> None:
    """Ask once and look for what the answer must hold: a quick answer that holds nothing is no peer."""
    address = server.address + question.path.replace("{id}", FIRST_ID)
    got = httpx.request(question.method, address, content=question.body, timeout=None)
    if expected not in got.text:
        raise RuntimeError(f"{server.name} answers {address} with {got.text[:200]!r}")


def _peers(folder: Path) -> Iterator[tuple[AbstractContextManager[Server], dict[str, Question]]]:
    rows, bin_folder = str(folder / "rows.db"), Path(PYTHON).parent
    yield (
        started(
            "tutorial FastAPI + SQLModel",
            uvicorn("bench.tutorial:app", "--workers", str(CORES)),
            "/spend",
            {"BENCH_ROWS": rows},
        ),
        {
            "record": Question("/components/{id}", "id"),
            "page": Question("/components?limit=100"),
            "spend": Question("/spend"),
        },
    )
    command = [str(bin_folder / "datasette"), "serve", rows, "--port", "{port}", "--setting", "sql_time_limit_ms"]
    yield (
        started("datasette", [*command, "60000"], "/rows.json"),
        {
            "record": Question(f"/rows/{TABLE}/{{id}}.json", "id"),
            # It would also look through every column for facets to suggest, which nobody asks for here.
            "page": Question(f"/rows/{TABLE}.json?_size=100&_nosuggest=1"),
            "spend": Question(f"/rows.json?sql={SQL.replace(' ', '+')}"),
        },
    )
    command = [str(bin_folder / "roapi"), "--addr-http", "127.0.0.1:{port}", "--addr-postgres", "127.0.0.1:0"]
    command += ["--table", f"{TABLE}={folder / f'{TABLE}.csv'}"]
    yield (
        started("ROAPI", command, "/api/schema"),
        {
            "record": Question(f"/api/tables/{TABLE}?filter[component_id]='{{id}}'", "id"),
            "page": Question(f"/api/tables/{TABLE}?limit=100"),
            "spend": Question("/api/sql", method="POST", body=SQL),
        },
    )
