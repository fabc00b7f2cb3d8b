"""Examples of the operations that need a key. They change data, so they are asked after all others, in this order."""

import json
from collections.abc import Iterator
from typing import Any

from api.openapi.example import Example

JSON = {"Content-Type": "application/json"}
RECORD = {
    "type": "project",
    "project_id": "S00002",
    "name": "Synthetic project",
    "countries": ["JOR"],
    "commitment_usd": 1000000,
}
WRONG = RECORD | {"project_id": "S00003", "countries": ["JRO"]}
DECISION = {
    "subject_id": "P174085-3",
    "lines": [{"category": "worker_return", "relevance": "direct"}],
    "certainty": "sure",
    "reason": "Synthetic decision, to show the form.",
    "reviewed_on": "2026-11-25",
}
DOUBT = {"certainty": "doubtful", "reviewed_on": "2026-11-25"}  # without its day it would be today's
ROW = "/v1/components/P174085-3"
SEND, RUNS, REVIEW = "/v1/ingest/records", "/v1/ingest/runs", "/v1/reviews/P174085-3"
NO_KEY = {"Authorization": "Bearer mfa_none"}


def _text(content: Any) -> bytes:
    return json.dumps(content).encode()


def _send(status: int, name: str, summary: str, content: Any, query: str = "", **headers: str) -> Example:
    named = JSON | {key.replace("_", "-"): value for key, value in headers.items()}
    body = content if isinstance(content, bytes) else _text(content)
    return Example(
        "send_records", status, name, summary, f"{SEND}{query}", "POST", named, body, later=True, scope="ingest"
    )


def _read(operation: str, status: int, name: str, summary: str, path: str, **headers: str) -> Example:
    return Example(operation, status, name, summary, path, headers=headers, later=True, scope="ingest")


def _decide(operation: str, status: int, name: str, summary: str, content: Any, **more: Any) -> Example:
    method, path = ("POST", "/v1/reviews") if operation == "add_review" else ("PATCH", REVIEW)
    given: dict[str, Any] = {"later": True, "scope": "review", "headers": JSON, "path": path} | more
    body = content if isinstance(content, bytes) else _text(content)
    return Example(operation, status, name, summary, method=method, body=body, **given)


def _barred() -> Iterator[Example]:
    """Without a key, and with one that opens something else."""
    operations = {
        "send_records": ("POST", SEND, "review"),
        "list_runs": ("GET", RUNS, "review"),
        "get_run": ("GET", f"{RUNS}/1", "review"),
        "list_run_errors": ("GET", f"{RUNS}/1/errors", "review"),
        "add_review": ("POST", "/v1/reviews", "ingest"),
        "change_review": ("PATCH", REVIEW, "ingest"),
    }
    for operation, (method, path, wrong) in operations.items():
        yield Example(operation, 401, "key", "A key that is none", path, method, NO_KEY, later=True)
        yield Example(operation, 403, "scope", "A key without the scope", path, method, later=True, scope=wrong)


KEYED = (
    _send(200, "dry", "What would happen", [RECORD, WRONG], "?dry_run=true"),
    _send(200, "records", "A project", [RECORD], Idempotency_Key="2026-11-25-first"),
    _send(422, "reused", "The same key for another request", [WRONG], Idempotency_Key="2026-11-25-first"),
    _send(422, "all", "All or nothing", [RECORD, WRONG], "?on_error=reject_all"),
    _send(400, "gzip", "A body that is no gzip", b"[]", Content_Encoding="gzip"),
    _send(415, "xml", "A kind that is not taken", b"<a/>", **{"Content-Type": "application/xml"}),
    _send(413, "long", "A body that is too large", b"[]", Content_Length="50000001"),
    _read("list_runs", 200, "newest", "The newest run", f"{RUNS}?limit=1"),
    _read("list_runs", 422, "typo", "A parameter that is not there", f"{RUNS}?limt=1"),
    _read("list_runs", 400, "cursor", "A cursor that is none", f"{RUNS}?cursor=abc"),
    _read("list_runs", 406, "media_type", "A media type that is not made here", RUNS, Accept="image/png"),
    _read("get_run", 200, "dry", "A dry run", f"{RUNS}/3"),
    _read("get_run", 404, "unknown", "A run that is not there", f"{RUNS}/99"),
    _read("get_run", 422, "number", "What is no number", f"{RUNS}/first"),
    _read("list_run_errors", 200, "dry", "What a dry run found", f"{RUNS}/3/errors"),
    _read("list_run_errors", 200, "csv", "The same as CSV", f"{RUNS}/3/errors?format=csv"),
    _read("list_run_errors", 404, "unknown", "A run that is not there", f"{RUNS}/99/errors"),
    _read("list_run_errors", 422, "typo", "A parameter that is not there", f"{RUNS}/3/errors?limt=1"),
    _read("list_run_errors", 400, "cursor", "A cursor that is none", f"{RUNS}/3/errors?cursor=abc"),
    _read("list_run_errors", 406, "media_type", "A type not made here", f"{RUNS}/3/errors", Accept="image/png"),
    _decide("add_review", 428, "unread", "Without what was read", DECISION),
    _decide("add_review", 200, "decision", "A component", DECISION, etag_of=ROW),
    _decide("add_review", 409, "changed", "A row that changed", DECISION, headers=JSON | {"If-Match": '"0"'}),
    _decide("add_review", 422, "lines", "Nothing decided", DECISION | {"lines": []}, etag_of=ROW),
    _decide("add_review", 400, "json", "A body that is no JSON", b"{"),
    _decide("add_review", 404, "unknown", "Nobody", DECISION | {"subject_id": "P174085-33"}, etag_of=ROW),
    _decide("add_review", 415, "gzip", "An encoding not taken", DECISION, headers=JSON | {"Content-Encoding": "gzip"}),
    _decide("add_review", 413, "long", "A body that is too large", b" " * 300_000),
    _decide("change_review", 428, "unread", "Without what was read", {"certainty": "doubtful"}),
    _decide("change_review", 200, "certainty", "How sure", DOUBT, etag_of=ROW),
    _decide("change_review", 409, "changed", "A row that changed", {}, headers=JSON | {"If-Match": '"0"'}),
    _decide("change_review", 422, "certainty", "A word that is not there", {"certainty": "certain"}, etag_of=ROW),
    _decide("change_review", 400, "json", "A body that is no JSON", b"{"),
    _decide("change_review", 404, "unknown", "Nobody", {}, path="/v1/reviews/P174085-33", etag_of=ROW),
    _decide("change_review", 415, "gzip", "An encoding not taken", DOUBT, headers=JSON | {"Content-Encoding": "gzip"}),
    _decide("change_review", 413, "long", "A body that is too large", b" " * 300_000),
    *_barred(),
)
