"""Makes one project out of what its sources said at different dates."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.project import BUNDLE, REPEATING, Said, by_precedence, is_held_in_parent, lineage
from models.records import ProjectRecord
from models.vocabulary import Inclusion

POLLED = frozenset({"worldbank-api", "iati"})
"""Ways in that are asked again and again. That they say the same as last time is stored only where it decides anything:
where another way in has spoken since."""

BY_HAND = frozenset({"records", BUNDLE})
"""Ways in that say of a project what a person found, and not what a list happens to hold."""

COSTLESS = frozenset({"worldbank-export", "worldbank-api"})
"""Ways in by which a cost of zero means that none is stated; statements of before this was known are stored with it."""

OF_A_PARENT = ("included_in_parent", "parent_evidence")
HOLDS = "stated amount holds that of its additional financings, rows of their own: "
"""How the note begins that says what was taken off; people write it with a counted amount, too."""

PLURAL = ("sectors", "themes", "tags", "purpose_codes")


def merge_statements(statements: Sequence[Said]) -> dict[str, Any]:
    """Merge statements field by field: the newest that says anything about a field decides it.

    Whether a parent's amount holds the project's is said of that parent alone: of another one that is named later nobody said
    it, and where the first is named again it holds again.

    Where the money is counted is not overruled by what says less of it: see `_says_less`.

    A counted amount is kept as what the curated statement leaves out of the stated one, so that it follows when a newer
    source states a new total.

    Returns:
        The fields of a project record, amounts in cents, and `countries` as pairs of code and share in ppm.
    """
    fields: dict[str, Any] = {}
    not_counted, placed_by = 0, ""
    said_of: dict[str, dict[str, Any]] = {}
    for statement in by_precedence(statements):
        record = dict(statement.record)
        if not record.get("cost_cents") and statement.origin in COSTLESS:
            record["cost_cents"] = None
        if record.get("counted_cents") is not None:
            not_counted = (record.get("commitment_cents") or 0) - record["counted_cents"]
        if _says_less(statement, fields, is_other=placed_by not in {statement.origin, *REPEATING}):
            record["located"] = fields.get("located", [])
        elif record.get("located"):
            placed_by = statement.origin
        if _has_shares(record.get("located", [])):
            record["regional"] = False
        if (parent := record.get("parent_project_id")) and fields.get("parent_project_id"):
            fields |= said_of.get(parent, dict.fromkeys(OF_A_PARENT))
        fields.update({name: value for name, value in record.items() if value not in (None, [], ())})
        if parent := fields.get("parent_project_id"):
            said_of[parent] = {name: fields.get(name) for name in OF_A_PARENT}
    known = ProjectRecord.model_fields
    merged = {name: fields.get(name, [] if name in PLURAL else None) for name in known if name != "country_shares"}
    merged["located"] = fields.get("located", [])
    commitment = merged["commitment_cents"]
    merged["counted_cents"] = None if commitment is None else max(commitment - not_counted, 0)
    if merged["parent_project_id"] and not merged["included_in_parent"]:
        merged["included_in_parent"] = Inclusion.UNKNOWN  # nobody said
    for flag in ("regional", "additional_financing"):
        merged[flag] = bool(merged[flag])
    return merged


def _says_less(statement: Said, fields: Mapping[str, Any], is_other: bool) -> bool:
    """Tell whether a statement says less of where the money is counted than what is known.

    Shares stand where their countries are repeated without them. From another way in than the one that said it
    (`is_other`), a label without countries overrules neither shares nor the bucket of several countries, unless a person says
    whether the project is regional, or anybody that it is not; and nothing but shares overrules that it is without saying so.
    """
    record = statement.record
    located, known = record.get("located", []), fields.get("located", [])
    if _has_shares(located):
        return False
    countries = {code.upper() for code in record.get("countries") or ()}
    settles = record.get("regional") is False or (statement.origin in BY_HAND and "regional" in record)
    if is_other and not countries and len(known) > 1 and not settles:
        return True
    if _has_shares(known):
        return countries == {code for code, _ in known} and not record.get("regional")
    return is_other and bool(fields.get("regional")) and "regional" not in record


def _has_shares(located: Sequence[Sequence[Any]]) -> bool:
    """Tell whether money is split over several places."""
    return sum(share is not None for _, share in located) > 1


def subtract_included(family: Mapping[str, dict[str, Any]]) -> None:
    """Count each project of a family, given by their ids, without the additional financings that its stated amount is known to
    hold.

    Nothing is taken off where the project's own record says that less is counted, nor for a financing that was dropped, whose
    money no total holds, nor in a ring of projects that name each other.
    """
    parents = {key: project["parent_project_id"] for key, project in family.items()}
    included: dict[str, list[tuple[str, int]]] = {}
    for key, project in family.items():
        held = is_held_in_parent(project) and project["counted_cents"]
        if held and parents[key] in family and not _is_in_ring(parents, key):
            # What it counts before its own financings are taken off: the parent holds these too.
            included.setdefault(parents[key], []).append((key, project["counted_cents"]))
    for key, found in included.items():
        _subtract(family[key], found)
    for key, project in family.items():
        if _is_in_ring(parents, key) and not project["counted_note"]:
            project["counted_note"] = f"not taken off the amount of its parent {parents[key]}: they are in a ring"


def _subtract(parent: dict[str, Any], held: Sequence[tuple[str, int]]) -> None:
    stated = parent["commitment_cents"]
    if stated is None or parent["counted_cents"] != stated:
        return
    parent["counted_cents"] = max(stated - sum(cents for _, cents in held), 0)
    names = ", ".join(sorted(name for name, _ in held))
    # A note outlives the counted amount that it was stated with: what it says of this is told anew, not twice.
    said = (parent["counted_note"] or "").split("; ")
    parent["counted_note"] = "; ".join([*(part for part in said if part and not part.startswith(HOLDS)), HOLDS + names])


def _is_in_ring(parents: Mapping[str, str | None], key: str) -> bool:
    return parents.get(lineage(parents, key)[-1]) == key
