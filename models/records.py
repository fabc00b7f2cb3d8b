"""Records: what every source is turned into before anything is stored. Bad values are refused here, by name; what does not fit
another field of the same record is found by `models/contradictions.py`."""

import re
from collections import Counter
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from models.dates import PartialDate, PastDay, parse_day
from models.money import PPM, parse_dollars
from models.texts import (
    AS_TEXT,
    LONGEST_ID,
    LONGEST_LABEL,
    LONGEST_PROJECT_ID,
    LONGEST_TEXT,
    LONGEST_WORDS,
    clean_text,
    form_of_ids,
    text_of,
    with_p_number,
    without_nul,
)
from models.vocabulary import Certainty, Inclusion, Measure, Relevance, Tag


def parse_flag(value: object) -> bool:
    """Read yes or no, as "yes", "Y", "true", "1" and their opposites; nothing is no."""
    if isinstance(value, bool):
        return value
    text = (clean_text(value) or "no").casefold()
    if text in {"y", "yes", "true", "1"}:
        return True
    if text in {"n", "no", "false", "0"}:
        return False
    raise ValueError(f"{text[:40]!r} is neither yes nor no")


def parse_list(value: object) -> tuple[str, ...]:
    """Read a list, or a text whose items are parted by ";"; each as `text_of` reads it."""
    if value is None:
        return ()
    if not isinstance(value, str) and isinstance(value, dict | bool):
        raise ValueError(f"{str(value)[:60]!r} is an object or a flag: expected a list of texts")
    items = value if isinstance(value, list | tuple) else str(value).split(";")
    return tuple(item for item in (text_of(item) for item in items) if item)


_WEB = re.compile(r"https?://\S", re.IGNORECASE)


def is_web_address(text: str) -> bool:
    """True for http and https: pages link to it, and nothing else should run where somebody follows the link."""
    return _WEB.match(text) is not None


def check_number(value: object) -> object:
    """Refuse yes and no, which would count as 1 and 0, and `1_0`, which would count as 10.

    Raises:
        ValueError: if it is one of these.
    """
    if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        raise ValueError(f"{str(value)[:60]!r} is not a number")
    return value


def check_address(text: str | None) -> str | None:
    """Check the address of a source.

    Raises:
        ValueError: if it is not one of the web.
    """
    if text and not is_web_address(text):
        raise ValueError(f"{text[:60]!r} is no address on the web: expected http://… or https://…")
    return text


def check_own_id(text: str) -> str:
    """Check the id of a project.

    Raises:
        ValueError: if it ends with a dash: then it is a bank's mark alone, of a row without an id.
    """
    if text.endswith("-"):
        raise ValueError(f"{text[:60]!r} has nothing behind its dash: expected the project's own id there")
    return text


def check_purposes(values: tuple[str, ...]) -> tuple[str, ...]:
    """Check purpose codes, each alone or with its percentage: `24050`, `24050:30`.

    Raises:
        ValueError: if one is neither, is named twice, or the percentages pass 100.
    """
    codes, total = [], 0
    for value in values:
        code, colon, percent = value.partition(":")
        if not re.fullmatch(r"[0-9]{3}(?:[0-9]{2})?", code):
            raise ValueError(f"{value[:40]!r} is not a purpose code of the OECD DAC, alone or as 24050:30")
        total += share_to_ppm(percent) if colon else 0
        codes.append(code)
    if len(set(codes)) < len(codes) or total > PPM:
        raise ValueError(f"purpose_codes {';'.join(values)[:100]!r} name a code twice, or pass 100 percent")
    return values


