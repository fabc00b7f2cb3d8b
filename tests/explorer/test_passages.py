"""The words a component was read from, on its page: where they stand is told as far as it is known."""

import json

import pytest

from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from tests.conftest import client_of
from tests.explorer.reading import Page

PROJECT = {"type": "project", "project_id": "X1", "name": "Jobs", "countries": "JOR", "commitment_usd": "5000000"}
COMPONENT = {
    "type": "component",
    "project_id": "X1",
    "ordinal": "1",
    "title": "Jobs abroad",
    "passage": "Jobs abroad (5 m)",
}
PLACE, ADDRESS = {"passage_start": "7", "passage_end": "24"}, {"source_url": "https://example.org/report.txt"}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({}, "In the document."),
        (ADDRESS, "In the document."),
        (PLACE, "Characters 7 to 24 of the document."),
        (PLACE | ADDRESS, "Characters 7 to 24 of the document."),
    ],
)
def test_where_a_passage_stands_is_told_as_far_as_it_is_known(engine, write, known, told):
    lines = "\n".join(json.dumps(one) for one in (PROJECT, COMPONENT | known))
    assert ingest(engine, RecordsAdapter(), [write("one.jsonl", lines)]).added == 2
    page = Page.of(client_of(engine)("/components/X1-1").text)
    text = " ".join(page.all("main")[0].text.split())
    said = text.partition("The words it was read from")[2].partition("Facts")[0]
    assert said.strip().removeprefix(COMPONENT["passage"]).strip() == told
    linked = [link["href"] for link in page.all("a") if link.text == "the document"]
    assert linked == [address for address in known.values() if address.startswith("https:")]
