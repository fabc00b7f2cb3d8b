"""Brings the reference tables (places, sources, categories) to the state that the program ships."""

import csv
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from db import tables
from db.settings import DATA_DIR
from db.store import upsert
from models.classification import load_taxonomy
from models.country import Country, PlaceIndex
from models.source import Source


def load_reference(connection: Connection) -> PlaceIndex:
    """Upsert places, sources and categories; what is the same already is not written again.

    Returns:
        The places, ready to match labels against.
    """
    places = reference_places()
    sources = [Source(**row) for row in _rows(DATA_DIR / "sources.csv")]
    _sync(connection, "country", [place.model_dump() for place in places])
    _sync(connection, "source", [source.model_dump() for source in sources])
    _sync(connection, "category", _categories())
    return PlaceIndex(places)


def reference_places() -> list[Country]:
    """Read the places that the program ships: countries, and buckets of several."""
    return [_place(row) for row in _rows(DATA_DIR / "countries.csv")]


def _place(row: dict[str, Any]) -> Country:
    aliases = [alias for alias in (row["aliases"] or "").split("|") if alias]
    return Country.model_validate({**row, "aliases": aliases})


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]


def _categories() -> list[dict[str, Any]]:
    taxonomy = load_taxonomy()
    return [
        {
            "code": category.code,
            "group_code": category.group,
            "label": category.label,
            "definition": category.definition,
            "includes": list(category.includes),
            "excludes": list(category.excludes),
            "mappings": {name: list(codes) for name, codes in category.mappings.items()},
            "position": position,
            "taxonomy_version": taxonomy.version,
        }
        for position, category in enumerate(taxonomy.categories)
    ]


def _sync(connection: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    table = tables.metadata.tables[name]
    stored = [dict(row) for row in connection.execute(select(*table.columns)).mappings()]
    upsert(connection, table, [row for row in rows if row not in stored])
