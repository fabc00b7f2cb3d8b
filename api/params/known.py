"""Values of filters that only the data know: checked, and as they are spelled there."""

from collections.abc import Iterable, Mapping, Sequence, Set

from api.deps import Snapshot
from api.problems.kinds import NEAR, BadParameterError, ProblemItem, unknown_value
from db.errors import NotFoundError
from db.queries.project_ids import as_stored, taken_as_stored
from models.country import WORLD, PlaceIndex

REGIONS_CALLED = {
    "EAP": "EAS",
    "ECA": "ECS",
    "LAC": "LCN",
    "LCR": "LCN",
    "MENA": "MEA",
    "MNA": "MEA",
    "SAR": "SAS",
    "SSA": "AFE,AFW,AFR",
    "Sub-Saharan Africa": "AFE,AFW,AFR",
    "Africa": "AFE,AFW,AFR",
    "East Africa": "AFE",
    "Eastern Africa": "AFE",
    "Southern Africa": "AFE",
    "West Africa": "AFW",
    "Western Africa": "AFW",
    "Central Africa": "AFW",
    "Asia": "EAS,SAS",
    "East Asia": "EAS",
    "South East Asia": "EAS",
    "Southeast Asia": "EAS",
    "Pacific": "EAS",
    "Europe": "ECS",
    "Central Asia": "ECS",
    "America": "LCN,NAC",
    "Americas": "LCN,NAC",
    "Latin America": "LCN",
    "South America": "LCN",
    "Central America": "LCN",
    "Caribbean": "LCN",
    "West Asia": "MEA",
    "Western Asia": "MEA",
    "Middle East": "MEA",
    "North Africa": "MEA",
    **dict.fromkeys((WORLD, "World", "Global"), f"country={WORLD}"),
}
"""What the World Bank's acronyms of regions and usual names, which are no codes of regions here, mean; for suggestions."""

NEAR_NAME = 0.85
"""How alike the names of regions have to be: "South America" and "South Africa" are at 0.8."""


def known_place(code: str, places: PlaceIndex, loaded: Set[str]) -> str:
    """Find a country or a bucket by its code, whatever the case; `loaded` are those that have rows, for suggestions.

    Raises:
        BadParameterError: for one that there is not, with what is meant where its name was given.
    """
    if code.upper() in places.by_code:
        return code.upper()
    named = places.find(code)
    hints = {place.name.casefold(): place.code for place in places.by_code.values()}
    item = unknown_value("country", code, sorted(places.by_code), hints, loaded)
    if named:
        item = item.model_copy(update={"suggestion": named.code})
    raise BadParameterError(item)


def region_hints(regions: Mapping[str, str]) -> dict[str, str]:
    """Names of regions, and the codes that they mean."""
    return {name: code for code, name in regions.items()} | REGIONS_CALLED


def known_values(
    parameter: str,
    values: Sequence[str],
    allowed: Iterable[str],
    hints: Mapping[str, str] | None = None,
    cutoff: float = NEAR,
) -> tuple[str, ...]:
    """Check values against a closed list that only the data know: as it is spelled there, else all that differ in case alone.

    `cutoff`: see `unknown_value`.

    Raises:
        BadParameterError: for one that is not in it.
    """
    if not values:
        return ()
    items = sorted(allowed)
    spellings: dict[str, tuple[str, ...]] = {}
    for item in items:
        spellings[item.casefold()] = (*spellings.get(item.casefold(), ()), item)
    for value in values:
        if value.casefold() not in spellings:
            further = {name.casefold(): code for name, code in (hints or {}).items()}
            raise BadParameterError(unknown_value(parameter, value, items, further, cutoff=cutoff))
    alike = ((value, spellings[value.casefold()]) for value in values)
    return tuple(dict.fromkeys(item for value, found in alike for item in ((value,) if value in found else found)))


def known_projects(values: Sequence[str], snapshot: Snapshot) -> tuple[str, ...]:
    """Find projects by their ids, as written or in capitals, as the World Bank writes them.

    Raises:
        BadParameterError: for one that is not there.
    """
    if taken_as_stored(snapshot.connection, values):
        return tuple(values)
    try:
        return tuple(as_stored(snapshot.connection, values))
    except NotFoundError as error:
        wrong = error.identifier[:100]
        message = f"there is no project {wrong!r}"
        item = ProblemItem(parameter="project", value=wrong, message=message, suggestion=error.suggestion)
        raise BadParameterError(item) from None
