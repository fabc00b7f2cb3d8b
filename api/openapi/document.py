"""The OpenAPI document: what every operation has in common is described here once."""

import re
from typing import Any

from fastapi import FastAPI

from api.answers.negotiation import MEDIA_TYPES, PICTURE_TYPES, Format, Picture
from api.http.paths import OTHER_DATA_PATHS, RUNS_PREFIX
from api.openapi.examples import add_examples
from api.problems.kinds import MEDIA_TYPE, PROBLEM_REF, PROBLEMS, Problem

DESCRIPTION = """
Answers how development banks spend on migration: which projects and components, how much, in which category, year and
country, and why each is counted there.

* **Money** is in US dollars, exact to the cent, as JSON numbers. `amount_usd` counts in full; `partial_usd` is money of
  which an unknown part serves migration, so every row is a range from `amount_usd` to their sum.
* **Totals** are over the whole filter and equal the sum of the rows wherever `meta.additive` is true.
* **Nothing is ignored** under `/v1`: an unknown parameter or code is a 422 that names it and the nearest valid one.
* **Errors** are `application/problem+json` (RFC 9457).
* **Formats**: `format=` or the header Accept takes the same rows as JSON, JSON lines, CSV, Parquet or Excel. JSON has
  pages (`links.next`); the others hold all rows. Spend comes as a picture too, SVG or PNG.
* **Releases**: data change only with a release, named in `meta.release`. Every answer about data has a strong ETag; asked again
  with If-None-Match it is a 304 until there is a new release or version of the program, or the data turn stale.
* **Limits**: who runs the service may limit how many requests a client sends a minute. Then every answer says what is left
  in `RateLimit`, by the policy in `RateLimit-Policy`, and beyond that it is a 429 with `Retry-After`.
* **Writing** needs a key (`Authorization: Bearer`): records are sent to `/v1/ingest/records`, decisions to `/v1/reviews`.
* **One vocabulary**: the same filters, `q`, `sort`, `prices` mean the same on every path that has rows of money.
"""

TAGS = [
    {
        "name": "headline",
        "description": "The figures of the published study, recomputed from the rows that are loaded.",
    },
    {"name": "spend", "description": "Aggregate spend by any dimensions, and the ratio of two sides of it."},
    {"name": "projects", "description": "Projects with their amounts as stated and as counted."},
    {"name": "components", "description": "The rows that carry the money, each with the reason for its category."},
    {
        "name": "ingest",
        "description": "With a key: send records, and see what became of them.",
    },
    {
        "name": "reference",
        "description": "The taxonomy, places, sources, dimensions, what is loaded of which, and how to cite.",
    },
    {
        "name": "releases",
        "description": "The numbered states of the data: what each changed, and whole tables to take away.",
    },
    {"name": "health", "description": "For those who run the service."},
]

DATA_PATHS = "/v1/"
PACKAGE = "/datapackage.json"
"""Made of the data too."""

