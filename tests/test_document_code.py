"""Every piece of code in README and in docs/*.md is run, asked for or compared; what cannot be is listed, with the reason."""

import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from api.main import create_app
from api.openapi.samples import BASE
from api.problems.kinds import PROBLEMS
from db.engine import make_engine
from db.settings import ROOT, get_settings
from models.release import ReleaseChangePublic
from tests.data.documents import TUTORIAL, addresses_in_r, commands_in, pieces
from tests.data.duckdb_http import duckdb_over_http
from tests.data.iati import activity
from tests.data.iati import write as write_activities
from tests.data.r import run_r
from tests.data.serving import served
from tests.data.writing import new_key

DOCUMENTS = [path for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))) if pieces(path)]

WORLD_BANK = "asks the World Bank, on the internet; tests/db/test_worldbank_*.py run it on a server of their own"
NOT_RUN = {
    "make run": "sets a machine up and serves for ever; CI does it",
    "make test": "runs these tests",
    "python -m api ingest worldbank-export FILE": "a file of the World Bank's; tests/db/test_ingest_worldbank_export.py",
    "python -m api ingest worldbank": WORLD_BANK,
    "python -m api ingest worldbank-documents": WORLD_BANK,
    "python -m api sync": f"{WORLD_BANK}; tests/api/test_sync.py",
    "python -m api ingest iati https://example.org/activities.xml": "asks a server on the internet",
    "git pull": "brings a newer version",
    "make migrate": "make run does it; tests/db/test_migrations.py",
    "make load": "make run does it",
    "python -m api restore /backup/2026-11-26.zip": "the backup of that night; tests/db/test_backups.py",
    "python -m api restore --replace /backup/2026-11-26.zip": "the backup of that night; tests/db/test_backups.py",
    "python -m api ingest iati FILE|URL|FOLDER": "a form of words; docs/iati.md has each, and each of those is run",
}
"""Commands that are not run here, by how they begin, each with the reason."""

FILLED = {"records FILE": "records projects.csv", "extract FILE": "extract report.txt", "--name NAME": "--name office",
          "errors RUN": "errors 1", "/backup/": "backup/"}  # fmt: skip
"""What stands in the place of words in capitals."""

CSV = "project_id,name,countries,commitment_usd\nEX0009,Synthetic project,JOR,1000\n"
LINE = '{"type":"project","project_id":"EX0008","name":"Synthetic project","countries":["JOR"],"commitment_usd":1000}\n'


def reason_not_to_run(command):
    plain = re.sub(r"\s+#.*", "", command)
    return next((why for start, why in NOT_RUN.items() if plain == start or plain.startswith(f"{start} --")), None)


def report_of(example):
    """A synthetic report with the passage of the document's example."""
    head = f"Implementation Status & Results Report\n({example['project_id']})\n\n2. COMPONENTS\nName\n"
    return head + example["components"][0]["passage"] + "\n\n3. OVERALL RATINGS\n"


@pytest.fixture
def site(loaded_engines, new_database, tmp_path, monkeypatch):
    """A service on a copy of the bundled data, a folder with the files that documents name, and a key."""
    engine = make_engine(new_database("sqlite", like=loaded_engines["sqlite"].url.render_as_string()))
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string())
    monkeypatch.setenv("KEY", new_key(engine)["Authorization"].removeprefix("Bearer "))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("CURL_HOME", str(tmp_path))
    (tmp_path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    (tmp_path / "projects.csv").write_text(CSV)
    (tmp_path / "records.csv").write_text(CSV)
    (tmp_path / "records.jsonl").write_text(LINE)
    (tmp_path / "report.txt").write_text(report_of(json.loads(dict(pieces(ROOT / "docs" / "extraction.md"))["json"])))
    (tmp_path / "folder").mkdir()
    (tmp_path / "backup").mkdir()
    for place, name in ((tmp_path, "XX-SYN-8"), (tmp_path / "folder", "XX-SYN-9")):
        write_activities(place, activity(identifier=name), name="activities.xml")
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    with served(create_app(engine)) as base:
        yield SimpleNamespace(base=base, folder=tmp_path, python={}, r={}, answers="", printed="")
    engine.dispose()
    get_settings.cache_clear()


def run_shell(site, code):
    commands = [command for command in commands_in(code) if reason_not_to_run(command) is None]
    script = "\n".join(["set -euo pipefail", *commands])
    for capitals, words in FILLED.items():
        script = script.replace(capitals, words)
    done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, (script, done.stdout.decode(errors="replace"), done.stderr.decode())
    assert done.stdout or not commands, script
    site.printed = done.stdout.decode(errors="replace")


def run_python(site, code):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "document", "exec"), site.python)
    assert printed.getvalue().strip() or "print(" not in code


def ask_for_what_r_asks(site, code):
    """Not every machine has R: its addresses are asked for, and every column that it names must be in the answers."""
    for address in addresses_in_r(code, site.r):
        answer = httpx.get(address)
        assert answer.status_code == 200, address
        site.answers += answer.text
    made = set(re.findall(r"^(\w+) <- ", code, re.M))
    for name in set(re.findall(r"\$(\w+)", code)) - made:
        assert re.search(rf"\b{name}\b", site.answers), name
    for name in re.findall(r'"(\w+)"', "".join(re.findall(r", c\(([^)]*)\)\]", code))):
        assert re.search(rf"\b{name}\b", site.answers), name
    assert all(code.count(one) == code.count(other) for one, other in ("()", "[]", "{}")), "brackets"


def take_records_in(site, code):
    """The table under the heading becomes the file of the next command; components get a command of their own."""
    name = "projects.csv" if "project_id,name" in code else "components.csv"
    (site.folder / name).write_text(code)
    if name == "components.csv":
        run_shell(site, f"python -m api ingest records {name}")
        assert "rejected 0" in site.printed


