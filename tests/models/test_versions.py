"""Stored cells, verdicts and releases are known by the versions of taxonomy and rules, so these change with what they name."""

import hashlib
from pathlib import Path

import pytest

from models import classification
from models.classification import load_taxonomy
from models.classification.rules import load_rules
from models.component import ComponentPublic
from models.listed import CODES, shown_of
from models.versions import METHOD_VERSION

FILES = Path(classification.__file__).parent
AS_OF = {
    "taxonomy.toml": ("1.0.0", "0662a0f8d0b0d61b5f44f77168ff7cde253ec00dabd9c0b7ad48da40d77e01a9"),
    "rules.toml": ("1.7.0", "851856e72843b99b670788a1702a6ce2c1010f02eee7b7f8b1d57f37b04062da"),
}
"""The version that each file states, and what it holds under that."""


@pytest.mark.parametrize("name", AS_OF)
def test_what_changes_gets_another_version(name):
    stated = {"taxonomy.toml": load_taxonomy().version, "rules.toml": load_rules().version}[name]
    held = hashlib.sha256((FILES / name).read_bytes()).hexdigest()
    assert (stated, held) == AS_OF[name], f"{name} changed: raise its version, then renew its line here"


ROW = {name: f'{name} "é"' for name in ComponentPublic.model_fields} | {"stated_cents": 123_456_789}
ROW |= dict.fromkeys(CODES, "a b") | {"year": 2021, "confidence": 0.8625, "source_url": None}
SHOWN = "3fad84ec5da5165dd2b828ea28d4ecdc1bb39b89005d4ea1ab8c9fe25f8a9ee3"


def test_what_is_shown_of_stored_rows_changes_with_the_method():
    """Rows of lists are stored as JSON (ADR 43): they are written anew where `METHOD_VERSION` is raised, and only then."""
    held = hashlib.sha256(shown_of(ROW).encode()).hexdigest()
    assert held == SHOWN, (
        f"lists show other columns: raise METHOD_VERSION above {METHOD_VERSION}, then renew SHOWN here"
    )
