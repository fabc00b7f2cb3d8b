"""The row of a list as JSON: all of it that does not depend on the question is written when its data change, once."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.component import ComponentPublic
from models.encoding import to_json
from models.money import all_usd, usd

FIGURES = ("amount_usd", "partial_usd", "scaled", "exceeds_total")
"""The columns of `ComponentPublic` that depend on the filter: what it counts of a row. They stand beside each other."""

CODES = ("categories", "secondary_categories", "countries")
"""Those that are lists of codes, which are stored with blanks between them."""

PARTED = "\n"
"""Stands for the figures in what is kept: nothing that is encoded as JSON holds it."""

NO_OR_YES = ("false", "true")
"""How JSON says what is stored as 0 or 1."""

_NAMES = tuple(ComponentPublic.model_fields)
_BEFORE, _AFTER = _NAMES[: _NAMES.index(FIGURES[0])], _NAMES[_NAMES.index(FIGURES[-1]) + 1 :]


def shown_of(row: Mapping[str, Any]) -> str:
    """Write what a list shows of a stored row (`ListedRow`, its `stated_cents` in cents) as JSON, but for its figures."""
    shown = {**row, "stated_usd": usd(row["stated_cents"])} | {name: row[name].split() for name in CODES}
    before, after = (to_json({name: shown[name] for name in names}).decode() for names in (_BEFORE, _AFTER))
    return f"{before[:-1]},{PARTED},{after[1:]}"


def with_figures(
    shown: Sequence[str],
    amounts: Sequence[int | None],
    partials: Sequence[int | None],
    scaled: Sequence[int],
    exceeds: Sequence[int],
) -> list[str]:
    """Put the figures of rows, column by column and their money in cents, into what `shown_of` wrote: whole objects of JSON.

    Raises:
        ValueError: if it wrote nothing, as in a database that was not brought here by `db.migrate`.
    """
    if not all(PARTED in text for text in shown):
        raise ValueError("rows of lists are not written as JSON yet: run `python -m api migrate`")
    columns = (
        _dollars(amounts),
        _dollars(partials),
        map(NO_OR_YES.__getitem__, scaled),
        map(NO_OR_YES.__getitem__, exceeds),
    )
    return [
        text.replace(PARTED, f'"amount_usd":{amount},"partial_usd":{partial},"scaled":{some},"exceeds_total":{more}', 1)
        for text, amount, partial, some, more in zip(shown, *columns, strict=True)
    ]


def with_left_out(rows: Sequence[str], left_out: Sequence[int | None]) -> list[str]:
    """Add to what `with_figures` wrote what its amounts leave out, in cents."""
    return [f'{row[:-1]},"left_out_usd":{dollars}}}' for row, dollars in zip(rows, _dollars(left_out), strict=True)]


def _dollars(column: Sequence[int | None]) -> list[str]:
    """Cents as numbers of JSON in dollars; `null`, where there are none."""
    return ["null" if amount is None else str(amount) for amount in all_usd(column)]
