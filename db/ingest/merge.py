"""Makes one project out of what its sources said at different dates."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.project import Said, in_order
from models.records import ProjectRecord
from models.vocabulary import Inclusion

POLLED = frozenset({"worldbank-api", "iati"})
"""Ways in that are asked again and again. That they say the same as last time is stored only where it decides anything:
where another way in has spoken since."""

PLURAL = ("sectors", "themes", "tags", "purpose_codes")


def merge_statements(statements: Sequence[Said]) -> dict[str, Any]:
    """Merge statements field by field: the newest that says anything about a field decides it.

    Where the money of a regional project is counted is not overruled by another way in that only repeats a label and
    does not say whether the project is regional.

    A counted amount is kept as what the curated statement leaves out of the stated one, so that it follows when a newer
    source states a new total.

    Returns:
        The fields of a project record, amounts in cents, and `countries` as pairs of code and share in ppm.
    """
    fields: dict[str, Any] = {}
    not_counted, regional_by = 0, ""
    for statement in in_order(statements):
        record = dict(statement.record)
        if record.get("counted_cents") is not None:
            not_counted = (record.get("commitment_cents") or 0) - record["counted_cents"]
        if record.get("regional"):
            regional_by = statement.origin
        elif fields.get("regional") and "regional" not in record and statement.origin != regional_by:
            record.pop("located", None)
        fields.update({name: value for name, value in record.items() if value not in (None, [], ())})
    known = ProjectRecord.model_fields
    merged = {name: fields.get(name, [] if name in PLURAL else None) for name in known if name != "country_shares"}
    merged["located"] = fields.get("located", [])
    commitment = merged["commitment_cents"]
    merged["counted_cents"] = None if commitment is None else max(commitment - not_counted, 0)
    for flag in ("regional", "additional_financing"):
        merged[flag] = bool(merged[flag])
    return merged


def subtract_included(parent: dict[str, Any], children: Sequence[Mapping[str, Any]]) -> None:
    """Count a parent without the additional financings that its stated amount is known to hold.

    Nothing is done where the parent's own record already says what is counted.
    """
    if parent["counted_note"] or parent["commitment_cents"] is None:
        return
    included = [child for child in children if child["included_in_parent"] == Inclusion.YES and child["counted_cents"]]
    if not included:
        return
    parent["counted_cents"] = max(parent["commitment_cents"] - sum(child["counted_cents"] for child in included), 0)
    names = ", ".join(sorted(child["project_id"] for child in included))
    parent["counted_note"] = f"stated amount holds that of its additional financings, rows of their own: {names}"
