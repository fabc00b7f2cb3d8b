"""Runs code in R, where this machine has it with the packages that the project's code uses."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

PACKAGES = ("jsonlite", "httr2")
FLAGS = ["--vanilla", "--encoding=UTF-8"]


def run_r(code: str, folder: Path) -> str:
    """Run code in a folder, which takes its pictures, and return what it prints; skip the test where there is no R."""
    if reason := why_no_r():
        pytest.skip(reason)
    script = folder / "code.R"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", *FLAGS, script.name], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, (code, done.stdout, done.stderr)
    assert "Warning" not in done.stderr, (code, done.stderr)
    return done.stdout


@cache
def why_no_r() -> str | None:
    """Say what of R is missing on this machine, or `None` where nothing is."""
    if not shutil.which("Rscript"):
        return "no Rscript on this machine"
    asked = "; ".join(f'if (!requireNamespace("{name}", quietly = TRUE)) cat("{name} ")' for name in PACKAGES)
    missing = subprocess.run(["Rscript", *FLAGS, "-e", asked], capture_output=True, text=True, check=True).stdout
    return f"no R package {missing.strip()} on this machine" if missing.strip() else None