@cache
def all_said():
    """Every text in the sources of api and db as a pattern, with anything for what is put in; what holds under three words of its
    own would fit too much."""
    found = set()
    for path in (path for layer in ("api", "db") for path in (ROOT / layer).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "%s" for part in node.values]
            else:
                parts = [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []
            words = "".join(parts).split("%s")
            if len(re.findall(r"[a-z]+", " ".join(words))) >= 3:
                found.add(re.compile(".+".join(map(re.escape, words)), re.S))
    return found


def can_be_said(said):
    """Tell whether the program can say this, but for what is put in at the time."""
    return any(pattern.fullmatch(said) for pattern in all_said())


def compare_said(code):
    """Lines that the service said one night cannot come again; but all in them must be what it can say."""
    for said in map(json.loads, code.splitlines()):
        if "change" in said:
            assert said.keys() <= ReleaseChangePublic.model_fields.keys()
        elif "type" in said:
            status, title, *_ = PROBLEMS[said["type"].rpartition("/")[2]]
            assert (said["status"], said["title"]) == (status, title)
            assert can_be_said(said["detail"]), said["detail"]
        elif said["logger"] != "api.requests":  # those lines have a test of their own
            assert said.keys() - {"request_id"} == {"time", "level", "logger", "message"}
            assert can_be_said(said["message"]), said["message"]


def compare_json(site, code):
    """JSON in documents is what the command before it prints, or what the question of README answers, as far as it goes."""
    if {"logger", "type", "change"} & json.loads(code.splitlines()[0]).keys():
        compare_said(code)
        return
    shown = json.loads(code)
    if "amount_usd" in shown:
        answered = httpx.get(f"{site.base}/v1/spend", params=MOBILITY).json()["totals"]
        assert {name: answered[name] for name in shown} == shown
    else:
        assert json.loads(site.printed) == shown


MOBILITY = {"set": "brief_worker_mobility", "approved_from": "2014-01-01", "approved_to": "2024-03-31"}


def run_sql(site, code):
    with duckdb_over_http() as connection:
        assert connection.sql(code).fetchall()


def ask_for_the_picture(site, code):
    answer = httpx.get(re.search(r'src="([^"]+)"', code)[1])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


def find_folders(site, code):
    """Text in documents is a list of folders, or what a command said: each line has something that a program can say."""
    found = re.findall(r"^(\S+)/ ", code, re.M)
    for name in found:
        assert (ROOT / name).is_dir(), name
    for line in [] if found else code.splitlines():
        assert any(pattern.search(line) for pattern in all_said()), line


RUNNERS = {
    "sh": run_shell,
    "python": run_python,
    "r": ask_for_what_r_asks,
    "csv": take_records_in,
    "json": compare_json,
    "sql": run_sql,
    "text": find_folders,
    "html": ask_for_the_picture,
}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_code_in_a_document_runs_and_the_addresses_of_r_are_asked(path, site):
    for language, code in pieces(path):
        if not (path == TUTORIAL and language == "python"):  # its notebook is run: tests/test_tutorial.py
            RUNNERS[language](site, code.replace(BASE, site.base))


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("json", '{"time":"…","level":"info","logger":"api","message":"everything is fine"}'),
        ("json", '{"time":"…","level":"info","logger":"api","message":"there is room to write: none"}'),
        (
            "json",
            '{"type":"/problems/no-room","title":"Nothing can be written just now","status":503,"detail":"full of words"}',
        ),
        ("text", "sync: all is well, nothing failed"),
        ("text", "nowhere/    a folder that is not there"),
    ],
)
def test_what_the_program_cannot_say_fails_in_a_document(language, code):
    with pytest.raises(AssertionError):
        RUNNERS[language](None, code)


def r_of(path, base):
    """All the R of a document, which is one program: later pieces use what earlier ones made."""
    return "\n".join(code for language, code in pieces(path) if language == "r").replace(BASE, base)


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if "r" in dict(pieces(path))], ids=lambda path: path.stem)
def test_r_in_a_document_runs_where_there_is_r(path, site):
    assert run_r(r_of(path, site.base), site.folder).strip()


def test_python_and_r_of_readme_print_the_total_that_the_api_states(site):
    readme = ROOT / "README.md"
    (address,) = addresses_in_r(r_of(readme, site.base), {})
    total = httpx.get(address.replace("&format=csv", ""), params={"limit": 1}).json()["totals"]["amount_usd"]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(dict(pieces(readme))["python"].replace(BASE, site.base), {})
    assert f"{float(printed.getvalue()):.2f}" == f"{total:.2f}"
    assert f'"{total:.2f}"' in run_r(r_of(readme, site.base), site.folder)


def test_r_of_the_page_on_citing_prints_the_citation(site):
    printed = run_r(r_of(ROOT / "docs" / "cite.md", site.base), site.folder)
    assert printed == httpx.get(f"{site.base}/v1/citation").json()["data"]["text"]


def test_every_reason_not_to_run_a_command_is_needed():
    shell = [code for path in DOCUMENTS for language, code in pieces(path) if language == "sh"]
    commands = [re.sub(r"\s+#.*", "", command) for code in shell for command in commands_in(code)]
    assert all(any(command.startswith(start) for command in commands) for start in NOT_RUN)


def test_every_fence_names_its_language():
    for path in DOCUMENTS:
        fences = re.findall(r"^```(.*)$", path.read_text(encoding="utf-8"), re.M)
        assert all(fences[::2]), path.name
        assert not any(fences[1::2]), path.name
