"""Commands in this process: they say and do what they would alone, and the program is not imported anew for each."""

from subprocess import CompletedProcess

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli.commands import app
from db.settings import get_settings


def command(engine: Engine, *words: object, **settings: str) -> CompletedProcess[str]:
    """Run a command on the database of an engine, and tell of it what is told of a process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"DATABASE_URL": engine.url.render_as_string(hide_password=False), **settings}.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        try:
            done = CliRunner().invoke(app, [str(word) for word in words], prog_name="python -m api")
        finally:
            get_settings.cache_clear()
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return CompletedProcess(words, done.exit_code, done.stdout, done.stderr)
