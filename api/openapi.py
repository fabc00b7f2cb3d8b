"""The OpenAPI document: what every operation has in common is described here once."""

from typing import Any

from fastapi import FastAPI

from api.errors import MEDIA_TYPE, PROBLEMS, Problem

DESCRIPTION = """
Answers how development banks spend on migration: which projects and components, how much, in which category, year and
country, and why each is counted there.

* **Money** is in US dollars, exact to the cent, as JSON numbers. `amount_usd` counts in full; `partial_usd` is money of
  which an unknown part serves migration, so every row is a range from `amount_usd` to their sum.
* **Totals** are over the whole filter and equal the sum of the rows wherever `meta.additive` is true.
* **Nothing is ignored**: an unknown parameter or code is a 422 that names it and the nearest valid one.
* **Errors** are `application/problem+json` (RFC 9457).
* **Ask again** with the `ETag` of an answer as `If-None-Match`: a 304 says that it still holds.
* Every answer comes as JSON or, with `format=csv`, as CSV with the same rows.
"""

TAGS = [
    {
        "name": "headline",
        "description": "The figures of the published study, recomputed from the rows that are loaded.",
    },
    {"name": "spend", "description": "Aggregate spend by category, group, year and country."},
    {"name": "projects", "description": "Projects with their amounts as stated and as counted."},
    {"name": "components", "description": "The rows that carry the money, each with the reason for its category."},
    {"name": "reference", "description": "The taxonomy and the places."},
    {"name": "health", "description": "For those who run the service."},
]

DATA_PATHS = "/v1/"


def install_openapi(app: FastAPI) -> None:
    """Make the application describe its errors as they are, and the CSV form of its answers."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            _describe_problems(document)
            for path, item in document["paths"].items():
                for operation in item.values():
                    _describe_operation(path, operation)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for changing the document


def _describe_problems(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema


def _describe_operation(path: str, operation: dict[str, Any]) -> None:
    posts = "requestBody" in operation
    kinds = ["bad-parameter"] if path.startswith(DATA_PATHS) else []
    kinds += ["bad-request", "too-large"] if posts else ["nothing-loaded"] if path.startswith(DATA_PATHS) else []
    if "{" in path:
        kinds.append("not-found")
    responses = operation["responses"]
    responses.pop("422", None)
    for kind in kinds:
        status, title = PROBLEMS[kind]
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[str(status)] = {"description": title, "content": content}
    if path.startswith(DATA_PATHS) and not posts:
        responses["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
