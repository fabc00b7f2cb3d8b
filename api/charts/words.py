"""The words of a picture: amounts, its title, what it was asked for, and what to know before using it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from api.answers.labels import spelled
from api.charts.choice import Choice, Scale
from api.charts.figure import Amount, Figure
from api.charts.theme import width_of
from models.filters import COUNTED_STATUSES, Dimension, Filters, SpendQuery
from models.money import half_up, usd
from models.vocabulary import Basis, Measure, Relevance, YearBasis

UNITS = (
    (10**11, 10**9, "US$ billion"),
    (10**6, 10**6, "US$ million"),
    (10**3, 10**3, "US$ thousand"),
    (0, 1, "US$"),
)
"""From which largest amount on which unit is used: most of what banks report is in millions."""


MEASURES = {Measure.COMMITMENT: "Commitments", Measure.COST: "Project costs", Measure.DISBURSEMENT: "Disbursements"}

BY = {
    Dimension.GROUP: "group of categories",
    Dimension.SET: "set of categories",
    Dimension.YEAR: "year of approval",
    Dimension.FISCAL_YEAR: "fiscal year of approval",
    Dimension.INCOME_GROUP: "income group",
    Dimension.INSTRUMENT: "lending instrument",
    Dimension.STATUS: "project status",
}

IN_DOUBT = re.compile(r"^(includes|((country|region|income_group) )?leaves out|no) | may also be held in ")
"""Warnings that belong under a picture: of money that is not sure, or may count twice, and of what is not known."""

GAP = re.compile(r"^no row loaded (has|of) (country|region|category|group|income_group|lender) ([^:]+):")
"""A warning that names members by their codes, for programs; one `of` members names years of each, too."""

MOST_NAMED = 4
"""Values of a filter that are named; of the others it is said how many they are."""

MOST_LETTERS = 60
"""Letters of the words searched for that are shown."""

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""


@dataclass(frozen=True, slots=True)
class Unit:
    """In what amounts are told: how many dollars it is, and its name."""

    dollars: int
    name: str

    def short(self, cents: int) -> str:
        """Write an amount in this unit with three digits or so, for the eye."""
        value = Decimal(cents) / 100 / self.dollars
        size = abs(value)
        places = 0 if size >= 100 or not cents else 1 if size >= 10 else 2
        while size and size < Decimal(1).scaleb(-places) and places < 8:
            places += 1
        text = f"{half_up(value, places):,f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")

    def span(self, amount: Amount) -> str:
        """Write a range in this unit; an amount that no source states is said to be so."""
        if not amount.stated:
            return "not stated"
        low, high = self.short(amount.low), self.short(amount.high)
        return low if low == high else f"{low} – {high}"


def unit_of(amounts: Iterable[Amount]) -> Unit:
    """The unit that suits the largest of some amounts."""
    most = max((max(abs(amount.low), abs(amount.high)) for amount in amounts), default=0) / 100
    return next(Unit(dollars, name) for least, dollars, name in UNITS if most >= least)


def exact(amount: Amount) -> str:
    """Write a range to the cent, as it is read aloud: "$1,250,000 to $2,000,000"."""
    if not amount.stated:
        return "not stated"
    return dollars(amount.low) if not amount.more else f"{dollars(amount.low)} to {dollars(amount.high)}"


def dollars(cents: int) -> str:
    """Write dollars, with cents where there are any."""
    value = usd(abs(cents))
    return f"{'-' if cents < 0 else ''}${value:,}".removesuffix(".00")


def title_of(query: SpendQuery, choice: Choice) -> str:
    """What is shown, in one line."""
    what = MEASURES[query.filters.measure]
    what += "" if Relevance.NONE in query.filters.relevance else " for migration"
    names = [_by(dimension, query.filters) for dimension in (choice.axis, choice.series) if dimension is not None]
    whole = " (whole projects)" if query.basis is Basis.PROJECT else ""
    return (f"{what} by {' and '.join(names)}" if names else f"{what} in all") + whole


def _by(dimension: Dimension, filters: Filters) -> str:
    if dimension is Dimension.YEAR and filters.year_basis is YearBasis.FISCAL:
        dimension = Dimension.FISCAL_YEAR
    return BY.get(dimension, dimension.value.replace("_", " "))


def subtitle_of(query: SpendQuery, choice: Choice, figure: Figure, unit: Unit) -> str:
    """The unit, the prices and how to read what is drawn."""
    year = query.filters.base_year
    parts = [f"{unit.name}, current prices" if year is None else f"{unit.name} in constant {year} US dollars"]
    if choice.scale is Scale.LOG:
        parts.append("logarithmic scale: each line is ten times the one before")
    text = "; ".join(parts) + "."
    if figure.partial:
        text += " Solid: counts in full. Faint: counts in part, how much is not known."
    return text


def filters_of(filters: Filters, names: Mapping[Dimension, Mapping[Any, str]]) -> str:
    """What the rows were chosen by, in words; nothing where nothing was chosen."""
    named = (
        ("Category", [names[Dimension.CATEGORY].get(code, "none") for code in filters.categories]),
        ("Group", [names[Dimension.GROUP].get(code, code) for code in filters.groups]),
        ("Country", [names[Dimension.COUNTRY].get(code, code) for code in filters.countries]),
        ("Region", [names[Dimension.REGION].get(code, code) for code in filters.regions]),
        ("Income group", [spelled(code) for code in filters.income_groups]),
        ("Project", list(filters.projects)),
        ("Source", list(filters.sources)),
        ("Instrument", list(filters.instruments)),
        ("Lender", [spelled(code) for code in filters.lenders]),
        ("Row", [spelled(code) for code in filters.granularity]),
        ("Tag", [spelled(code) for code in filters.tags]),
        ("Relevance", _relevance(filters)),
        ("Status", [] if set(filters.statuses) == set(COUNTED_STATUSES) else list(filters.statuses)),
    )
    found = [f"{name}: {_some(values)}" for name, values in named if values]
    return ". ".join([*found, *_limits(filters)])


def named_gaps(warnings: Sequence[str], names: Mapping[Dimension, Mapping[Any, str]]) -> list[str]:
    """The same warnings for people: names in the place of codes."""

    def with_names(found: re.Match[str]) -> str:
        known = names.get(Dimension(found[2]), {})
        if found[1] == "of":
            members = re.sub(r"\w+", lambda code: known.get(code[0], code[0]), found[3])
        else:
            members = ", ".join(known.get(code, spelled(code)) for code in found[3].split(", "))
        return f"no row loaded {found[1]} {found[2].replace('_', ' ')} {members}:"

    return [GAP.sub(with_names, warning) for warning in warnings]


def _relevance(filters: Filters) -> list[str]:
    usual = {Relevance.DIRECT, Relevance.PARTIAL}
    return [] if set(filters.relevance) in (usual, set(Relevance)) else [spelled(one) for one in filters.relevance]


def _limits(filters: Filters) -> list[str]:
    found = []
    for name, first, last in (
        ("Approved", filters.approved_from, filters.approved_to),
        ("Fiscal years" if filters.year_basis is YearBasis.FISCAL else "Years", filters.year_from, filters.year_to),
        (
            "Amounts of rows",
            None if filters.min_cents is None else dollars(filters.min_cents),
            None if filters.max_cents is None else dollars(filters.max_cents),
        ),
    ):
        if first is not None and last is not None:
            found.append(f"{name} {first} to {last}")
        elif first is not None or last is not None:
            found.append(f"{name} from {first}" if first is not None else f"{name} up to {last}")
    found += [] if filters.min_confidence is None else [f"Confidence at least {filters.min_confidence:g}"]
    found += [] if filters.search is None else [f"Words: {_cut(filters.search.text)}"]
    return found


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(values[:MOST_NAMED])
    return shown if len(values) <= MOST_NAMED else f"{shown} and {len(values) - MOST_NAMED} more"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS].rstrip()}…"


def wrapped(text: str, pixels: float, size: float) -> list[str]:
    """Break a text into lines that fit so many pixels in a letter size."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and width_of(longer, size) > pixels:
            lines.append(line)
            longer = word
        while width_of(longer, size) > pixels and len(longer) > 1:  # a word that is longer than a line is broken
            cut = next(n for n in range(len(longer) - 1, 0, -1) if n == 1 or width_of(longer[:n], size) <= pixels)
            lines.append(longer[:cut])
            longer = longer[cut:]
        line = longer
    return [*lines, line] if line else lines


