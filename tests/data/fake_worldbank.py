"""A server on this machine that speaks like the World Bank's APIs of projects and documents, with faults to switch on.

All data are made up.
"""

import gzip
import hashlib
import json
import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LEADER = "Jane Q. Leader"
PLACES = (("Uganda", "Republic of Uganda", "UG"), ("Nepal", "Nepal", "NP"), ("Jordan", "Jordan", "JO"))
REGIONS = {"UG": "Eastern and Southern Africa", "NP": "South Asia", "JO": "Middle East and North Africa"}

PASSING = (
    "slow",
    "truncated",
    "cut-json",
    "reset",
    "html",
    "error-inside",
    "empty",
    "null-projects",
    "429",
    "500",
    "503",
)
"""Faults of one answer."""

HUGE = 200 * 1024 * 1024
BOMB = 64 * 1024 * 1024

Fault = Callable[[int, dict[str, str]], str | None]


def synthetic(number: int, **fields: Any) -> dict[str, Any]:
    """A made-up project in the form of the API."""
    short, long, code = PLACES[number % len(PLACES)]
    millions = 1 + number % 90
    return {
        "id": f"P9{number:05}",
        "project_name": f"Synthetic project {number}: skills for migrant workers",
        "pdo": "To prepare workers for jobs abroad",
        "regionname": REGIONS[code],
        "countryname": [long],
        "countrycode": [code],
        "countryshortname": short,
        "projectstatusdisplay": "Active",
        "boardapprovaldate": f"{2014 + number % 10}-0{1 + number % 9}-11T00:00:00Z",
        "closingdate": "12/31/2030 12:00:00 AM",
        "lendinginstr": "Investment Project Financing",
        "supplementprojectflg": "N",
        "totalamt": f"{millions},000,000",
        "totalcommamt": f"{millions},000,000",
        "curr_total_commitment": str(millions),
        "ibrdcommamt": "0",
        "idacommamt": f"{millions},000,000",
        "lendprojectcost": f"{millions + 5},000,000",
        "sector1": {"Name": "Social Protection", "Percent": 100},
        "theme1": "Jobs!$!100!$!66",
        "p2a_updated_date": "2026-01-31 00:00:00.0",
        "url": f"https://projects.worldbank.org/en/projects-operations/project-detail/P9{number:05}",
        "teamleadname": f"{LEADER},Other Leader",
        **fields,
    }


