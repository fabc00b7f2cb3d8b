"""Bulk files are read by the tools they are for: DuckDB and pandas over a socket, frictionless by their description."""

import json
from decimal import Decimal

import pandas
import pyarrow.parquet
import pytest
from frictionless import Package, Resource

from tests.api.test_bulk_files import NAMES, SPEND, app_on
from tests.api.test_errors import problem
from tests.conftest import client_of
from tests.data.duckdb_http import duckdb_over_http
from tests.data.serving import served


@pytest.fixture
def app(loaded, tmp_path):
    return app_on(loaded, tmp_path / "files")


@pytest.fixture
def ask(loaded, app):
    return client_of(loaded, app)


@pytest.fixture
def site(app):
    with served(app) as address:
        yield address


def total(ask, path):
    return json.loads(ask(path).text, parse_float=Decimal)["totals"]


@pytest.fixture
def connection():
    with duckdb_over_http() as found:
        yield found


@pytest.mark.parametrize("release", ["1", "latest"])
def test_duckdb_sums_a_file_over_http_to_the_stated_total(release, site, ask, connection):
    address = f"{site}/v1/releases/{release}/files/spend.parquet"
    low, more = connection.sql(f"select sum(amount_usd), sum(partial_usd) from read_parquet('{address}')").fetchone()
    stated = total(ask, "/v1/spend")
    assert (low, more) == (stated["amount_usd"], stated["partial_usd"])
    assert low > 0
    rows = connection.sql(
        f"select count(*) from read_csv('{site}/v1/releases/{release}/files/components.csv')"
    ).fetchone()
    assert rows == (
        total(ask, "/v1/components?relevance=direct,partial,none&status=Active,Closed,Pipeline,Dropped")["rows"],
    )


def test_pandas_reads_addresses(site, ask):
    stated = total(ask, SPEND)
    table = pandas.read_parquet(f"{site}/v1/releases/1/files/spend.parquet")
    assert table.amount_usd.sum() == stated["amount_usd"]
    table = pandas.read_csv(f"{site}{SPEND}&format=csv")
    for column in ("amount_usd", "partial_usd"):
        assert sum(Decimal(str(value)) for value in table[column]) == stated[column] > 0


def test_a_data_package_describes_the_files_as_they_are(ask, tmp_path):
    package = ask("/datapackage.json").json()
    assert (
        package == ask("/v1/releases/1/datapackage.json").json() == ask("/v1/releases/latest/datapackage.json").json()
    )
    assert {resource["name"] for resource in package["resources"]} == {n for n in NAMES if not n.endswith("jsonl")}
    assert {source["title"] for source in package["sources"]} > {"World Bank Documents & Reports"}
    assert [error.message for error in Package.metadata_validate(package)] == []
    keys = {resource["name"]: resource["schema"].get("primaryKey") for resource in package["resources"]}
    assert keys["projects.csv"] == ["project_id"]
    assert keys["spend.csv"] is None  # which its profile wants, rather than an empty list
    for resource in package["resources"]:
        (tmp_path / resource["name"]).write_bytes(ask(resource["path"]).content)
        if resource["format"] == "csv":
            local = Resource({**resource, "path": resource["name"]}, basepath=str(tmp_path))
            report = local.validate()
            assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]
            assert report.tasks[0].stats["rows"] > 100
        else:
            schema = pyarrow.parquet.read_schema(tmp_path / resource["name"])
            assert [field["name"] for field in resource["schema"]["fields"]] == schema.names
    fields = {field["name"]: field for field in package["resources"][0]["schema"]["fields"]}
    assert (fields["amount_usd"]["type"], fields["amount_usd"]["unit"]) == ("number", "USD")
    assert fields["approval_date"]["type"] == "date"


def test_frictionless_would_see_a_file_that_is_not_as_described(ask, tmp_path):
    resource = ask("/datapackage.json").json()["resources"][0]
    (tmp_path / resource["name"]).write_bytes(ask(resource["path"]).content.replace(b"P150064", b"P150065", 1))
    assert not Resource({**resource, "path": resource["name"]}, basepath=str(tmp_path)).validate().valid


def test_a_data_package_is_kept_like_any_answer(ask):
    for path in ("/datapackage.json", "/v1/releases/1/datapackage.json"):
        answer = ask(path)
        assert answer.headers["content-type"] == "application/json"
        assert ask(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
        problem(ask(f"{path}?x=1"), 422)
