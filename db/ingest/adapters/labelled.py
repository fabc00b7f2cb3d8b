"""Reads tables of texts, with or without hand-made labels, for the classifier to be run and measured on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.errors import FileRefusedError
from db.ingest.adapters.adapter import check_rows, read_csv
from models.classification import ClassifierInput, GoldRow, load_taxonomy
from models.records import parse_list
from models.texts import is_p_number

TEXT_COLUMNS = ("project_id", "name", "pdo", "sectors", "themes", "borrower", "implementing_agency")
GOLD_COLUMNS = ("category", "relevance")
OUTSIDE = "OUTSIDE TEXT"
"""How the reason of a label begins that rests on more than the text: no text classifier can be expected to find it."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, its label if the table has one, and whether the label rests on the text alone."""

    project_id: str
    text: ClassifierInput
    gold: GoldRow | None
    from_text: bool


def read_texts(path: Path, with_labels: bool) -> Iterator[LabelledText]:
    """Yield the rows of a CSV file.

    Raises:
        FileRefusedError: if a column or a field is missing, or a label is no category or relevance.
    """
    rows = read_csv(path)
    _, header = next(rows, (0, []))
    needed = TEXT_COLUMNS + (GOLD_COLUMNS if with_labels else ())
    if missing := [name for name in needed if name not in header]:
        raise FileRefusedError(f"{path.name} lacks the columns {', '.join(missing)}; it has {', '.join(header)[:300]}")
    for line, row, fault in check_rows(rows, header):
        if fault:
            raise FileRefusedError(f"{path.name}, line {line}: {fault}")
        fields = dict(zip(header, row, strict=True))
        gold = _label(path, line, fields) if with_labels else None
        try:
            text = _text(fields)
        except ValueError as error:
            raise FileRefusedError(f"{path.name}, line {line}: {error}") from None
        yield LabelledText(fields["project_id"], text, gold, not fields.get("why", "").startswith(OUTSIDE))


def _text(fields: dict[str, str]) -> ClassifierInput:
    return ClassifierInput(
        name=fields["name"],
        objective=fields["pdo"],
        sectors=parse_list(fields["sectors"]),
        themes=parse_list(fields["themes"]),
        borrower=fields["borrower"],
        implementing_agency=fields["implementing_agency"],
        world_bank=is_p_number(fields["project_id"]),
    )


def _label(path: Path, line: int, fields: dict[str, str]) -> GoldRow:
    codes = load_taxonomy().by_code
    relevances = ("direct", "partial", "mention", "none")
    for name, allowed in (("category", list(codes)), ("relevance", list(relevances))):
        if fields[name] not in allowed:
            expected = ", ".join(allowed)
            raise FileRefusedError(f"{path.name}, line {line}: {name} {fields[name]!r} is not one of {expected}")
    return GoldRow(fields["project_id"], fields["category"], fields["relevance"])
