"""The command line as a whole: what help says, what it loads, exit codes, and progress on a terminal."""

import io
import os
import runpy
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise

import pytest
from pydantic import ValidationError
from rich.console import Console
from typer.testing import CliRunner

from api.cli import reporting
from api.cli.commands import ENTRIES, app, command_of
from api.cli.files import records_in
from db.engine import make_engine, writing
from db.migrate import upgrade
from db.settings import ROOT, Settings, get_settings
from tests.api.test_errors import problem
from tests.conftest import client_of, let_go


def as_program(monkeypatch, capsys, setting, value):
    """What `python -m api` says of a setting that is wrong, before it ends."""
    monkeypatch.setenv(setting, value)
    monkeypatch.setattr(sys, "argv", ["api", "migrate"])
    get_settings.cache_clear()
    try:
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("api", run_name="__main__")
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert ended.value.code == 2
    return capsys.readouterr().err


def leaves():
    """Every command with the words that name it."""
    for entry in ENTRIES:
        command = command_of(entry.name)
        for name, one in getattr(command, "commands", {None: command}).items():
            yield " ".join(filter(None, (entry.name, name))), one


LEAVES = dict(leaves())


@pytest.mark.parametrize("words", LEAVES)
def test_help_ends_with_an_example_of_the_command(words):
    result = CliRunner().invoke(app, [*words.split(), "--help"], terminal_width=300)
    assert result.exit_code == 0
    assert f"Example: python -m api {words}" in result.stdout
    example = LEAVES[words].epilog.partition(f"api {words}")[2].partition(" > ")[0]
    used = {word.partition("=")[0] for word in example.split() if word.startswith("--")}
    known = {name for parameter in LEAVES[words].params for name in parameter.opts}
    assert used <= known


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_list_of_commands_says_what_the_command_itself_says(entry):
    whole = " ".join(command_of(entry.name).help.split())
    assert whole.startswith(entry.help.rstrip("."))


