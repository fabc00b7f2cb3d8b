"""Large answers are written while their rows are read: the first bytes are out long before the last row is fetched."""

import itertools
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Connection, Engine

from api.answers.tables import in_dollars
from api.exports.columns import About, Kind
from api.exports.csv import csv_chunks
from api.exports.jsonl import jsonl_chunks
from api.exports.parquet import GROUP_ROWS, parquet_chunks
from api.exports.xlsx import xlsx_chunks
from api.main import create_app
from api.routers.components import COLUMNS
from bench.synthetic import fill
from db.engine import make_engine, reading
from db.migrate import upgrade
from db.queries.components import component_pieces
from db.queries.statements.pieces import Piece
from db.queries.statements.prepared import CHUNK, LOT, Prepared
from models.filters import Filters
from tests.conftest import DATABASES, client_of, let_go, watch_of

ROWS = 20_000
ABOUT = About("synthetic", {}, datetime(2025, 1, 31, tzinfo=UTC))
WRITERS: dict[str, Callable[..., Iterator[bytes]]] = {
    "csv": csv_chunks,
    "jsonl": jsonl_chunks,
    "parquet": partial(parquet_chunks, about=ABOUT),
    "xlsx": partial(xlsx_chunks, about=ABOUT),
}
TEXTS = [column for column in COLUMNS if column.kind is Kind.TEXT]
STREAMED = {"csv": csv_chunks, "jsonl": jsonl_chunks, "parquet": WRITERS["parquet"]}


@pytest.fixture(scope="module")
def large_engines(new_database: Callable[[str], str]) -> Iterator[dict[str, Engine]]:
    """A synthetic data set of some size on each kind of database."""
    engines = {kind: make_engine(new_database(kind)) for kind in DATABASES}
    for engine in engines.values():
        upgrade(engine)
        fill(engine, ROWS)
    yield engines
    for engine in engines.values():
        let_go(engine)


@pytest.fixture(params=DATABASES)
def large(request: pytest.FixtureRequest, large_engines: dict[str, Engine]) -> Engine:
    """One of them in turn."""
    return large_engines[request.param]


class Counted:
    """Pieces that know how many rows of them were taken."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces = pieces
        self.taken = 0

    def __iter__(self) -> Iterator[Piece]:
        for piece in self.pieces:
            self.taken += len(piece["component_id"])
            yield piece


def components_of(connection: Connection, limit: int | None = None) -> Iterator[Piece]:
    """What an export of components is written from."""
    return in_dollars(component_pieces(connection, Filters(), limit=limit))


@pytest.mark.parametrize("form", STREAMED)
def test_no_more_rows_are_taken_than_the_pieces_so_far_hold(form: str) -> None:
    """Without end to the rows there is still a beginning of the file."""
    rows = Counted(itertools.repeat({column.name: [None] * CHUNK for column in COLUMNS}))
    pieces = STREAMED[form](COLUMNS, rows)
    at_once = GROUP_ROWS if form == "parquet" else CHUNK
    for number in range(1, 4):
        assert next(pieces)
        assert rows.taken <= number * at_once


def test_parquet_is_the_same_in_whatever_lots_the_rows_come() -> None:
    def file_of(lot: int) -> bytes:
        starts = range(0, GROUP_ROWS + 2 * CHUNK, lot)
        texts = ([f"{number:06} {'x' * (number % 900)}" for number in range(start, start + lot)] for start in starts)
        named = ({column.name: some for column in TEXTS} for some in texts)
        return b"".join(WRITERS["parquet"](TEXTS, named))

    assert file_of(LOT) == file_of(CHUNK)


@pytest.mark.parametrize("form", STREAMED)
def test_the_database_is_asked_while_the_file_is_written(form: str, large: Engine, monkeypatch) -> None:
    fetched, read = 0, Prepared.read

    def counted(self: Prepared, *rest: Any) -> Any:
        nonlocal fetched
        fetched += "FROM listed_row" in self.text
        return read(self, *rest)

    monkeypatch.setattr(Prepared, "read", counted)
    seen = []
    with reading(large) as connection:
        for piece in STREAMED[form](COLUMNS, components_of(connection)):
            seen.append((len(piece), fetched))
    assert fetched >= ROWS // CHUNK
    with_bytes = [at for size, at in seen if size]
    assert with_bytes[0] <= 1
    assert len(with_bytes) >= (4 if form == "parquet" else ROWS // 1000)


@pytest.mark.parametrize(("form", "kind"), [*((form, "sqlite") for form in WRITERS), ("csv", "postgresql")])
def test_memory_does_not_grow_with_the_rows(form: str, kind: str, large_engines: dict[str, Engine]) -> None:
    """What is held at most for all rows is less than twice what is held for a quarter of them."""
    few, all_rows = (_most_held(form, large_engines[kind], limit) for limit in (ROWS // 4, None))
    assert all_rows < 2 * few, (few, all_rows)
    assert all_rows < 40_000_000


def _most_held(form: str, engine: Engine, limit: int | None) -> int:
    with reading(engine) as connection:
        pieces = components_of(connection, limit)
        tracemalloc.start()
        try:
            for _piece in WRITERS[form](COLUMNS, pieces):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows of components each piece has that is read from now on."""
    read: list[int] = []

    def counted(*args: Any) -> Iterator[Piece]:
        for piece in component_pieces(*args):
            read.append(len(piece["position"]))
            yield piece

    monkeypatch.setattr("api.answers.tables.component_pieces", counted)
    return read


@pytest.mark.parametrize("form", STREAMED)
def test_the_first_bytes_leave_before_the_last_rows_are_read(form: str, large: Engine, monkeypatch) -> None:
    """The same over HTTP: when the first part of the body is sent, most rows are still in the database."""
    read, at_first = counting(monkeypatch), []

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.body" and message.get("body"):
            at_first.append(sum(read))

    anyio.run(_ask, create_app(large, watch_of(large)), f"format={form}", send)
    assert at_first[0] <= CHUNK
    assert sum(read) == ROWS
    assert len(at_first) > 2


async def _ask(app: Callable[..., Any], query: str, send: Callable[..., Any]) -> None:
    """One request below any client, which would gather the whole body."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "server": ("testserver", 80),
        "path": "/v1/components",
        "raw_path": b"/v1/components",
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"testserver"), (b"accept-encoding", b"identity")],
        "state": {},
    }
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await anyio.sleep_forever()
        sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    await app(scope, receive, send)


def test_all_rows_arrive_in_row_groups_of_bounded_size(large: Engine, tmp_path) -> None:
    file = tmp_path / "all.parquet"
    file.write_bytes(client_of(large)("/v1/components?format=parquet").content)
    meta = pq.read_metadata(file)
    assert meta.num_rows == ROWS
    sizes = [meta.row_group(number).num_rows for number in range(meta.num_row_groups)]
    assert max(sizes) <= GROUP_ROWS
    ids = pq.read_table(file, columns=["component_id"]).column(0).to_pylist()
    assert ids == sorted(set(ids))


def test_a_client_that_leaves_stops_the_reading(large: Engine, monkeypatch) -> None:
    read = counting(monkeypatch)

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.body" and message.get("body"):
            raise OSError("the client is gone")

    with pytest.raises(BaseException):  # noqa: B017, PT011  # what a server makes of it differs
        anyio.run(_ask, create_app(large, watch_of(large)), "format=csv", send)
    assert sum(read) < ROWS
    assert client_of(large)("/v1/components?limit=1").status_code == 200
