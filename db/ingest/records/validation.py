"""Turns raw records into valid ones, or into messages that name the place, the field, the value and what is right."""

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from functools import cache, partial
from itertools import islice
from typing import Any, NamedTuple

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails

from db.ingest.adapters.adapter import RawRecord
from models.classification import load_taxonomy
from models.contradictions import contradictions
from models.country import WORLD, Country, PlaceIndex
from models.money import PPM
from models.records import FORMS, AnyRecord, ProjectRecord, Record, ReviewRecord, field_names, share_to_ppm
from models.texts import LONGEST_ID, clean_text, no_id, problems_of, storable, with_p_number
from models.vocabulary import PlaceKind
from models.wrong_values import words_for

MOST_FIELDS = 100
"""Fields of a refused record that are kept: more than any kind of record has."""

MOST_ERRORS = 20
"""Errors of one record that are listed; each is kept with the record, so that many would cost far more than it."""

OF_PLACES = {"countries", "country_shares", "regional", "place", "region"}
"""Fields that say where a project is: where one of them is refused, nothing further is said of them."""

OF_NOTHING = {"string_type", "int_type", "float_type", "date_type", "enum"}
"""Kinds of error of fields that need a value, where none may be stated."""

REMARK = "remark"
"""Stands for the field where nothing was refused; no record has a field of this name."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record, or one value of it, did not get in. `whole` is false where the record was kept without the value."""

    place: str
    record_id: str | None
    field: str
    value: str | None
    reason: str
    record: dict[str, Any]
    whole: bool = True


class Valid(NamedTuple):
    """A valid record, where it stood, for a project the places its money is counted in with shares in ppm, and when it
    was retrieved if that was before the run."""

    place: str
    record: AnyRecord
    countries: tuple[tuple[str, int | None], ...] = ()
    retrieved_at: datetime | None = None


class Fault(NamedTuple):
    """What is wrong with a field of a record; the reason may be put into words when it is told."""

    field: str
    value: object
    reason: str | Callable[[], str]


def validate(raw: RawRecord, places: PlaceIndex, sources: Collection[str]) -> tuple[Valid | None, list[Rejection]]:
    """Validate one raw record. An error that no rule foresees costs that record only, not the file it stands in.

    Returns:
        The valid record or `None`, and the rejections: of the record as a whole, for each field that is wrong, or of values it
        is kept without.
    """
    if raw.barred:
        return None, [_rejection(raw, "type", *raw.barred)]
    if raw.broken:
        return None, [_rejection(raw, "record", None, raw.broken)]
    try:
        record, faults = _read(raw)
    except Exception as error:
        return None, [_rejection(raw, "record", None, f"cannot be checked: {type(error).__name__}: {error}")]
    refused = {fault.field for fault in faults}
    faults += [Fault(field, raw.fields.get(field), why) for field, why in contradictions(raw.kind, record, refused)]
    faults += _unknown_codes(raw.kind, record, sources, refused)
    countries: tuple[tuple[str, int | None], ...] = ()
    if raw.kind is ProjectRecord and OF_PLACES.isdisjoint(fault.field for fault in faults):
        countries, unknown = _locate(record, places)
        faults += unknown
    if faults:
        return None, list(_refusals(raw, faults))
    kept_without = [
        _rejection(raw, field, value, f"{value!r} {reason}", whole=False) for field, value, reason in raw.set_aside
    ]
    return Valid(raw.place, record, countries, raw.retrieved_at), kept_without


def _read(raw: RawRecord) -> tuple[Any, list[Fault]]:
    """Read the fields of a record, of one that has faulty ones the others: they can be checked further."""
    try:
        return raw.kind.model_validate(raw.fields), []
    except ValidationError as error:
        faults = list(_faults_of(raw.kind, error))
        others = raw.fields.keys() - {fault.field for fault in faults}
        return _lenient(raw.kind).model_validate({name: raw.fields[name] for name in others}), faults


@cache
def _lenient(kind: type[AnyRecord]) -> type[Any]:
    """The same fields, of which none is required."""
    fields: dict[str, Any] = {}
    for name, info in kind.model_fields.items():
        fields[name] = info.annotation, copy(info)
        if info.is_required():
            fields[name][1].default = None
    return create_model(kind.__name__, __base__=Record, **fields)


def told(raw: RawRecord) -> Rejection:
    """Write down why a document gives no record, or a remark on what was done."""
    if raw.remark:
        return _rejection(raw, REMARK, None, raw.remark, whole=False)
    return _rejection(raw, "text", None, raw.passed_over or "")


def _rejection(raw: RawRecord, field: str, value: object, reason: str, whole: bool = True) -> Rejection:
    said = storable(raw.fields.get("project_id") or raw.fields.get("subject_id") or "")
    identifier = with_p_number(said.strip())[:LONGEST_ID] or None
    shown = None if value is None else storable(value)
    name = storable((raw.names or {}).get(field, field))
    record = {storable(key): storable(item) for key, item in islice(raw.fields.items(), MOST_FIELDS)}
    return Rejection(storable(raw.place, 2_000), identifier, name, shown, storable(reason, 2_000), record, whole)


def _refusals(raw: RawRecord, faults: Sequence[Fault]) -> Iterator[Rejection]:
    for field, value, reason in faults[:MOST_ERRORS]:
        yield _rejection(raw, field, value, reason if isinstance(reason, str) else reason())
    if len(faults) > MOST_ERRORS:
        yield _rejection(raw, "record", None, f"{len(faults) - MOST_ERRORS:,} more errors, which are not listed")


