"""The document is valid, and says of everything what it is."""

from collections import Counter
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.main import MODULES, create_app
from api.params.repeats import query_parameters
from api.params.spend import RATIO_DIMENSIONS
from db.engine import make_engine
from models.filters import Dimension

DOCUMENT = create_app(make_engine("sqlite://")).openapi()
OPERATIONS = {operation["operationId"]: operation for item in DOCUMENT["paths"].values() for operation in item.values()}
PARAMETERS = [
    pytest.param(parameter, id=f"{name}-{parameter['name']}")
    for name, operation in OPERATIONS.items()
    for parameter in operation.get("parameters", [])
]
PROPERTIES = [
    pytest.param(schema, id=f"{name}-{field}")
    for name, model in DOCUMENT["components"]["schemas"].items()
    for field, schema in model.get("properties", {}).items()
]


def test_the_document_is_valid_openapi_3_1():
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []
    assert "HTTPValidationError" not in str(DOCUMENT)
    problem = DOCUMENT["components"]["schemas"]["Problem"]["properties"]
    assert {"type", "title", "status", "detail", "errors", "request_id"} <= set(problem)


def test_a_ratio_has_the_columns_that_it_can_be_grouped_by():
    named = set(DOCUMENT["components"]["schemas"]["RatioRow"]["properties"])
    assert named & set(Dimension) == set(RATIO_DIMENSIONS)


def test_every_operation_has_its_own_id():
    ids = Counter(operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values())
    assert [name for name, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_operation_is_described_and_has_a_known_tag(operation):
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}
    shared = {f"#/components/responses/{name}": found for name, found in DOCUMENT["components"]["responses"].items()}
    assert all(shared.get(found.get("$ref"), found)["description"] for found in operation["responses"].values())


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_every_parameter_is_described(parameter):
    assert parameter["description"]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_every_parameter_shows_a_value(parameter):
    assert parameter["schema"].get("examples") or "example" in parameter


@pytest.mark.parametrize("parameter", [one for one in PARAMETERS if one.values[0].get("required")])
def test_a_required_parameter_has_an_example_of_its_own(parameter):
    assert parameter["example"] == parameter["schema"]["examples"][0]


@pytest.mark.parametrize("schema", PROPERTIES)
def test_every_property_is_described(schema):
    assert schema["description"]


@pytest.mark.parametrize("schema", [*(pytest.param(p.values[0]["schema"], id=p.id) for p in PARAMETERS), *PROPERTIES])
def test_examples_and_defaults_are_valid(schema):
    known = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    shown: list[Any] = [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]
    for value in shown:
        assert [error.message for error in known.iter_errors(value)] == [], value


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_links_lead_to_parameters_that_exist(operation):
    for link in operation["responses"]["200"].get("links", {}).values():
        target = OPERATIONS[link["operationId"]]
        known = {f"{parameter['in']}.{parameter['name']}" for parameter in target["parameters"]}
        assert set(link["parameters"]) <= known


def test_what_is_made_of_the_data_has_a_tag_and_is_a_304_while_it_is_the_same():
    answers = {path: item["get"]["responses"] for path, item in DOCUMENT["paths"].items() if "get" in item}
    told = {path for path, responses in answers.items() if "ETag" in responses.get("304", {}).get("headers", {})}
    assert told == {
        p for p in DOCUMENT["paths"] if (p.startswith("/v1/") or p == "/datapackage.json") and sent_as_data(p)
    }
    for path in told:
        responses = DOCUMENT["paths"][path]["get"]["responses"]
        assert {"ETag", "Link"} <= responses["200"]["headers"].keys()
        assert "ETag" in responses["304"]["headers"]
    assert DOCUMENT["info"]["contact"]["name"]


def test_the_catalogue_and_the_package_are_described_as_they_are_answered():
    catalogue = OPERATIONS["get_api_catalogue"]["responses"]
    assert list(catalogue["200"]["content"]) == ["application/linkset+json"]
    assert {"304", "422"} <= catalogue.keys()
    assert "422" in OPERATIONS["get_data_package"]["responses"]


@pytest.mark.parametrize(
    ("operation", "status", "headers"),
    [
        ("send_records", "200", {"Location"}),
        ("send_records", "202", {"Location", "Retry-After"}),
        ("send_records", "422", {"Location"}),
        ("send_records", "401", {"WWW-Authenticate"}),
        ("send_records", "415", {"Accept-Post"}),
        ("list_runs", "403", {"WWW-Authenticate"}),
        ("add_review", "422", {"Location"}),
        ("change_review", "415", {"Accept-Patch"}),
        ("get_release_file", "206", {"Content-Range"}),
        ("get_release_file", "307", {"Location"}),
        ("get_release_file", "416", {"Content-Range"}),
    ],
)
def test_answers_name_their_headers(operation, status, headers):
    assert OPERATIONS[operation]["responses"][status]["headers"].keys() == headers


def test_a_part_of_a_file_has_the_type_of_the_file_or_of_several_parts():
    responses = OPERATIONS["get_release_file"]["responses"]
    assert responses["206"]["content"].keys() - responses["200"]["content"].keys() == {"multipart/byteranges"}


def sent_as_data(path):
    """Whether it is read, and not of a run, which is known to whom it belongs only."""
    return "get" in DOCUMENT["paths"][path] and not path.startswith("/v1/ingest/")


def test_a_list_of_codes_names_them():
    listed = {
        p["name"]: p["schema"] for p in OPERATIONS["get_spend"]["parameters"] if p["schema"].get("type") == "array"
    }
    assert "worker_mobility" in listed["category"]["items"]["enum"]
    assert listed["group_by"]["items"]["enum"] == list(Dimension)
    assert listed.pop("instrument")["items"] == {"type": "string", "maxLength": 200}  # a text of any characters
    assert all("enum" in schema["items"] or "pattern" in schema["items"] for schema in listed.values())


def test_routes_take_the_parameters_that_the_specification_lists():
    """What is refused as sent twice or as unknown is read off the routes, so that no answer waits for the document."""
    listed = 0
    for module in MODULES:
        for route in module.router.routes:
            operation = DOCUMENT["paths"].get(route.path, {}).get(min(route.methods).lower(), {})
            query = [item for item in operation.get("parameters", []) if item["in"] == "query"]
            single = {item["name"]: item["schema"].get("type") != "array" for item in query}
            assert query_parameters(route) == single, route.path
            listed += len(single)
    assert listed > 100