def test_the_list_of_commands_loads_neither_database_nor_web():
    code = "import sys, api.cli.commands; print(*{'sqlalchemy', 'fastapi', 'pyarrow', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_question_loads_no_arrow(loaded):
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom api.cli.commands import app\n"
        "assert CliRunner().invoke(app, ['spend']).exit_code == 0\nprint('pyarrow' in sys.modules)"
    )
    environment = {"DATABASE_URL": loaded.url.render_as_string(hide_password=False)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "False", done.stderr


def test_serving_loads_nothing_that_only_others_need():
    others = {
        "alembic",
        "rich.console",
        "httpx",
        "tenacity",
        "psycopg",
    }  # to migrate, on terminals, on the web, on PostgreSQL
    rarer = {"pyarrow", "xlsxwriter", "jinja2", "markdown_it"}  # for files and pages
    code = f"import sys, api.cli.service, api.main; print({others | rarer} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_service_loads_arrow_by_itself_when_it_has_started(loaded):
    code = (
        "import sys, threading\nfrom starlette.testclient import TestClient\nfrom api.main import create_app\n"
        "app = create_app()\nbefore = 'pyarrow' in sys.modules\n"
        "with TestClient(app):\n"
        "    [thread.join() for thread in threading.enumerate() if thread.name == 'load-arrow']\n"
        "    print(before, 'pyarrow.parquet' in sys.modules)"
    )
    environment = {"DATABASE_URL": loaded.url.render_as_string(hide_password=False)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "False True", done.stderr


@pytest.fixture
def at(monkeypatch):
    """Run a command on the database of an address."""

    def run(url, *words):
        monkeypatch.setenv("DATABASE_URL", url)
        get_settings.cache_clear()
        return CliRunner().invoke(app, words)

    yield run
    get_settings.cache_clear()


@pytest.mark.parametrize("words", [["spend"], ["load"], ["ingest", "runs"], ["keys", "list"], ["reviews", "export"]])
def test_exit_code_3_where_the_database_was_never_prepared(words, at, tmp_path):
    (tmp_path / "empty.db").touch()
    result = at(f"sqlite:///{tmp_path / 'empty.db'}", *words)
    assert result.exit_code == 3
    assert "python -m api migrate" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "words",
    [["spend"], ["serve"], ["load"], ["ingest", "runs"], ["backup", "x.zip"], ["reclassify"]],
)
def test_a_path_without_a_file_is_named_and_stays_without(words, at, tmp_path):
    path = tmp_path / "mistyped" / "none.db"
    result = at(f"sqlite:///{path}", *words)
    assert result.exit_code == 3
    said = " ".join(result.stderr.split())
    assert f"there is no database file {path}" in said
    assert "DATABASE_URL" in said
    assert "python -m api migrate" in said
    assert list(tmp_path.iterdir()) == []


def test_migrate_makes_the_file_and_its_folder(at, tmp_path):
    path = tmp_path / "new" / "new.db"
    assert at(f"sqlite:///{path}", "migrate").exit_code == 0
    assert path.stat().st_size > 0


def test_a_database_whose_folder_cannot_be_made_is_told_in_one_line(at, tmp_path):
    (tmp_path / "file").touch()
    result = at(f"sqlite:///{tmp_path / 'file' / 'new.db'}", "migrate")
    assert result.exit_code == 3
    assert "new.db cannot be written: [Errno 17] File exists" in " ".join(result.stderr.split())


def test_exit_code_3_where_no_database_answers(at):
    result = at("postgresql://nobody@127.0.0.1:1/none", "spend")
    assert result.exit_code == 3
    assert "does not answer" in result.stderr


@pytest.mark.parametrize("words", [["spend"], ["migrate"], ["serve"], ["load"]])
def test_exit_code_3_where_a_later_version_made_the_database(words, at, engine):
    upgrade(engine)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    result = at(engine.url.render_as_string(hide_password=False), *words)
    assert result.exit_code == 3
    assert "is at revision 9999, which a later version of the program made" in " ".join(result.stderr.split())


@pytest.mark.parametrize("revision", ["nonsense", "0006"])
def test_a_migration_goes_to_a_revision_that_lies_ahead_or_nowhere(revision, at, loaded):
    result = at(loaded.url.render_as_string(hide_password=False), "migrate", revision)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is no address of a database"),
        ("postgres//somewhere", "is no address of a database"),
        ("postgresql://user:s3cret@localhost:54x/name", "is no address of a database"),
        ("mysql://user:s3cret@localhost/name", "is of kind 'mysql'"),
        ("postgresql://user:s3cret@more@localhost/name", "has an @ in its password: write it as %40"),
        (
            "postgresql://user:s3cret@localhost/name?foo=bar",
            "has an option that PostgreSQL's client does not take: invalid",
        ),
        (
            "postgresql://localhost/name?connect_timeout=soon",
            "has an option that PostgreSQL's client does not take: bad value for connect_timeout: 'soon'",
        ),
        ("sqlite://", "names no file: give sqlite:///path"),
        ("sqlite:///", "names no file: give sqlite:///path"),
        ("sqlite:///:memory:", "names ':memory:', which is no file that stays: give sqlite:///path"),
        ("sqlite:///file:x.db", "names 'file:x.db', which is no file that stays: give sqlite:///path"),
        ("sqlite://x.db", "has a host ('x.db'), which no file has: give sqlite:///path"),
        ("sqlite://user:s3cret@/x.db", "has a user, which no file has: give sqlite:///path"),
        ("sqlite:///x.db?foo=s3cret", "has the option 'foo': an SQLite file takes none, give sqlite:///path"),
        ("sqlite:///x.db?mode=ro&timeout=s3cret", "has the options 'mode', 'timeout': an SQLite file takes none"),
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(url, said, monkeypatch, capsys):
    errors = as_program(monkeypatch, capsys, "DATABASE_URL", url)
    assert len(errors.splitlines()) == 1
    assert f"DATABASE_URL: {said}" in errors
    assert not any(part in errors for part in ("s3cret", "more@"))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ACCESS_LOG", "maybe", "ACCESS_LOG: 'maybe' must be on or off"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: 'loud' must be 'debug', 'info', 'warning' or 'error'"),
        ("PORT", "80a", "PORT: '80a' is no whole number"),
        ("EXPORTS_AT_ONCE", "13", "EXPORTS_AT_ONCE: '13' must be at most 12"),
        ("SYNC_SOURCES", "worldbank,iati", "SYNC_SOURCES: 'iati' must be 'worldbank' or 'worldbank-documents'"),
    ],
)
def test_a_wrong_setting_is_told_with_its_value_and_what_is_allowed(name, value, told, monkeypatch, capsys):
    assert as_program(monkeypatch, capsys, name, value) == f"error: {told}\n"


