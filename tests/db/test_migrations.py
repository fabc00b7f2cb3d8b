"""Migrations bring an empty database to what the models say, and back."""

import pytest
from sqlalchemy import inspect

from db import migrate, tables
from db.engine import make_engine
from db.errors import SchemaOutdatedError
from tests.conftest import DATABASES


def table_names(engine):
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_a_migrated_database_has_what_the_models_say(engine):
    migrate.check(engine)
    assert table_names(engine) == set(tables.metadata.tables)
    assert migrate.current_revision(engine) == migrate.newest_revision()


def test_migrating_down_leaves_nothing_and_up_again_brings_everything_back(engine):
    migrate.downgrade(engine, "base")
    assert table_names(engine) == set()
    assert migrate.current_revision(engine) is None
    migrate.upgrade(engine)
    migrate.check(engine)
    migrate.require_current(engine)


@pytest.mark.parametrize("kind", DATABASES)
def test_an_empty_database_is_refused_with_the_command_that_helps(new_database, kind):
    engine = make_engine(new_database(kind))
    with pytest.raises(SchemaOutdatedError, match=r"revision none.*run `python -m api migrate`"):
        migrate.require_current(engine)
    engine.dispose()
