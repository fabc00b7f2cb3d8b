"""Reads the files in which rules and codes are kept, and tells a mistake in one by file, entry and field."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Checked = TypeVar("Checked", bound=BaseModel)
NAMES = ("id", "code")
"""The fields by which the entries of a list are told."""


def read_checked(kind: type[Checked], path: Path) -> Checked:
    """Read a TOML file as a model.

    Raises:
        ValueError: says what is wrong with the file, and where.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        return kind.model_validate(said)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name} is not TOML: {error}") from None
    except ValidationError as error:
        faults = (
            ": ".join([*_named(said, problem["loc"]), problem["msg"].removeprefix("Value error, ")])
            for problem in error.errors(include_url=False)
        )
        raise ValueError(f"{path.name}: {'; '.join(faults)}") from None


def _named(said: Any, place: tuple[int | str, ...]) -> Iterator[str]:
    """Name the way to a place in a document, its entries by their ids or codes where they have one."""
    for step in place:
        said = said[step] if isinstance(step, int) or step in said else None
        name = next((said[field] for field in NAMES if isinstance(said, dict) and field in said), None)
        yield str(name if isinstance(step, int) and name else step)