def clean(text: str) -> str:
    """Replace what XML cannot hold; everything else is shown as it is."""
    return ILLEGAL.sub("�", text)


def notes_of(query: SpendQuery, figure: Figure, totals: Mapping[str, int], warnings: Sequence[str]) -> list[str]:
    """What to know before using the picture."""
    found = []
    if not query.additive:
        found.append("Rows overlap and do not add up to a total.")
    for dimension, count in figure.left_out.items():
        found.append(f"{count} smaller of {_by(dimension, query.filters)} not drawn.")
    high = totals["amount_usd"] + totals["partial_usd"]
    for words, name in (
        ("rests on doubtful classifications", "low_confidence"),
        ("stands on whole projects, whose components state no amount", "whole_project"),
    ):
        part = totals[f"{name}_usd"] + totals[f"{name}_partial_usd"]
        if part and high:
            found.append(f"{_percent(part, high)} of the money (upper end) {words}.")
    matter = [warning.replace(".00 US dollars", " US dollars") for warning in warnings if IN_DOUBT.search(warning)]
    matter = [warning.replace("income_group", "income group", 1) for warning in matter]
    return found + [f"{warning[:1].upper()}{warning[1:]}." for warning in matter]


def _percent(part: int, whole: int) -> str:
    share = Decimal(100 * part) / whole
    return f"{share:.0f}%" if share >= 1 else "Less than 1%"
