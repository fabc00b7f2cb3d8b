"""The controls of the chart builder, made from the API's own parameters: a filter that the API learns is there at once."""

from dataclasses import dataclass
from typing import Any

from api.params.filters import FilterParams, FormatParams
from models.filters import Dimension

NOT_FILTERS = {*FormatParams.model_fields, "measure"}
"""What is no filter, or has a control of its own."""

LABELS = {
    "q": "Words in names, aims and titles",
    "year_from": "First year of approval",
    "year_to": "Last year of approval",
    "year_basis": "Kind of year",
    "approved_from": "Approved on or after",
    "approved_to": "Approved on or before",
    "min_amount": "Amount of a row, at least (US dollars)",
    "max_amount": "Amount of a row, at most (US dollars)",
    "min_confidence": "Confidence, at least (0 to 1)",
    "set": "Set of the published brief",
    "group": "Group of categories",
    "income_group": "Income group",
    "country": "Country or region",
    "granularity": "What a row stands for",
    "tag": "Label set by hand",
    "oecd_purpose_code": "OECD DAC purpose codes",
    "sdg_target": "Targets of the Sustainable Development Goals",
    "gcm_objective": "Objectives of the Global Compact for Migration",
}
INPUT_TYPES = {"integer": "number", "number": "number", "date": "date"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A parameter as a form shows it; `values` is its closed list, `dimension` the path that lists its members."""

    name: str
    label: str
    hint: str
    many: bool
    input_type: str
    values: tuple[str, ...]
    dimension: str | None


def label_of(name: str) -> str:
    """The readable name of a parameter or a dimension."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def filter_choices() -> list[Choice]:
    """Describe every filter of the API, in its order."""
    schema = FilterParams.model_json_schema()
    properties = {name: found for name, found in schema["properties"].items() if name not in NOT_FILTERS}
    return [_choice(name, found, schema.get("$defs", {})) for name, found in properties.items()]


def _choice(name: str, found: dict[str, Any], definitions: dict[str, Any]) -> Choice:
    many = found.get("type") == "array"
    inner = found["items"] if many else next(iter(found.get("anyOf", [found])))
    inner = definitions.get(inner.get("$ref", "").rpartition("/")[2], inner)
    kind = inner.get("format") or inner.get("type", "string")
    return Choice(
        name=name,
        label=label_of(name),
        hint=found["description"].replace("Comma-separated or repeated.", "").replace("`", "").strip(),
        many=many,
        input_type=INPUT_TYPES.get(kind, "text"),
        values=tuple(inner.get("enum", ())),
        dimension=name if name in set(Dimension) else None,
    )
