"""The row of a list as JSON: all of it that does not depend on the question is written when its data change, once."""

from collections.abc import Mapping
from typing import Any

from models.component import ComponentPublic
from models.encoding import to_json
from models.money import usd

FIGURES = ("amount_usd", "partial_usd", "scaled", "exceeds_total")
"""The columns of `ComponentPublic` that depend on the filter: what it counts of a row. They stand beside each other."""

CODES = ("categories", "secondary_categories", "countries")
"""Those that are lists of codes, which are stored with blanks between them."""

PARTED = "\n"
"""Stands for the figures in what is kept: nothing that is encoded as JSON holds it."""

_NAMES = tuple(ComponentPublic.model_fields)
_BEFORE, _AFTER = _NAMES[: _NAMES.index(FIGURES[0])], _NAMES[_NAMES.index(FIGURES[-1]) + 1 :]


def shown_of(row: Mapping[str, Any]) -> str:
    """Write what a list shows of a stored row (`ListedRow`, its `stated_cents` in cents) as JSON, but for its figures."""
    shown = {**row, "stated_usd": usd(row["stated_cents"])} | {name: row[name].split() for name in CODES}
    before, after = (to_json({name: shown[name] for name in names}).decode() for names in (_BEFORE, _AFTER))
    return f"{before[:-1]},{PARTED},{after[1:]}"


def with_figures(shown: str, amount: int | None, partial: int | None, scaled: object, exceeds: object) -> str:
    """Put the figures of a row, its money in cents, into what `shown_of` wrote: a whole object of JSON.

    Raises:
        ValueError: if it wrote nothing, as in a database that was not brought here by `db.migrate`.
    """
    before, parted, after = shown.partition(PARTED)
    if not parted:
        raise ValueError("rows of lists are not written as JSON yet: run `python -m api migrate`")
    return (
        f'{before}"amount_usd":{_dollars(amount)},"partial_usd":{_dollars(partial)},'
        f'"scaled":{"true" if scaled else "false"},"exceeds_total":{"true" if exceeds else "false"}{after}'
    )


def with_left_out(row: str, left_out: int | None) -> str:
    """Add to what `with_figures` wrote what its amounts leave out, in cents."""
    return f'{row[:-1]},"left_out_usd":{_dollars(left_out)}}}'


def _dollars(cents: int | None) -> str:
    """Cents as a number of JSON in dollars; `null`, if there are none."""
    return "null" if cents is None else str(usd(cents))
