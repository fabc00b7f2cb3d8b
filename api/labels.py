"""Readable names of the members of dimensions that have codes."""

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


def labels_of(snapshot: Snapshot) -> dict[Dimension, Mapping[Any, str]]:
    """Return the names by code."""
    return {
        Dimension.CATEGORY: {category.code: category.label for category in TAXONOMY.categories},
        Dimension.GROUP: {group.code: group.label for group in TAXONOMY.groups},
        Dimension.SET: {one.code: one.label for one in TAXONOMY.sets},
        Dimension.COUNTRY: snapshot.known.place_names,
        Dimension.REGION: snapshot.known.regions,
    }
