"""Migrations bring an empty database to what the models say, and back."""

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from bench.synthetic import fill
from db import migrate, tables
from db.engine import make_engine, reading, writing
from db.errors import SchemaOutdatedError
from db.ingest.bundle import load_bundle
from db.queries.releases import latest_release
from db.queries.spend.spend import spend
from db.revision import current_revision, known_revisions, newest_revision, require_current
from db.settings import ROOT
from models.filters import Dimension, Filters, SpendQuery
from models.search import parse_query
from models.versions import present_versions
from models.vocabulary import Relevance
from tests.conftest import DATABASES


def table_names(engine):
    """Tables without alembic's own and those that SQLite keeps its search index in."""
    names = set(inspect(engine).get_table_names()) - {"alembic_version"}
    return {name for name in names if not name.startswith("search_text_index")}


def test_a_migrated_database_has_what_the_models_say(engine):
    migrate.check(engine)
    assert table_names(engine) == set(tables.metadata.tables)
    assert current_revision(engine) == newest_revision()


def test_names_of_files_tell_the_revisions_in_their_order():
    scripts = ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
    assert list(known_revisions()) == [script.revision for script in scripts.walk_revisions()][::-1]
    assert newest_revision() == scripts.get_current_head()


def test_migrating_down_leaves_nothing_and_up_again_brings_everything_back(engine):
    migrate.downgrade(engine, "base")
    assert table_names(engine) == set()
    assert current_revision(engine) is None
    migrate.upgrade(engine)
    migrate.check(engine)
    require_current(engine)


@pytest.mark.parametrize("kind", DATABASES)
def test_an_empty_database_is_refused_with_the_command_that_helps(new_database, kind):
    engine = make_engine(new_database(kind))
    with pytest.raises(SchemaOutdatedError, match=r"revision none.*run `python -m api migrate`"):
        require_current(engine)
    engine.dispose()


def test_figures_survive_migrating_down_and_up(bundled):
    """The figures of an older program stand as they were until they are computed anew, and the data say so."""
    query = SpendQuery(group_by=(Dimension.CATEGORY, Dimension.COUNTRY))
    with reading(bundled) as connection:
        before = spend(connection, query)
    migrate.downgrade(bundled, "0001")
    migrate.upgrade(bundled)
    migrate.check(bundled)
    with reading(bundled) as connection:
        after = spend(connection, query)
        assert latest_release(connection).versions != present_versions()
    assert (after.rows, after.totals) == (before.rows, before.totals)
    assert load_bundle(bundled).release_id == 2
    with reading(bundled) as connection:
        assert latest_release(connection).versions == present_versions()
        lenders = spend(connection, SpendQuery(group_by=(Dimension.LENDER,)))
    assert {row["lender"] for row in lenders.rows} > {"ida", "ibrd"}


def test_facts_of_before_are_marked_where_their_project_has_money_in_several_places(engine):
    fill(engine, 500)
    fact = tables.spend_fact
    marked = select(fact.c.component_id, fact.c.country, fact.c.measure).where(fact.c.several_places)
    with reading(engine) as connection:
        before = set(connection.execute(marked))
    assert before
    migrate.downgrade(engine, "0021")
    migrate.upgrade(engine)
    with reading(engine) as connection:
        assert set(connection.execute(marked)) == before


def test_projects_of_before_get_the_verdicts_on_them(bundled):
    """The verdict on a project is that of the row which stands for it as a whole."""
    query = text("SELECT project_id, category, relevance, method, confidence FROM project ORDER BY project_id")
    of_rows = text(
        "SELECT project_id, category, relevance, method, confidence FROM listed_row WHERE number = 0 ORDER BY 1"
    )
    with reading(bundled) as connection:
        before = connection.execute(query).all()
        assert before == connection.execute(of_rows).all()
    migrate.downgrade(bundled, "0021")
    migrate.upgrade(bundled)
    with reading(bundled) as connection:
        assert connection.execute(query).all() == before
    assert {row.method for row in before} == {"review", "rules", "derived"}


def test_sectors_and_themes_survive_migrating_down_and_up(bundled):
    said = {"sectors": ["Health", "Agriculture, Fishing & Forestry", "Santé"], "themes": ["Migration; Remittances"]}
    of_one = tables.project.c.project_id == "P174085"
    with writing(bundled) as connection:
        connection.execute(tables.project.update().where(of_one).values(said))
        everything = select(tables.project.c.project_id, tables.project.c.sectors, tables.project.c.themes)
        before = {project_id: (sectors, themes) for project_id, sectors, themes in connection.execute(everything)}
    migrate.downgrade(bundled, "0026")
    with reading(bundled) as connection:
        rows = connection.execute(text("SELECT name FROM project_sector ORDER BY position"))
        assert rows.scalars().all() == said["sectors"]
    migrate.upgrade(bundled)
    with reading(bundled) as connection:
        after = {project_id: (sectors, themes) for project_id, sectors, themes in connection.execute(everything)}
    assert after == before
    assert after["P174085"] == (said["sectors"], said["themes"])


def test_words_in_other_letters_survive_migrating_down_and_up(bundled):
    words, letters = "work zqcf83ceb9zqcf zqcf83ceb9", "work zqcf83ceb9zqcf σι"
    with writing(bundled) as connection:
        component_id = connection.scalar(text("SELECT min(component_id) FROM search_text"))
        ours = {"id": component_id, "words": words}
        connection.execute(text("UPDATE search_text SET title = :words WHERE component_id = :id"), ours)
        everything = text("SELECT * FROM search_text ORDER BY component_id")
        before = connection.execute(everything).all()
    for revision, title in (("0014", letters), ("head", words)):
        (migrate.downgrade if revision == "0014" else migrate.upgrade)(bundled, revision)
        with reading(bundled) as connection:
            found = connection.execute(text("SELECT title FROM search_text WHERE component_id = :id"), ours)
            assert found.scalar() == title
    migrate.check(bundled)
    with reading(bundled) as connection:
        assert connection.execute(everything).all() == before
        query = SpendQuery(Filters(search=parse_query("σι"), relevance=tuple(Relevance)))
        assert spend(connection, query).totals["components"] == 1


def test_postgresql_takes_our_word_for_how_many_rows_a_project_has(engine):
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite looks at no data")
    load_bundle(engine)
    with writing(engine) as connection:
        connection.execute(text("ANALYZE"))
        stated = "SELECT tablename, n_distinct FROM pg_stats WHERE attname = 'project_id'"
        found = {name: round(number, 2) for name, number in connection.execute(text(stated))}
    told = {"component": -0.3, "listed_row": -0.3, "spend_fact": -0.15}
    assert {name: found[name] for name in told} == told