HEADERS = {
    "ETag": {
        "description": "Strong; sent back in If-None-Match it asks whether anything changed.",
        "schema": {"type": "string"},
    },
    "Link": {
        "description": "The answer itself, its next page, its other forms, this document, the licence.",
        "schema": {"type": "string"},
    },
}
LIMITED = {
    "Retry-After": {"description": "Seconds until the next request is answered.", "schema": {"type": "integer"}},
    "RateLimit": {
        "description": "What is left: `r` requests now, and all of them in `t` seconds.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {"description": "`q` requests in `w` seconds.", "schema": {"type": "string"}},
}
"""Headers of a 429; the latter two are on every answer of a service that limits its clients."""

TOO_MANY = "TooManyRequests"
"""Name of the answer that all operations have in common but those on health and on problems."""

TOO_LONG = "AddressTooLong"
"""Name of the answer that all operations have in common."""

TOO_SLOW = "TooSlow"
"""Name of the answer that all operations with a body have in common."""

NOT_MODIFIED = "The answer that If-None-Match or If-Modified-Since tells of is still the answer: there is no body."

TEXT = {"type": "string"}
LOCATION = {"Location": {"description": "The address of the run.", "schema": TEXT}}
LATER = {"Retry-After": {"description": "After how many seconds to ask again.", "schema": TEXT}}
CONTENT_RANGE = {"Content-Range": {"description": "Which bytes, and of how many.", "schema": TEXT}}
WWW_AUTHENTICATE = {"WWW-Authenticate": {"description": "How to show a key, or which scope it lacks.", "schema": TEXT}}
SENT_WITH = {401: WWW_AUTHENTICATE, 403: WWW_AUTHENTICATE, 416: CONTENT_RANGE}
"""Headers of problems, by status."""

TEXTS = {Format.CSV, Format.JSONL, Picture.SVG}
BINARY = {"type": "string", "format": "binary"}

FIRST = "$response.body#/data/0/"
ONE = "$response.body#/data/"
LINKS: dict[str, dict[str, tuple[str, str, str]]] = {
    "list_projects": {
        "first_project": ("get_project", "path.project_id", f"{FIRST}project_id"),
        "components_of_first_project": ("list_project_components", "path.project_id", f"{FIRST}project_id"),
    },
    "get_project": {
        "components": ("list_project_components", "path.project_id", f"{ONE}project_id"),
    },
    "list_project_components": {
        "first_component": ("get_component", "path.component_id", f"{FIRST}component_id"),
        "project": ("get_project", "path.project_id", f"{FIRST}project_id"),
    },
    "list_components": {
        "first_component": ("get_component", "path.component_id", f"{FIRST}component_id"),
        "project_of_first_component": ("get_project", "path.project_id", f"{FIRST}project_id"),
    },
    "get_component": {
        "project": ("get_project", "path.project_id", f"{ONE}project_id"),
    },
    "list_releases": {
        "first_release": ("get_release", "path.release_id", f"{FIRST}release_id"),
        "changes_of_first_release": ("list_release_changes", "path.release_id", f"{FIRST}release_id"),
    },
    "get_release": {
        "changes": ("list_release_changes", "path.release_id", f"{ONE}release_id"),
        "data_package": ("get_release_data_package", "path.release_id", f"{ONE}release_id"),
    },
    "list_release_changes": {
        "project_of_first_change": ("get_project", "path.project_id", f"{FIRST}project_id"),
    },
    "list_review_queue": {
        "first_row": ("get_component", "path.component_id", f"{FIRST}component_id"),
        "project_of_first_row": ("get_project", "path.project_id", f"{FIRST}project_id"),
    },
}
"""Where an answer leads: of an operation, by name, the operation, its parameter, and where its value stands in the answer."""


def problems_of(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Describe answers that are problems, for a route that has some beyond those that all have."""
    return {PROBLEMS[kind][0]: _answer(kind) for kind in kinds}


def _answer(kind: str) -> dict[str, Any]:
    """Describe the answer that is a kind of problem."""
    status, title = PROBLEMS[kind]
    headers = {"headers": SENT_WITH[status]} if status in SENT_WITH else {}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": PROBLEM_REF}}} | headers


def install_openapi(app: FastAPI) -> None:
    """Make the application describe its errors as they are, the formats of its answers, and where they lead."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            document["paths"] = dict(sorted(document["paths"].items(), key=lambda item: _place(item[1])))
            _describe_problems(document)
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    _describe_operation(path, method, operation)
                    _link_operation(operation)
            _allow_chosen_fields(document)
            add_examples(document)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for changing the document


def _place(item: dict[str, Any]) -> int:
    """Where a path stands: in the order of the tags, whatever the order in which requests are compared with it."""
    tags = [tag["name"] for tag in TAGS]
    operation = next(iter(item.values()))
    return min((tags.index(tag) for tag in operation.get("tags", [])), default=len(tags))


def _describe_problems(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    document["components"]["responses"] = {
        TOO_MANY: _answer("too-many-requests") | {"headers": LIMITED},
        TOO_LONG: _answer("address-too-long"),
        TOO_SLOW: _answer("too-slow"),
    }


def _describe_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    """List the errors that an operation can answer with, and the formats of its rows; its summary is its first words."""
    told = operation.get("description", operation["summary"])  # PYTHONOPTIMIZE=2 takes the docstrings away
    operation["summary"] = re.split(r"[.;:](?:\s|$)", told, maxsplit=1)[0]
    posts = "requestBody" in operation
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "If-Match":  # without it the answer is a 428 of its own, not a 422
            kept = {name: value for name, value in parameter["schema"].items() if name != "anyOf"}
            parameter |= {"required": True, "schema": parameter["schema"]["anyOf"][0] | kept}
        _prefill(parameter)
    parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
    keyed, runs = "security" in operation, path.startswith(RUNS_PREFIX)
    kinds = ["bad-parameter"] if path.startswith(DATA_PATHS) or path in OTHER_DATA_PATHS else []
    kinds += ["unauthorized", "writing-off"] if keyed else []
    kinds += ["bad-request", "too-large", "unsupported-media"] if posts else []
    kinds += ["nothing-loaded"] if path.startswith(DATA_PATHS) and not posts and not runs else []
    kinds += ["database-not-ready"] if runs and not posts else []
    kinds += ["not-acceptable"] if "format" in parameters else []
    kinds += ["bad-cursor"] if "cursor" in parameters else []
    kinds += ["stale-cursor"] if "cursor" in parameters and not runs else []
    # A parameter of the path that takes words of a list is refused like any other; an identifier may not be there.
    open_path = [p for p in operation.get("parameters", []) if p["in"] == "path" and "$ref" not in p["schema"]]
    kinds += ["not-found"] if open_path else []
    responses = operation["responses"]
    declared = responses.pop("422", {})  # by FastAPI; the headers are the route's own
    for kind in kinds:
        responses[str(PROBLEMS[kind][0])] = _answer(kind)
    if "headers" in declared:
        responses["422"]["headers"] = declared["headers"]
    responses["414"] = {"$ref": f"#/components/responses/{TOO_LONG}"}
    if "health" not in operation["tags"]:
        responses["429"] = {"$ref": f"#/components/responses/{TOO_MANY}"}
    if posts:
        responses["408"] = {"$ref": f"#/components/responses/{TOO_SLOW}"}
        taken = {"description": "The media types that are taken.", "schema": TEXT}
        responses["415"]["headers"] = {f"Accept-{method.title()}": taken}
    if (path.startswith(DATA_PATHS) or path == PACKAGE) and not posts and not runs:
        responses["200"]["headers"] = HEADERS
        responses.setdefault("304", {"description": NOT_MODIFIED}).setdefault("headers", {"ETag": HEADERS["ETag"]})
    if "format" in parameters:
        for form, media_type in [*MEDIA_TYPES.items(), *(PICTURE_TYPES.items() if "chart" in parameters else ())]:
            responses["200"]["content"].setdefault(media_type, {"schema": TEXT if form in TEXTS else BINARY})


def _prefill(parameter: dict[str, Any]) -> None:
    """Give a required parameter the first example of its schema as its own: that is what `/docs` fills in to be tried."""
    found = parameter["schema"].get("examples")
    if parameter.get("required") and found and "examples" not in parameter:
        parameter.setdefault("example", found[0])


def _allow_chosen_fields(document: dict[str, Any]) -> None:
    """Say that rows hold only some of their columns where `fields` asks for that."""
    schemas = document["components"]["schemas"]
    for name in [name for name, schema in schemas.items() if "data" in schema.get("properties", {})]:
        data = schemas[name]["properties"]["data"]
        holder = data["items"] if data.get("type") == "array" else data
        whole = holder.pop("$ref", None)
        if whole is None:
            continue
        row = whole.rpartition("/")[2]
        chosen = {key: value for key, value in schemas[row].items() if key != "required"}
        chosen |= {"title": f"{row}Chosen", "description": f"The columns of {row} that `fields` asks for."}
        schemas[f"{row}Chosen"] = chosen
        holder["anyOf"] = [{"$ref": whole}, {"$ref": f"#/components/schemas/{row}Chosen"}]


def _link_operation(operation: dict[str, Any]) -> None:
    """Say which operations an answer leads to, so that tools can walk from one to the next."""
    links = {
        name: {"operationId": target, "parameters": {parameter: value}, "description": f"Leads to `{target}`."}
        for name, (target, parameter, value) in LINKS.get(operation["operationId"], {}).items()
    }
    if links:
        operation["responses"]["200"]["links"] = links
