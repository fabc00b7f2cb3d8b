"""What the documents say holds: settings, paths, filters, fields, commands, links, and nothing of a machine."""

import re
import subprocess
from pathlib import Path

import pytest

from api.cli.commands import ENTRIES, command_of
from api.main import create_app
from api.params.spend import SpendParams
from db.engine import make_engine
from db.settings import Settings
from models.filters import Dimension
from models.records import ComponentRecord, ProjectRecord, ReviewRecord, field_names

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "data" / "README.md"]


def test_every_setting_stands_in_the_readme():
    named = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.M))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_path_stands_in_the_readme():
    paths = {
        path for path in create_app(make_engine("sqlite://")).openapi()["paths"] if not path.startswith("/problems")
    }
    named = {path for path in re.findall(r"`(/[a-z0-9_{}/.-]+)`", README) if path not in {"/docs"}}
    assert paths <= named


def test_every_filter_stands_in_the_readme():
    for name in set(SpendParams.model_fields) - {"format", "group_by", "basis"}:
        assert f"`{name}`" in README, name


def test_every_dimension_stands_in_the_readme_as_what_money_is_asked_by():
    row = next(line for line in README.splitlines() if line.startswith("| `/v1/spend` |"))
    assert set(re.findall(r"`(\w+)`", row.partition(";")[0])) == set(Dimension)


@pytest.mark.parametrize("kind", [ProjectRecord, ComponentRecord, ReviewRecord])
def test_every_field_of_a_record_is_described_with_whether_it_is_required(kind):
    text = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
    part = text.split(f"## {kind.__name__.removesuffix('Record')}s\n")[1].split("\n## ")[0]
    rows = [line.split("|") for line in part.splitlines() if line.startswith("| `")]
    required = {name: row[2].strip() == "yes" for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    assert required == field_names(kind)


def test_every_command_that_documents_name_exists():
    commands = {entry.name: command_of(entry.name) for entry in ENTRIES}
    found = 0
    for path in DOCUMENTS:
        for words in re.findall(r"python -m api ([a-z-]+(?: [a-z-]+)?)", path.read_text(encoding="utf-8")):
            first, *rest = words.split()
            assert first in commands, (path.name, words)
            if rest and hasattr(commands[first], "commands"):
                assert rest[0] in commands[first].commands, (path.name, words)
            found += 1
    assert found > 10


def test_every_relative_link_leads_somewhere():
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), (path.name, target)


def test_no_file_names_a_machine_or_a_host_of_packages():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = re.compile(
        "|".join(("files.python" + "hosted", "pypi" + r"\.org", "/simple" + "/", "^--index", "/wo" + "rk/")), re.M
    )
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8", errors="ignore")
        assert not hosts.search(text), name
