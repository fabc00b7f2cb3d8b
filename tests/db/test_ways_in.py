"""Every adapter's way in has its place among those that projects are trusted by, or brings components alone."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

import db.ingest.adapters
from db.ingest.records.precedence import ASKED_AGAIN
from models.project import ORIGINS


def adapters():
    """The adapters of all modules, by their names."""
    for module in iter_modules(db.ingest.adapters.__path__, "db.ingest.adapters."):
        for kind in vars(import_module(module.name)).values():
            if getattr(kind, "__module__", "") == module.name and kind.__name__.endswith("Adapter"):
                yield module.name, kind


FOUND = [kind for module, kind in adapters() if not getattr(kind, "_is_protocol", False)]


def test_all_adapters_are_found():
    assert len(FOUND) >= 5


@pytest.mark.parametrize("kind", FOUND, ids=lambda kind: kind.__name__)
def test_how_far_an_adapter_is_trusted_is_stated(kind):
    name = getattr(kind, "name", None) or kind().name
    assert name in {*ORIGINS, *ASKED_AGAIN}, "give it a place in models.project.ORIGINS if it brings projects"
