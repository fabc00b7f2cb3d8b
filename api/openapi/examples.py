"""Questions with their answers, for the document: every one is asked by a test, and its answer is what stands here.

`examples.json` holds the answers on the bundled data set; `make openapi` records them anew.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from api.answers.pagination import key_of
from api.http.paths import MAX_TARGET
from api.openapi.example import Example
from api.openapi.keyed import KEYED
from api.openapi.samples import code_samples

RECORDED = Path(__file__).parent / "examples.json"
SHORT_SPEND = "/v1/spend?group_by=category&sort=-amount_usd&limit=2"


ANSWERED: dict[str, dict[str, tuple[str, str]]] = {
    "get_headline": {"figures": ("The published figures beside ours", "/v1/headline")},
    "get_spend": {
        "largest": ("The two categories with most money", SHORT_SPEND),
        "total": ("One row over everything", "/v1/spend"),
        "constant": (
            "In prices of 2023, empty years too",
            "/v1/spend?category=worker_mobility&group_by=year&fill=year&year_from=2017&year_to=2019"
            "&prices=constant&base_year=2023",
        ),
        "csv": ("The same as CSV", f"{SHORT_SPEND}&format=csv"),
        "jsonl": ("The same as JSON lines", f"{SHORT_SPEND}&format=jsonl"),
    },
    "get_spend_ratio": {
        "brief": (
            "The imbalance that the brief describes",
            "/v1/spend/ratio?numerator=brief_refugee_response&denominator=brief_economic_migration",
        )
    },
    "list_projects": {
        "search": ("Projects that speak of employment overseas", "/v1/projects?q=overseas employment&limit=1"),
        "columns": ("Some columns only", "/v1/projects?country=NPL&fields=project_id,name,amount_usd&sort=-amount_usd"),
    },
    "get_project": {"raise": ("One project", "/v1/projects/P174085")},
    "list_project_components": {"raise": ("Its rows of money", "/v1/projects/P174085/components?limit=1")},
    "list_components": {
        "mobility": (
            "The largest component of a category",
            "/v1/components?category=worker_mobility&sort=-amount_usd&limit=1",
        ),
        "secondary": (
            "Rows of a category, also those that have it as a secondary one",
            "/v1/components?category=worker_welfare&include_secondary=true"
            "&fields=component_id,category,secondary_categories,amount_usd",
        ),
    },
    "get_component": {"why": ("One component and why it is counted so", "/v1/components/P174085-3")},
    "list_review_queue": {"first": ("What to review first", "/v1/reviews/queue?limit=1")},
    "get_review_form": {"first": ("The same as a form", "/v1/reviews/form?limit=1")},
    "list_categories": {"short": ("Codes and counts", "/v1/categories?fields=code,label,projects,components")},
    "get_category": {"mobility": ("One category with its definition", "/v1/categories/worker_mobility")},
    "list_countries": {"regions": ("The buckets of regions", "/v1/countries?kind=region")},
    "list_sources": {"all": ("All sources", "/v1/sources")},
    "list_dimensions": {"all": ("All dimensions", "/v1/dimensions")},
    "list_dimension_values": {"search": ("For autocomplete", "/v1/dimensions/country/values?q=jor")},
    "list_availability": {
        "jordan": ("What is loaded of Jordan", "/v1/availability?country=JOR&year_from=2016&year_to=2017")
    },
    "get_citation": {"json": ("How to cite", "/v1/citation"), "bibtex": ("For BibTeX", "/v1/citation?style=bibtex")},
    "list_releases": {"newest": ("The newest release", "/v1/releases?limit=1")},
    "get_release": {
        "columns": ("Some facts about one", "/v1/releases/1?fields=release_id,projects,components,rows_added")
    },
    "list_release_changes": {
        "added": ("What the first release added of a category", "/v1/releases/1/changes?category=remittances&limit=1")
    },
    "get_release_data_package": {"resources": ("The package of a release", "/v1/releases/1/datapackage.json")},
    "get_data_package": {"resources": ("The package of the newest release", "/datapackage.json")},
    "get_release_file": {"csv": ("Spend as a CSV file", "/v1/releases/1/files/spend.csv")},
    "get_api_catalogue": {"linkset": ("The catalogue", "/.well-known/api-catalog")},
    "list_problems": {"all": ("All kinds of problems", "/problems")},
    "explain_problem": {"parameter": ("What a kind of problem means", "/problems/bad-parameter")},
    "get_liveness": {"ok": ("Alive", "/livez")},
    "get_readiness": {"ok": ("Ready", "/readyz")},
}
"""Questions that are answered: of each operation, by name, a summary and a path."""

REFUSED: dict[str, dict[str, tuple[int, str, str]]] = {
    "get_spend": {
        "typo": (422, "A parameter that is not there", "/v1/spend?contry=JOR"),
        "category": (422, "A category that is not there", "/v1/spend?category=remitances"),
        "range": (422, "A range the wrong way round", "/v1/spend?year_from=2020&year_to=2014"),
        "picture": (422, "More dimensions than a picture has", "/v1/spend?group_by=category,region,lender&format=svg"),
        "stacked": (422, "Parts that do not add up", "/v1/spend?group_by=set&chart=stacked&format=svg"),
    },
    "get_spend_ratio": {"side": (422, "A side that is missing", "/v1/spend/ratio?numerator=remittances")},
    "list_projects": {"limit": (422, "A page that is too large", "/v1/projects?limit=5000")},
    "get_project": {"unknown": (404, "A project that is not there", "/v1/projects/P17408")},
    "list_project_components": {"unknown": (404, "A project that is not there", "/v1/projects/P17408/components")},
    "get_component": {"unknown": (404, "A component that is not there", "/v1/components/P174085-33")},
    "get_category": {"unknown": (404, "A category that is not there", "/v1/categories/worker_mobilty")},
    "list_dimension_values": {"dimension": (422, "A dimension that is not there", "/v1/dimensions/contry/values")},
    "get_release": {"unknown": (404, "A release that is not there", "/v1/releases/99")},
    "list_release_changes": {"unknown": (404, "A release that is not there", "/v1/releases/99/changes")},
    "get_release_data_package": {
        "unknown": (404, "A release that is not there", "/v1/releases/99/datapackage.json"),
        "parameter": (422, "A parameter that is not there", "/v1/releases/1/datapackage.json?format=csv"),
    },
    "get_release_file": {
        "unknown": (404, "A release that is not there", "/v1/releases/99/files/spend.csv"),
        "name": (422, "A parameter that is not there", "/v1/releases/1/files/spend.csv?format=csv"),
    },
    "get_citation": {"style": (422, "A style that is not there", "/v1/citation?style=apa")},
    "explain_problem": {"unknown": (404, "A kind that is not there", "/problems/bad-luck")},
}
"""Questions that are refused: of each operation, by name, the status, a summary and a path."""

TEXT = {"name": "Skills for Work Abroad Project", "objective": "To train and certify workers for overseas employment."}
SENT = {"Content-Type": "application/json"}
FORM = "application/x-www-form-urlencoded"
POSTED = (
    Example(
        "classify_text",
        200,
        "text",
        "A project's name and aim",
        "/v1/classify",
        "POST",
        SENT,
        json.dumps(TEXT).encode(),
    ),
    Example("classify_text", 422, "field", "A field that is not there", "/v1/classify", "POST", SENT, b'{"nam": "x"}'),
    Example("classify_text", 400, "json", "A body that is no JSON", "/v1/classify", "POST", SENT, b"{"),
    Example(
        "classify_text", 415, "form", "A form", "/v1/classify", "POST", SENT | {"Content-Type": FORM}, b"name=Skills"
    ),
    Example("classify_text", 413, "long", "A body that is too large", "/v1/classify", "POST", SENT, b" " * 300_000),
    Example("classify_text", 408, "slow", "A body that stays away", "/v1/classify", "POST", SENT, b"{", slow=True),
)


LIMITED = (Example("get_headline", 429, "quota", "More than a client may ask", "/v1/headline", beyond_quota=True),)
TOO_LONG = (
    Example("get_headline", 414, "long", "More than an address may hold", f"/v1/headline?q={'x' * MAX_TARGET}"),
)
PAST_THE_END = {"Range": "bytes=99999999-"}
FILES = (
    Example(
        "get_release_file", 416, "range", "A part beyond the end", "/v1/releases/1/files/spend.csv", "GET", PAST_THE_END
    ),
    Example("get_release_file", 410, "gone", "Files that were not kept", "/v1/releases/1/files/spend.csv", later=True),
    Example("get_release_data_package", 410, "gone", "Files not kept", "/v1/releases/1/datapackage.json", later=True),
)


def examples(document: Mapping[str, Any]) -> Iterator[Example]:
    """Yield every example: those named above, and the errors that operations have in common."""
    for operation, named in ANSWERED.items():
        for name, (summary, path) in named.items():
            yield Example(operation, 200, name, summary, path)
    for operation, refused in REFUSED.items():
        for name, (status, summary, path) in refused.items():
            yield Example(operation, status, name, summary, path)
    yield from POSTED
    yield from FILES
    yield from LIMITED
    yield from TOO_LONG
    yield from KEYED
    for item in document["paths"].values():
        for method, operation in item.items():
            if method == "get" and operation["operationId"] in ANSWERED:
                yield from _common(operation)


def _common(operation: Mapping[str, Any]) -> Iterator[Example]:
    name = operation["operationId"]
    path = next(iter(ANSWERED[name].values()))[1].partition("?")[0]
    statuses = operation["responses"]
    if "422" in statuses and name not in {
        key for key, found in REFUSED.items() if any(e[0] == 422 for e in found.values())
    }:
        yield Example(name, 422, "typo", "A parameter that is not there", f"{path}?contry=JOR")
    if "406" in statuses:
        headers = {"Accept": "application/pdf"}
        question = f"{path}?numerator=remittances&denominator=diaspora" if name == "get_spend_ratio" else path
        yield Example(name, 406, "media_type", "A media type that is not made here", question, headers=headers)
    if "400" in statuses:
        yield Example(name, 400, "cursor", "A cursor that is none", f"{path}?cursor=abc")
    if "409" in statuses:
        yield Example(name, 409, "stale", "A cursor of an older release", f"{path}?cursor={_old_cursor(path)}")


def _old_cursor(path: str) -> str:
    """A cursor of release 0, which came before every other."""
    text = json.dumps([0, key_of(path, []), []], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@lru_cache
def recorded() -> dict[str, dict[str, Any]]:
    """The answers as recorded: media type and content, by `Example.key`."""
    found: dict[str, dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    return found


def add_examples(document: dict[str, Any]) -> None:
    """Set every example with its recorded answer beside the answer that the document describes, and the first as code."""
    operations = {op["operationId"]: op for item in document["paths"].values() for op in item.values()}
    for example in examples(document):
        answer = recorded().get(example.key)
        response = operations[example.operation]["responses"].get(str(example.status))
        if answer is None or response is None:
            continue
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        content = response.setdefault("content", {}).setdefault(answer["media_type"], {})
        shown = {"summary": example.summary, "description": f"`{example.question}`", "value": answer["content"]}
        content.setdefault("examples", {})[example.name] = shown
        operation = operations[example.operation]
        if example.status == HTTPStatus.OK and "x-codeSamples" not in operation:
            operation["x-codeSamples"] = code_samples(example, answer, "security" in operation)