def _faults_of(kind: type[AnyRecord], error: ValidationError) -> Iterator[Fault]:
    for problem in problems_of(error):
        field = str(problem["loc"][0]) if problem["loc"] else "record"
        value = problem["input"] if problem["loc"] else None
        reason: str | Callable[[], str] = _worded(problem)
        if problem["type"] == "extra_forbidden":
            reason = partial(_unknown_field, kind, field)
        elif problem["type"] == "missing" or (problem["type"] in OF_NOTHING and clean_text(value) is None):
            reason, value = _missing(kind, field), None
        elif problem["type"] == "string_pattern_mismatch":
            reason = no_id(str(value), FORMS[problem["ctx"]["pattern"]])
        elif problem["type"] == "string_too_long":
            most = problem["ctx"]["max_length"]
            reason = f"has {len(str(value)):,} characters, at most {most:,} are taken"
        elif problem["type"] == "too_long":
            found, most = (problem["ctx"][name] for name in ("actual_length", "max_length"))
            reason = f"has {found:,} items, at most {most:,} are taken"
        yield Fault(field, value, reason)


def _missing(kind: type[AnyRecord], field: str) -> str:
    """Say that a field is missing, and what it may be where that is a short list."""
    column = kind.model_fields.get(field)
    may_be: Any = column.annotation if column else None
    listed = isinstance(may_be, type) and issubclass(may_be, StrEnum)
    return "required, but missing" + (f": expected {' or '.join(may_be)}" if listed else "")


def _worded(problem: ErrorDetails) -> str:
    """Say of a value what is wrong with it; what our own checks say names it already."""
    words = words_for(problem["type"], problem.get("ctx", {}))
    return f"{str(problem['input'])[:60]!r} {words}" if words else problem["msg"].removeprefix("Value error, ")


def _unknown_field(kind: type[AnyRecord], field: str) -> str:
    near = get_close_matches(field, list(field_names(kind)), n=1)
    return "unknown field" + (f"; did you mean {near[0]!r}?" if near else "")


def _unknown_codes(
    kind: type[AnyRecord], record: Any, sources: Collection[str], refused: Collection[str]
) -> Iterator[Fault]:
    """Check a record's source, and a review's categories against the taxonomy, but for fields that are refused already."""
    if kind is not ReviewRecord:
        if "source" not in refused and record.source not in sources:
            reason = f"no source {record.source[:60]!r}: expected one of {', '.join(sorted(sources))}"
            yield Fault("source", record.source, reason)
        return
    codes = load_taxonomy().by_code
    for field, code in [
        ("category", record.category),
        *(("secondary_categories", c) for c in record.secondary_categories),
    ]:
        if field not in refused and code not in codes:
            yield Fault(field, code, partial(_no_category, code))


def _no_category(code: str) -> str:
    codes = load_taxonomy().by_code
    near = get_close_matches(code, list(codes), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no category {code[:60]!r}: expected one of {', '.join(codes)}{hint}"


def _locate(record: ProjectRecord, places: PlaceIndex) -> tuple[tuple[tuple[str, int | None], ...], Sequence[Fault]]:
    """Decide in which places a project's money is counted.

    One country, or several with shares, get the money. Anything else goes to the bucket of the region: never to each
    country, never to a guessed one.
    """
    codes = [code.upper() for code in record.countries]
    if unknown := [code for code in codes if code not in places.by_code]:
        return (), [Fault("countries", code, partial(_no_place, code, places)) for code in unknown]
    if record.country_shares:
        shares = [share_to_ppm(share) for share in record.country_shares]
        return tuple(zip(codes, shares, strict=True)), ()
    labelled = places.find(record.place) if record.place else None
    if record.place and labelled is None and not codes:
        hint = _nearest(record.place, places)
        reason = f"unknown place {record.place[:60]!r}: expected a country's or region's exact name{hint}"
        return (), [Fault("place", record.place, reason)]
    if len(codes) == 1 and not record.regional:
        return ((codes[0], PPM),), ()
    if labelled and labelled.kind == PlaceKind.COUNTRY and not record.regional and not codes:
        return ((labelled.code, PPM),), ()
    bucket = _bucket(record, labelled, places)
    if bucket is None:
        reason = "nothing says where the project is: expected countries, a place or a region"
        return (), [Fault("place", record.place, reason)]
    return ((bucket, PPM), *((code, None) for code in codes if code != bucket)), ()


def _no_place(code: str, places: PlaceIndex) -> str:
    return f"no place {code[:60]!r}: expected ISO 3166-1 alpha-3 codes, such as JOR{_nearest(code, places)}"


def _bucket(record: ProjectRecord, labelled: Country | None, places: PlaceIndex) -> str | None:
    if labelled and labelled.kind != PlaceKind.COUNTRY:
        return labelled.code
    region = places.by_code.get(record.region) or places.find(record.region) if record.region else None
    if region:
        return region.code
    regions = (
        {labelled.region_code} if labelled else {places.by_code[code.upper()].region_code for code in record.countries}
    )
    of_all = regions.pop() if len(regions) == 1 else None
    return of_all or (WORLD if labelled or record.countries else None)


def _nearest(label: str, places: PlaceIndex) -> str:
    names = {place.name.casefold(): place for place in places.by_code.values()}
    by_code = get_close_matches(label.upper(), list(places.by_code), n=1, cutoff=0.6) if len(label) <= 3 else []
    by_name = get_close_matches(label.casefold(), list(names), n=1, cutoff=0.75)
    place = places.by_code[by_code[0]] if by_code else names[by_name[0]] if by_name else None
    return f"; did you mean {place.name} ({place.code})?" if place else ""