def test_a_port_that_is_taken_is_told_in_one_line_before_anything_is_begun(at, loaded):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = at(loaded.url.render_as_string(hide_password=False), "serve", "--port", str(port))
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in " ".join(result.stderr.split())


@pytest.mark.parametrize("words", [("--port", "99999"), ("--port", "-1"), ("--workers", "257")])
def test_a_number_that_no_port_or_count_of_workers_has_is_a_wrong_option(words, at, loaded):
    result = at(loaded.url.render_as_string(hide_password=False), "serve", *words)
    assert result.exit_code == 2
    assert words[0] in result.stderr
    assert "range" in result.stderr


def test_the_specification_is_there_without_docstrings(loaded_engines):
    code = "from api.main import create_app; print(len(create_app().openapi()['paths']))"
    environment = {
        **os.environ,
        "DATABASE_URL": loaded_engines["sqlite"].url.render_as_string(hide_password=False),
        "PYTHONOPTIMIZE": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout) > 30


@pytest.mark.parametrize(
    "words", [["spend"], ["project", "P174085"], ["load"], ["migrate"], ["serve"], ["ingest", "runs"], ["keys", "list"]]
)
def test_exit_code_3_and_one_line_where_the_file_is_no_database(words, at, tmp_path):
    path = tmp_path / "foreign.db"
    path.write_bytes(b"a letter, not a database\n" * 1_000)
    result = at(f"sqlite:///{path}", *words)
    assert result.exit_code == 3
    said = " ".join(result.stderr.split())
    assert "is damaged, or is none: file is not a database" in said
    assert "Traceback" not in said
    assert path.read_bytes().startswith(b"a letter")


@pytest.fixture
def damaged(loaded_engines, tmp_path):
    """A copy of the database that can be opened, in which many pages hold nothing that means anything."""
    path = tmp_path / "damaged.db"
    with closing(sqlite3.connect(loaded_engines["sqlite"].url.database)) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek(100 * size)
        file.write(b"\xff" * (path.stat().st_size - 100 * size))
    return f"sqlite:///{path}"


@pytest.mark.parametrize("words", [["spend"], ["project", "P174085"]])
def test_exit_code_3_where_the_rows_that_are_asked_for_are_damaged(words, at, damaged):
    result = at(damaged, *words)
    assert result.exit_code == 3
    assert "error: the database is damaged" in result.stderr


def test_a_damaged_database_is_a_503_in_words(damaged, caplog):
    engine = make_engine(damaged)
    body = problem(client_of(engine)("/v1/spend"), 503)
    assert (body["type"].rpartition("/")[2], body["detail"]) == ("database-not-ready", "the database is damaged")
    assert "malformed" in caplog.text
    assert "Traceback" not in caplog.text
    let_go(engine)


