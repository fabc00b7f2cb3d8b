"""What is said of the licence is true of the sources that have rows."""

import io
import re

import pyarrow.parquet as pq

from tests.conftest import client_of
from tests.data.export_helpers import PROJECT, csv_text, take

OPEN = "https://creativecommons.org/licenses/by/4.0/"
ELSEWHERE = "http://testserver/v1/sources"


def test_the_licence_is_that_of_the_sources_that_have_rows(engine, write):
    """Records of users are under terms of their own: what is said of a release follows from what is loaded in it."""
    bank = PROJECT | {"source": "worldbank-projects"}
    take(engine, write("bank.csv", csv_text(bank)))
    assert licences(client_of(engine)) == {
        "link": OPEN,
        "citation": OPEN,
        "text": "CC BY 4.0). http",
        "header": [OPEN],
        "file": OPEN,
        "bulk": [OPEN],
        "package": [OPEN],
    }
    take(engine, write("user.csv", csv_text(PROJECT | {"project_id": "X2"})))
    assert licences(client_of(engine)) == {
        "link": ELSEWHERE,
        "citation": ELSEWHERE,
        "text": f"CC BY 4.0; terms of other sources: {ELSEWHERE}). http",
        "header": [OPEN, ELSEWHERE],
        "file": f"{OPEN}; terms of other sources: /v1/sources",
        "bulk": [OPEN, ELSEWHERE],
        "package": [OPEN, ELSEWHERE],
    }


def licences(ask):
    """What is said of the licence, in each place."""
    answer, citation = ask("/v1/projects"), ask("/v1/citation").json()
    assert f"{citation['data']['licence']}" == citation["links"]["licence"]
    assert citation["data"]["text"].partition(" (")[2].partition(").")[0] in citation["data"]["bibtex"]
    package = ask("/datapackage.json").json()
    bulk = ask(package["resources"][0]["path"].removeprefix("http://testserver"))
    sheet = ask("/v1/projects?format=parquet").content
    return {
        "link": answer.json()["links"]["licence"],
        "citation": citation["data"]["licence"],
        "text": re.search(r"CC BY.*?\. http", citation["data"]["text"])[0],
        "header": re.findall(r'<([^>]+)>; rel="license"', answer.headers["link"]),
        "bulk": re.findall(r'<([^>]+)>; rel="license"', bulk.headers["link"]),
        "package": [one["path"] for one in package["licenses"]],
        "file": pq.read_schema(io.BytesIO(sheet)).metadata[b"licence"].decode(),
    }
