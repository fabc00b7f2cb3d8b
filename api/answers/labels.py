"""Readable names of the members of dimensions that have codes."""

import re
from collections.abc import Mapping
from typing import Any

from api.deps import Snapshot
from api.params.values import TAXONOMY
from models.filters import Dimension

LABELS = {
    Dimension.CATEGORY: "category_label",
    Dimension.GROUP: "group_label",
    Dimension.SET: "set_label",
    Dimension.COUNTRY: "country_name",
    Dimension.REGION: "region_name",
}
"""The column in which the readable name stands."""

IN_CAPITALS = {"ibrd", "ida"}


def labels_of(snapshot: Snapshot) -> dict[Dimension, Mapping[Any, str]]:
    """Return the names by code."""
    return {
        Dimension.CATEGORY: {category.code: category.label for category in TAXONOMY.categories},
        Dimension.GROUP: {group.code: group.label for group in TAXONOMY.groups},
        Dimension.SET: {one.code: one.label for one in TAXONOMY.sets},
        Dimension.COUNTRY: snapshot.known.place_names,
        Dimension.REGION: snapshot.known.regions,
    }


def spelled(code: str) -> str:
    """Write a code that has no name of its own as words; what is no code stays as it is."""
    if code in IN_CAPITALS:
        return code.upper()
    if not re.fullmatch("[a-z]+(_[a-z]+)*", code):
        return code
    words = code.replace("_", " ")
    return words[:1].upper() + words[1:]