def test_exit_codes_1_and_2_tell_a_failure_from_a_wrong_value(at, loaded, tmp_path):
    url = loaded.url.render_as_string(hide_password=False)
    assert at(url, "ingest", "records", str(tmp_path / "missing.csv")).exit_code == 1
    assert at(url, "spend", "--group-by", "categry").exit_code == 2
    assert at(url, "spned").exit_code == 2
    assert at(url, "spend").exit_code == 0


def test_an_empty_host_is_refused(monkeypatch):
    """An address that is empty would be every address of the machine."""
    monkeypatch.setenv("HOST", "")
    with pytest.raises(ValidationError, match="at least 1 character"):
        Settings()


def test_help_names_every_exit_code():
    said = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    assert "Exit codes: 0 done; 1 failed or refused" in said
    assert "3 the database is missing, damaged, has no room to write, does not answer" in said


def test_help_breaks_lines_by_the_width_of_the_terminal_alone(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = [line.strip() for line in CliRunner().invoke(app, ["--help"]).stdout.splitlines()]
    begun = next(number for number, line in enumerate(lines) if line.startswith("Exit codes"))
    paragraph = lines[begun : lines.index("", begun)]
    assert len(paragraph) > 1
    for line, following in pairwise(paragraph):
        assert len(f"{line} {following.split()[0]}") > 76, "the next word would have fitted"


@pytest.mark.parametrize("total", [None, 400])
def test_progress_on_a_terminal_tells_the_rate_and_what_is_left(total, monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(reporting, "err", Console(file=shown, force_terminal=True, color_system=None, width=160))
    with reporting.progress_bar("synthetic records", total) as advance:
        for _ in range(4):
            advance(50)
    assert "/s" in shown.getvalue()
    assert ("200/400 records" if total else "200/? records") in shown.getvalue()
    assert ("left" in shown.getvalue()) is (total is not None)


@pytest.mark.parametrize("in_bytes", [False, True])
def test_progress_takes_the_total_as_it_becomes_known(in_bytes, monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(reporting, "err", Console(file=shown, force_terminal=True, color_system=None, width=160))
    with reporting.progress_bar("synthetic work", in_bytes=in_bytes) as advance:
        advance(50_000)
        advance(50_000, 400_000)
        advance(100_000, 500_000)
    last = [line for line in shown.getvalue().replace("\r", "\n").splitlines() if "synthetic work" in line][-1]
    assert ("200.0/500.0 kB" if in_bytes else "200000/500000 records") in last
    assert "left" in last


def test_progress_says_nothing_where_there_is_no_terminal(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(reporting, "err", Console(file=shown, force_terminal=False))
    with reporting.progress_bar("synthetic records") as advance:
        advance(1)
    assert shown.getvalue().strip() == ""


def test_lines_of_a_table_are_counted_and_other_forms_are_not(write):
    assert records_in(write("a.csv", "x\n1\n2\n"), write("b.jsonl", "{}\n")) == 4
    assert records_in(write("c.json", "[]\n")) is None
    assert records_in(write("d.csv", "x\n").parent / "missing.csv") is None


def test_signs_that_a_terminal_obeys_are_written_out():
    told = io.StringIO()
    console = reporting.PlainConsole(file=told, force_terminal=True, width=200)
    console.print("a\x1b]0;title\x9bc\u202ed", markup=False, highlight=False)
    assert told.getvalue() == "a\\x1b]0;title\\x9bc\\u202ed\n"


@pytest.mark.parametrize("words", ["ingest worldbank --project", "ingest worldbank-documents --project"])
def test_an_empty_id_is_no_question_for_all(words, at, loaded):
    done = at(loaded.url.render_as_string(hide_password=False), *words.split(), "")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'' is no id of a project" in done.stderr


def test_a_number_that_no_run_can_have_is_told_in_words(at, loaded):
    done = at(loaded.url.render_as_string(hide_password=False), "ingest", "resume", str(10**20))
    assert done.exit_code == 1
    assert f"no run that was interrupted and has its body here: '{10**20}'" in done.stderr
