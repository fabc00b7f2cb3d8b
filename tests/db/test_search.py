"""Words find the same rows on both databases, whatever their case, accents and form, and whatever else the text holds."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from db.engine import make_engine, reading
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from db.migrate import upgrade
from db.queries.components import list_components
from db.queries.projects import list_projects
from db.queries.spend.spend import spend
from models.filters import Filters, SpendQuery
from models.search import parse_query, words
from models.vocabulary import Relevance
from tests.conftest import DATABASES

RECORDS = [
    {
        "type": "project",
        "project_id": "S00001",
        "name": "Réfugiés et communautés d'accueil",
        "objective": "To improve access of refugees to services in COVID-19 times, by 2030.",
        "countries": "TCD",
        "commitment_usd": 100,
    },
    {
        "type": "project",
        "project_id": "S00002",
        "name": "Skills for work abroad",
        "objective": "Migrant workers are trained. "
        + "Workers and employers meet. " * 300
        + "Workers return home. ΣΊΣΥΦΟΣ ፲፪",
        "countries": "NPL",
        "commitment_usd": 200,
    },
    {
        "type": "component",
        "project_id": "S00002",
        "ordinal": 1,
        "title": "Testing centres 7e0e7",
        "amount_usd": 150,
        "amount_basis": "commitment",
    },
    {
        "type": "component",
        "project_id": "S00002",
        "ordinal": 2,
        "title": "Project management",
        "amount_usd": 50,
        "amount_basis": "commitment",
    },
]


@pytest.fixture(scope="module", params=DATABASES)
def small(request, new_database, tmp_path_factory):
    engine = make_engine(new_database(request.param))
    upgrade(engine)
    path = tmp_path_factory.mktemp("records") / "synthetic.jsonl"
    path.write_text("\n".join(map(json.dumps, RECORDS)), encoding="utf-8")
    assert ingest(engine, RecordsAdapter(), [path]).rejected == 0
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("refugies", {"S00001-whole"}),
        ("RÉFUGIÉS", {"S00001-whole"}),
        ("refugee", {"S00001-whole"}),
        ("covid", {"S00001-whole"}),
        ("covid-19", {"S00001-whole"}),
        ("2030", {"S00001-whole"}),
        ("refugees services", {"S00001-whole"}),
        ('"access of refugees"', {"S00001-whole"}),
        ('"refugees access"', set()),
        ("refugees abroad", set()),
        ("worker", {"S00002-1", "S00002-2"}),
        ("centre", {"S00002-1"}),
        ("7e0e7", {"S00002-1"}),
        ("7e0", set()),
        ("skills testing", {"S00002-1"}),
        ('"abroad testing"', set()),  # a phrase does not run from one text into the next
        ("whole project", set()),  # a stand-in row has no title of its own
        ("refugees OR abroad", set()),  # no operators: the word "or" would have to occur
        ("title:testing", set()),
        ("test* NEAR(skills)", set()),
        ('"workers return home"', {"S00002-1", "S00002-2"}),  # further on than PostgreSQL keeps places of a word
        ('"return workers"', set()),
        ('"skills for" "testing centres"', {"S00002-1"}),
        ("xfieldx", set()),
        ("Σίσυφος", {"S00002-1", "S00002-2"}),
        ("ΣΊΣΥΦΟΣ", {"S00002-1", "S00002-2"}),
        ("Σίσυφο", set()),
        ("፲፪", {"S00002-1", "S00002-2"}),
        ("\uac01" * 200, set()),  # longer in bytes than PostgreSQL takes
    ],
)
def test_words_find_rows(small, query, found):
    filters = Filters(search=parse_query(query), relevance=tuple(Relevance))
    with reading(small) as connection:
        rows = list(list_components(connection, filters))
        totals = spend(connection, SpendQuery(filters)).totals
        projects = {row["project_id"] for row in list_projects(connection, filters)}
    assert {row["component_id"] for row in rows} == found
    assert projects == {component_id.split("-")[0] for component_id in found}
    assert totals["amount_usd"] + totals["partial_usd"] == sum(
        (row["amount_usd"] or 0) + (row["partial_usd"] or 0) for row in rows
    )


def test_the_best_matches_come_first(small):
    """A word in the name counts more than one in the aim."""
    filters = Filters(search=parse_query("work"), relevance=tuple(Relevance))
    with reading(small) as connection:
        assert [row["project_id"] for row in list_projects(connection, filters)] == ["S00002"]
    both = Filters(search=parse_query("to"), relevance=tuple(Relevance))
    with reading(small) as connection:
        ranked = [row["position"][0] for row in list_components(connection, both)]
    assert ranked == sorted(ranked, reverse=True)


def test_what_is_not_there_any_more_is_not_found(small, tmp_path):
    path = tmp_path / "later.jsonl"
    path.write_text(json.dumps(RECORDS[0] | {"name": "Something else", "as_of": "2026-01-01"}), encoding="utf-8")
    ingest(small, RecordsAdapter(), [path])
    with reading(small) as connection:
        filters = Filters(search=parse_query("communautés"), relevance=tuple(Relevance))
        assert list(list_projects(connection, filters)) == []
        filters = Filters(search=parse_query("something"), relevance=tuple(Relevance))
        assert len(list(list_projects(connection, filters))) == 1


@pytest.mark.parametrize(
    "query", ["-refugee", "skills -abroad", '-"skills testing"', '"-skills"', "\u2212refugee", "--a"]
)
def test_a_word_that_begins_with_a_minus_is_refused_and_not_found(query):
    with pytest.raises(ValueError, match="begins with a minus"):
        parse_query(query)


@pytest.mark.parametrize("query", ["covid-19", "2014 - 2020", "a-b-", "- skills"])
def test_a_minus_elsewhere_is_no_word(query):
    assert parse_query(query) == parse_query(query.replace("-", " "))


@given(st.text(max_size=60))
def test_a_query_has_words_or_is_refused(query):
    try:
        parsed = parse_query(query)
    except ValueError:
        begins = [part for part in query.replace('"', " ").split() if part.startswith(("-", "\u2212"))]
        assert begins or not [word for part in query.split('"') for word in words(part)]
    else:
        assert all(word.isalnum() and word.isascii() for phrase in parsed.phrases for word in phrase)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.text(string.ascii_lowercase + string.digits + "éßñςж፲中", min_size=1, max_size=8), min_size=1, max_size=5
    )
)
def test_postgresql_takes_every_word_as_one(loaded_engines, tokens):
    stems = words(" ".join(tokens))
    with reading(loaded_engines["postgresql"]) as connection:
        taken = connection.scalar(
            text("SELECT tsvector_to_array(to_tsvector('simple', :words))"), {"words": " ".join(stems)}
        )
    assert set(taken) == set(stems)


def test_stems_are_those_that_stored_texts_were_cut_to():
    said = "Migrants' skies: dying communities, displacement, remittances, returnees, employability, generously"
    stems = "migrant sky die communiti displac remitt returne employ generous"
    assert words(said) == stems.split()
