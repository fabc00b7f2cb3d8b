"""The versions that figures depend on besides the records they are made from."""

from typing import NamedTuple

from models.classification import load_rules, load_taxonomy

PROGRAM_VERSION = "0.1.0"
"""Version of this program, as its specification and its requests to sources tell it."""

METHOD_VERSION = "1.9.0"
"""Version of how rows become money: splits, bases, and what is kept of each fact."""


class Versions(NamedTuple):
    """Data that were made with other versions are computed anew."""

    taxonomy: str
    rules: str
    method: str


def present_versions() -> Versions:
    """Return the versions of this program."""
    return Versions(load_taxonomy().version, load_rules().version, METHOD_VERSION)
