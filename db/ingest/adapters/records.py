"""Reads our own form of records: CSV, JSON or JSONL of projects, components and reviews. docs/records.md describes it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from db.errors import FileRefusedError
from db.ingest.adapters.adapter import RawRecord, bare, check_rows, read_csv
from db.ingest.adapters.json_texts import Constant, Repeating, Value, value_of_line, values_of_document
from db.ingest.adapters.text_files import fault_of_bytes, text_file
from models.records import AnyRecord, ComponentRecord, ProjectRecord, ReviewRecord, field_names

KINDS: dict[str, type[AnyRecord]] = {
    "project": ProjectRecord,
    "component": ComponentRecord,
    "review": ReviewRecord,
}

UNTOLD = ComponentRecord
"""Stands for the kind of a record that does not say it: it may be one of a list, which then is not whole."""

HINTS = 10
"""Unknown columns for which a known one is looked for, which takes a while for each."""

BARRED = ("review", "expected one of project, component: a review needs a key with the scope review too")


class RecordsAdapter:
    """Our own form. The bundled data set is in it too, read under the name `bundle`.

    Where nothing may be decided (`decides`), reviews are barred.
    """

    def __init__(self, name: str = "records", decides: bool = True) -> None:
        self.name = name
        self.decides = decides

    def read(self, path: Path) -> Iterator[RawRecord]:
        """Yield the records of a `.csv`, `.json` or `.jsonl` file; see `Adapter.read`."""
        readers = {".csv": _read_csv, ".json": _read_json, ".jsonl": _read_jsonl}
        if path.suffix.lower() not in readers:
            allowed = ", ".join(readers)
            raise FileRefusedError(f"{path.name} is of no known type {path.suffix!r}: expected one of {allowed}")
        found = readers[path.suffix.lower()](path)
        return found if self.decides else map(_barred, found)


def _barred(raw: RawRecord) -> RawRecord:
    return raw._replace(barred=BARRED) if raw.kind is ReviewRecord else raw


def _read_csv(path: Path) -> Iterator[RawRecord]:
    """Columns whose title begins with "_" are for the reader's eye and are passed over, and so are those without any title
    or value, as spreadsheets write them."""
    rows = read_csv(path)
    _, header = next(rows, (0, []))
    header = bare(header)
    if "\x00" in "".join(header):  # in a later line of the header than its first
        raise FileRefusedError(f"{path.name} is not a text file: a column's title holds a NUL character")
    kind = _kind_of_columns(path, [name for name in header if name and not name.startswith("_")])
    titled = max(place for place, name in enumerate(header, start=1) if name)
    key = header.index("subject_id" if kind is ReviewRecord else "project_id")
    for line, row, fault in check_rows(rows, header, titled, key):
        place = f"line {line}"
        if fault or (fault := _fault_of_untitled(header, row)):
            yield RawRecord(place, kind, {}, broken=fault)
            continue
        yield RawRecord(
            place, kind, {n: v for n, v in zip(header, row, strict=False) if v.strip() and not n.startswith("_")}
        )


def _fault_of_untitled(header: list[str], row: list[str]) -> str | None:
    if all(header):
        return None
    values = enumerate(zip(header, row, strict=False), start=1)
    column = next((number for number, (name, value) in values if not name and value.strip()), None)
    return None if column is None else f"column {column} has no title, but a value: expected a title, or no value"


def _kind_of_columns(path: Path, header: list[str]) -> type[AnyRecord]:
    if "subject_id" in header:
        kind: type[AnyRecord] = ReviewRecord
    elif "title" in header:
        kind = ComponentRecord
    else:
        kind = ProjectRecord
    known = field_names(kind)
    noun = kind.__name__.removesuffix("Record").lower()
    missing = [name for name, required in known.items() if required and name not in header]
    unknown = [name for name in header if name not in known]
    repeated = sorted(name for name, times in Counter(header).items() if times > 1)
    near = [
        f"{match} by {name[:60]}" for name in unknown[:HINTS] for match in get_close_matches(name, list(known), n=1)
    ]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    for names, problem in ((missing, "lacks the columns"), (unknown, "has unknown columns"), (repeated, "repeats")):
        if names:
            raise FileRefusedError(
                f"{path.name}, read as {noun} records, {problem} {', '.join(names)[:300]}{hint}; known: {', '.join(known)}"
            )
    return kind


def _read_jsonl(path: Path) -> Iterator[RawRecord]:
    empty = True
    with text_file(path, "one JSON object a line") as file:
        for number, line in enumerate(file, start=1):
            if not line.isspace():
                empty = False
                if not line.lstrip().startswith("{") and (fault := fault_of_bytes(line)):
                    raise FileRefusedError(f"{path.name}, line {number}, {fault}")
                yield _from_text(f"line {number}", line)
    if empty:
        raise FileRefusedError(f"{path.name} is empty: expected one JSON object a line")


def _from_text(place: str, line: str) -> RawRecord:
    fault = fault_of_bytes(line)
    try:
        raw = _record(place, value_of_line(line))
    except ValueError as error:
        return RawRecord(place, UNTOLD, {"text": line[:200]}, broken=fault or str(error))
    return raw._replace(broken=fault) if fault else raw


def _record(place: str, found: Value) -> RawRecord:
    return (_from_marked if found.marked else _from_object)(place, found.value)


def _from_object(place: str, value: Any) -> RawRecord:
    """Make a record of what JSON holds; of an object its `type` is taken away."""
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        reason = f"expected an object with `type` one of {', '.join(KINDS)}"
        return RawRecord(place, UNTOLD, {"text": str(value)[:200]}, broken=reason)
    del value["type"]
    if None in value.values():
        value = {name: item for name, item in value.items() if item is not None}
    return RawRecord(place, KINDS[kind], value)


def _from_marked(place: str, value: Any) -> RawRecord:
    """The same of what may have faults that are marked."""
    raw = _from_object(place, value)
    if raw.broken:
        return raw
    if isinstance(value, Repeating):
        fields = {name: item for name, item in raw.fields.items() if name != value.repeated}
        reason = f"{value.repeated[:60]!r} stands more than once in the object: expected each field once"
        return raw._replace(fields=fields, broken=reason)
    return raw._replace(broken=_fault_of_constants(raw.fields))


def _fault_of_constants(fields: Mapping[str, Any]) -> str | None:
    for name, value in fields.items():
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, Constant):
                return f"{name[:60]!r} is not JSON: {item} is no number there; expected a value, or null"
    return None


def _read_json(path: Path) -> Iterator[RawRecord]:
    for pointer, found in values_of_document(path):
        yield _record(pointer, found)
