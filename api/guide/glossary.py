"""The glossary of fields, made from the descriptions in the document: nothing is described twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FRAMES = ("ListAnswer", "OneAnswer", "Chosen")
"""Frames and choices of columns hold the fields of others."""


@dataclass(slots=True)
class Term:
    """A field with a meaning, and the things that have it."""

    name: str
    type: str
    description: str
    things: list[str] = field(default_factory=list)


def glossary(document: Mapping[str, Any]) -> list[Term]:
    """Every field of an answer or a body, by name; one that means different things stands once for each meaning."""
    found: dict[tuple[str, str], Term] = {}
    for thing, name, schema in _fields(document):
        term = found.setdefault((name, schema["description"]), Term(name, type_of(schema), schema["description"]))
        if thing not in term.things:
            term.things.append(thing)
    return [found[key] for key in sorted(found)]


def type_of(schema: Mapping[str, Any]) -> str:
    """Name the type of a value in words: `string (date) or nothing`."""
    kinds = schema.get("anyOf") or schema.get("oneOf") or [schema]
    names = [_name(kind) for kind in kinds]
    return " or ".join(dict.fromkeys(names))


def _name(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = str(schema.get("type", "any"))
    if kind == "null":
        return "nothing"
    if kind == "array":
        return f"list of {type_of(schema['items'])}" if "items" in schema else "list"
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _fields(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for name, model in document["components"]["schemas"].items():
        if name.startswith(FRAMES) or name.endswith(FRAMES):
            continue
        for key, schema in model.get("properties", {}).items():
            yield name.removesuffix("Public"), key, schema