class FakeWorldBank:
    """The server's data and faults; `requests` holds the parameters and headers of what was asked."""

    def __init__(self, count: int) -> None:
        self.projects = {project["id"]: project for project in map(synthetic, range(1, count + 1))}
        self.requests: list[tuple[dict[str, str], dict[str, str]]] = []
        self.fault: Fault = lambda number, params: None
        self.before: Callable[[int], None] = lambda number: None
        self.most_rows = 1000
        self.whole_pages = False  # begins each page at a multiple of its rows, wherever it was asked to
        self.overstated = 0
        self.as_list = False
        self.can_sort = True
        self.retry_after = "2"
        self.address = ""
        self.documents: dict[str, dict[str, Any]] = {}
        self.listed: dict[str, str] = {}  # for which project a document is listed, whatever itself says
        self.texts: dict[str, bytes] = {}

    @property
    def documents_address(self) -> str:
        """Where the Documents API is."""
        return self.address.replace("/projects", "/wds")

    def respond(self, path: str, params: dict[str, str]) -> tuple[int, bytes]:
        """Answer a question rightly: for projects, documents or the text of one."""
        if path.startswith("/text/"):
            return (200, self.texts[path]) if path in self.texts else (404, b"<html>Not found</html>")
        return self.listing(params) if path.endswith("/wds") else self.body(params)

    def listing(self, params: dict[str, str]) -> tuple[int, bytes]:
        """List a project's documents, the newest first, as they were put in last."""
        rows, offset = int(params.get("rows", 10)), int(params.get("os", 0))
        found = [fields for key, fields in self.documents.items() if self.listed[key] == params["projectid"]][::-1]
        page = {fields.get("id", number): fields for number, fields in enumerate(found[offset : offset + rows])}
        documents: Any = list(page.values()) if self.as_list else page | {"facets": {}}
        answer = {"rows": rows, "os": offset, "total": len(found) + self.overstated, "documents": documents}
        return 200, json.dumps(answer).encode()

    def body(self, params: dict[str, str]) -> tuple[int, bytes]:
        """Answer a question for projects rightly."""
        rows, offset = min(int(params.get("rows", 10)), self.most_rows), int(params.get("os", 0))
        order = params.get("srt", "id") if self.can_sort else "id"
        found = [self.projects[key] for key in sorted(self.projects)]
        if order != "id":
            found.sort(key=lambda project: str(project.get(order, "")), reverse=params.get("order") == "desc")
        if "id" in params:
            found = [project for project in found if project.get("id") == params["id"]]
        if "strdate" in params:
            found = [project for project in found if project.get("boardapprovaldate", "") >= params["strdate"]]
        if self.whole_pages:
            offset -= offset % rows
        page = found[offset : offset + rows]
        projects: Any = page if self.as_list else {item["id"]: item for item in page} | {"facets": {}}
        total = str(len(found) + self.overstated)
        answer = {
            "rows": rows,
            "os": str(offset),
            "page": str(offset // rows + 1),
            "total": total,
            "projects": projects,
        }
        return (200 if found else 404), json.dumps(answer).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for the other side to confirm its headers
    fake: FakeWorldBank

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        params = dict(parse_qsl(asked.query)) | ({"text": asked.path} if asked.path.startswith("/text/") else {})
        self.fake.requests.append((params, dict(self.headers)))
        number = len(self.fake.requests)
        self.fake.before(number)
        fault = self.fake.fault(number, params)
        status, body = self.fake.respond(asked.path, params)
        if fault is None:
            self._answer(status, body)
        else:
            self._fail(fault, status, body)

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        if status == 200 and self.headers.get("If-None-Match") == tag:
            status, body = 304, b""
        if "gzip" in self.headers.get("Accept-Encoding", "") and body and "Content_Encoding" not in headers:
            body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
        self.send_response(status)
        for name, value in {"ETag": tag, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, fault: str, status: int, body: bytes) -> None:
        if fault == "slow":
            time.sleep(1.0)
            self.close_connection = True
        elif fault in ("truncated", "reset"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            if fault == "reset":  # linger of zero: the kernel answers with a reset instead of an end
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            self.close_connection = True
        elif fault == "huge":
            self.send_response(200)
            self.send_header("Content-Length", str(HUGE))
            self.end_headers()
            for _ in range(HUGE >> 20):
                self.wfile.write(b"x" * (1 << 20))
        elif fault.startswith(("cut-gzip", "no-gzip", "bomb:")):
            encoding = fault.partition(":")[2] or "gzip"
            self._answer(200, mispacked(fault, encoding, body), Content_Encoding=encoding)
        elif fault.startswith("redirect:"):
            self._answer(302, b"<html>moved</html>", Location=fault.removeprefix("redirect:"))
        elif fault.isdigit():
            wait = {"Retry_After": self.fake.retry_after} if fault == "429" else {}
            self._answer(int(fault), b"<html>busy</html>", **wait)
        else:
            whole = json.loads(body) if body.startswith(b"{") else {"projects": None}
            bodies = {
                "cut-json": body[: len(body) // 2],
                "html": b"<!DOCTYPE html><html><body>Just a moment</body></html>",
                "error-inside": json.dumps({"error": "backend timed out", "total": 0}).encode(),
                "empty": b"",
                "null-projects": json.dumps({**whole, "projects": None, "documents": None}).encode(),
                "no-total": json.dumps({"projects": whole.get("projects")}).encode(),
                "large": b" " * 2_000_000,
                "deep": b'{"projects":' + b"[" * 200_000,
            }
            found = next((name for name in ("projects", "documents") if whole.get(name)), None)
            if found:
                items = whole[found] if isinstance(whole[found], list) else list(whole[found].values())
                bodies["not-utf8"] = body.replace(b'"id": "', b'"note": "\xe9", "id": "', 1)
                bodies["field-twice"] = body.replace(b'"id": "', b'"id": "P1", "id": "', 1)
                bodies["nan"] = body.replace(b'"id": "', b'"borrower": NaN, "id": "', 1)
                bodies["id-twice"] = json.dumps({**whole, found: [items[0], items[0]]}).encode()
                key = json.dumps(items[0]["id"]).encode()
                bodies["key-twice"] = body.replace(key + b": {", key + b": {}, " + key + b": {", 1)
            self._answer(200, bodies[fault])


@cache
def bomb(encoding: str) -> bytes:
    """Pack zeros by gzip or deflate; for any other encoding twice by gzip, which is not read whatever it is called."""
    if encoding == "deflate":
        return zlib.compress(bytes(BOMB))
    packed = gzip.compress(bytes(BOMB))
    return packed if encoding == "gzip" else gzip.compress(packed)


def mispacked(fault: str, encoding: str, body: bytes) -> bytes:
    """Pack a body wrongly. One that is cut off is sent with the length of what is left."""
    if fault.startswith("bomb:"):
        return bomb(encoding)
    packed = gzip.compress(body)
    return packed[: len(packed) * 7 // 10] if fault == "cut-gzip" else body


@contextmanager
def running(count: int) -> Iterator[FakeWorldBank]:
    """Serve made-up projects on a free port of this machine."""
    fake = FakeWorldBank(count)
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that go away are part of the tests
    fake.address = f"http://127.0.0.1:{server.server_address[1]}/api/v3/projects"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def once(number: int, fault: str) -> Fault:
    """The fault on one request alone."""
    return lambda asked, params: fault if asked == number else None


def ever_from(number: int, fault: str) -> Fault:
    """The fault on every request from one on."""
    return lambda asked, params: fault if asked >= number else None


def offsets(fake: FakeWorldBank) -> list[int]:
    """Where the pages that were asked for begin."""
    return [int(params["os"]) for params, _ in fake.requests if re.fullmatch(r"\d+", params.get("os", ""))]