def check_countries(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Check that no country is named twice, in capitals or not.

    Raises:
        ValueError: if one is.
    """
    capitals = [code.upper() for code in codes]
    if len(set(capitals)) < len(capitals):
        repeated = Counter(capitals).most_common(1)[0][0]
        raise ValueError(f"countries name {repeated[:40]!r} more than once: expected each country once")
    return codes


def parse_positive_dollars(value: object) -> int | None:
    """Read an amount that cannot be negative, into cents; see `models.money.parse_dollars`."""
    cents = parse_dollars(value)
    if cents is not None and cents < 0:
        raise ValueError(f"{str(value)[:40]!r} is negative; a total or a component is zero or more")
    return cents


Text = Annotated[Annotated[str, Field(max_length=LONGEST_TEXT)] | None, AS_TEXT]
Label = Annotated[Annotated[str, Field(max_length=LONGEST_LABEL)] | None, AS_TEXT]
"""A text by which answers are grouped: it stands in an index, as JSON in ASCII. PostgreSQL takes 2,700 bytes there."""
Address = Annotated[Text, AfterValidator(check_address)]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS), AS_TEXT]
Day = Annotated[date | None, BeforeValidator(parse_day)]
AsOf = Annotated[PartialDate | None, AS_TEXT]
Flag = Annotated[bool, BeforeValidator(parse_flag)]
Items = Annotated[tuple[str, ...], BeforeValidator(parse_list)]
Purposes = Annotated[Items, AfterValidator(check_purposes)]
Countries = Annotated[Items, AfterValidator(check_countries)]
Cents = Annotated[int | None, BeforeValidator(parse_positive_dollars)]
Passage = Annotated[Annotated[str, Field(max_length=LONGEST_TEXT)] | None, AfterValidator(without_nul)]
"""Words of a document as they stand there, blanks and line breaks too: places in it are counted by them."""
Ordinal = Annotated[int, Field(ge=1, le=999), BeforeValidator(check_number)]
Offset = Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, BeforeValidator(check_number)]
Confidence = Annotated[Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None, BeforeValidator(check_number)]
_SUBJECT, _PROJECT = form_of_ids(LONGEST_ID), form_of_ids(LONGEST_PROJECT_ID)
FORMS = {_SUBJECT: LONGEST_ID, _PROJECT: LONGEST_PROJECT_ID}
"""The regular expressions of ids, and how many characters these have at most: see `no_id`."""
SubjectId = Annotated[
    str,
    Field(pattern=_SUBJECT),
    AS_TEXT,
    AfterValidator(with_p_number),
]
"""The id of a project, or of a component, which is longer by its number."""
ProjectId = Annotated[
    str,
    Field(pattern=_PROJECT),
    AS_TEXT,
    AfterValidator(with_p_number),
    AfterValidator(check_own_id),
]


def _dollars(name: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(f"{name}_usd"), serialization_alias=f"{name}_usd")


class Record(BaseModel):
    """What all records share: they are frozen, and a field nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class ProjectRecord(Record):
    """A project as one source states it. Amounts are read in US dollars (`…_usd`) and kept in cents."""

    project_id: ProjectId
    name: Words
    objective: Text = None
    place: Text = None
    countries: Countries = ()
    country_shares: Items = ()
    regional: Flag = False
    region: Text = None
    status: Literal["Active", "Closed", "Pipeline", "Dropped"] | None = None
    approval_date: Day = None
    closing_date: Day = None
    instrument: Label = None
    additional_financing: Flag = False
    parent_project_id: ProjectId | None = None
    included_in_parent: Inclusion | None = None
    parent_evidence: Text = None
    ibrd_cents: Cents = _dollars("ibrd")
    ida_cents: Cents = _dollars("ida")
    grant_cents: Cents = _dollars("grant")
    other_cents: Cents = _dollars("other")
    commitment_cents: Cents = _dollars("commitment")
    counted_cents: Cents = _dollars("counted")
    counted_note: Text = None
    cost_cents: Cents = _dollars("project_cost")
    disbursement_cents: Cents = _dollars("disbursement")
    sectors: Items = ()
    themes: Items = ()
    purpose_codes: Purposes = ()
    borrower: Text = None
    implementing_agency: Text = None
    tags: Annotated[tuple[Tag, ...], BeforeValidator(parse_list)] = ()
    note: Text = None
    reporting_org: Text = None
    reporting_org_ref: Text = None
    reporting_org_former: Items = ()
    reported_id: Text = None
    conversions: Items = ()
    source: str = "user-records"
    source_url: Address = None
    as_of: AsOf = None


class ComponentRecord(Record):
    """A component as one source lists it. The amount is read in US dollars and kept in cents."""

    project_id: ProjectId
    ordinal: Ordinal
    title: Words
    description: Text = None
    amount_cents: Cents = _dollars("amount")
    amount_basis: Measure | None = None
    list_complete: Flag = True
    note: Text = None
    source: str = "user-records"
    source_url: Address = None
    as_of: AsOf = None
    passage: Passage = None
    passage_start: Offset = None
    passage_end: Offset = None
    extraction_confidence: Confidence = None
    extraction_flags: Items | None = None


class ReviewRecord(Record):
    """One line of a person's decision on a project or component; several lines of one subject share its money."""

    subject_id: SubjectId
    category: str
    share_percent: Annotated[str | None, AS_TEXT] = None
    secondary_categories: Annotated[Items, Field(max_length=20)] = ()
    relevance: Relevance
    certainty: Certainty
    reason: Words
    reviewer: Words
    reviewed_on: Annotated[PastDay, BeforeValidator(parse_day)]


def share_to_ppm(percent: str) -> int:
    """Turn a percentage written as text into parts per million, exactly.

    Raises:
        ValueError: if it is no decimal number, negative, or finer than a part per million.
    """
    match = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?", percent.strip())
    if not match:
        raise ValueError(
            f"{percent[:60]!r} is no share in percent: expected a number such as 25 or 12.5, without a sign, "
            "with at most four decimals"
        )
    return int(match[1]) * 10_000 + int((match[2] or "").ljust(4, "0"))


AnyRecord = ProjectRecord | ComponentRecord | ReviewRecord


def field_names(kind: type[AnyRecord]) -> dict[str, bool]:
    """Name the fields of a record as files write them, and whether each is required."""
    return {info.serialization_alias or name: info.is_required() for name, info in kind.model_fields.items()}
