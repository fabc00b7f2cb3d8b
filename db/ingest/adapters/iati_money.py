"""Adds up the transactions of an IATI activity: what was committed and what was paid out, in US dollars."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from db.ingest.adapters.exchange import DOLLAR, NoRateError, to_dollars
from db.ingest.adapters.iati_fields import (
    CODES,
    Findings,
    Places,
    Sectors,
    bare_day,
    code_of,
    day_of,
    only_of,
    places_of,
    sectors_of,
)
from db.ingest.adapters.iati_xml import Node
from models.iati.shares import Shares, combine
from models.money import usd
from models.words import counted

AMOUNT = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})")
UNKNOWN: Shares = {"": Fraction(1)}
COMMITMENT, DISBURSEMENT = "commitment", "disbursement"


@dataclass(frozen=True, slots=True)
class Amount:
    """A transaction that counts: cents (`None`: not known in dollars), its day, and its own sectors and places."""

    cents: int | None
    day: date | None
    sectors: Sectors
    places: Places


@dataclass(slots=True)
class Money:
    """The transactions of an activity by what they are, and the conversions that their dollars rest on."""

    amounts: dict[str, list[Amount]] = field(default_factory=lambda: {COMMITMENT: [], DISBURSEMENT: []})
    conversions: list[str] = field(default_factory=list)
    incoming: int = 0

    def total(self, what: str) -> int | None:
        """The sum in cents; `None` where there is nothing to sum, or a part of it is not known in dollars."""
        cents = [amount.cents for amount in self.amounts[what]]
        known = [amount for amount in cents if amount is not None]
        return sum(known) if known and len(known) == len(cents) else None

    def first_day(self) -> date | None:
        """The day of the first commitment that is more than zero."""
        days = [a.day for a in self.amounts[COMMITMENT] if a.day and (a.cents is None or a.cents > 0)]
        return min(days, default=None)

    def weighed(self) -> Sequence[Amount]:
        """The transactions that decide shares: commitments where they add up, else what was paid out."""
        return next((self.amounts[what] for what in (COMMITMENT, DISBURSEMENT) if (self.total(what) or 0) > 0), ())


def money_of(activity: Node, language: str, findings: Findings) -> Money:
    """Read all transactions of an activity.

    Outgoing commitments (2, `C`) and disbursements with expenditures (3 and 4, `D` and `E`) are summed, negative ones
    too. Incoming commitments (11) stand in the giver's own file and are only noted.
    """
    money = Money()
    default = activity.get("default-currency").upper()
    for node in activity.all("transaction"):
        kinds = {code_of(stated).upper(): stated for stated in node.all("transaction-type") if code_of(stated)}
        kind = next(iter(kinds), "")
        if len({CODES.transactions.get(code, code) for code in kinds}) > 1:
            _refuse_kinds(node, kinds, language, money, findings)
        elif what := CODES.transactions.get(kind):
            money.amounts[what].append(_amount(node, what, default, language, money, findings))
        elif kind in CODES.incoming:
            money.incoming += 1
        elif kind not in CODES.uncounted.codes:
            findings.refuse(node.first("transaction-type") or node, kind, "is no type of transaction of the standard")
        _note_finance_type(node.first("finance-type"), findings)
    _note_finance_type(activity.first("default-finance-type"), findings)
    if money.incoming and not money.amounts[COMMITMENT]:
        findings.note(
            f"counted where they are given, not here: {counted(money.incoming, 'incoming commitment')} (type 11)"
        )
    return money


def _refuse_kinds(node: Node, kinds: dict[str, Node], language: str, money: Money, findings: Findings) -> None:
    """Take a transaction of several types for none: the sum of whatever it may belong to is not known."""
    counts = list(dict.fromkeys(what for kind in kinds if (what := CODES.transactions.get(kind))))
    findings.refuse(
        list(kinds.values())[-1],
        ", ".join(kinds),
        "differs from another type beside it: expected one, its sum is not known",
    )
    for what in counts:
        money.amounts[what].append(Amount(None, None, sectors_of(node, language, findings), places_of(node, findings)))


def _note_finance_type(node: Node | None, findings: Findings) -> None:
    if (code := code_of(node)) in CODES.withdrawn_finance_types.codes:
        findings.note(f"finance type {code} was withdrawn from the code list; taken as it is")


def _amount(node: Node, what: str, default: str, language: str, money: Money, findings: Findings) -> Amount:
    """Read one transaction. What cannot be read or converted has no cents, and leaves its sum unknown."""
    dated = only_of(node, "transaction-date", findings, "iso-date", bare_day)
    booked = day_of(dated, code_of(dated, "iso-date"), findings) if dated else None
    unknown = f"the {what} of the activity is not known"
    own = Amount(None, booked, sectors_of(node, language, findings), places_of(node, findings))
    findings.note_shares("sectors", own.sectors.rebased)
    findings.note_shares("places", own.places.rebased)
    stated_values = node.all("value")
    values = [value for value in stated_values if value.text.strip() or value.children] or stated_values
    if len({_meant(value, default) for value in values}) != 1:
        stated = ", ".join(value.text.strip() for value in values)
        findings.refuse(node, stated, f"has {len(values) or 'no'} value{'s' * bool(values)}: {unknown}")
        return own
    value = values[0]
    text, (_, currency, *_) = value.text.strip(), _meant(value, default)
    if value.children or not AMOUNT.fullmatch(text):
        shown = text + "".join(f"<{child.name}>" for child in value.children)
        findings.refuse(value, shown, f"is no amount, expected such as 1250000.50: {unknown}")
        return own
    if not re.fullmatch("[A-Z]{3}", currency):
        reason = (
            "has no currency of its own, and the activity no default-currency"
            if not currency
            else "has no such currency"
        )
        findings.refuse(value, f"{text} {currency}".strip(), f"{reason}: {unknown}")
        return own
    day = day_of(value, value.get("value-date"), findings) or booked
    cents = _in_dollars(value, what, Decimal(text), currency, day, money, findings)
    return Amount(cents, booked or day, own.sectors, own.places)


def _meant(value: Node, default: str) -> tuple[Decimal | str, str, str, bool]:
    """What makes a value another one: its amount, its currency, its day, and whether there are elements in it."""
    text, currency = value.text.strip(), value.get("currency").upper() or default
    amount = Decimal(text) if AMOUNT.fullmatch(text) else text
    return amount, currency, bare_day(value.get("value-date")), bool(value.children)


def _in_dollars(
    node: Node, what: str, amount: Decimal, currency: str, day: date | None, money: Money, findings: Findings
) -> int | None:
    stated = f"{what}: {currency} {amount:f}" + (f" of {day}" if day else "")
    try:
        converted = to_dollars(amount, currency, day)
    except (NoRateError, ValueError) as error:
        findings.refuse(node, f"{currency} {amount:f}", f"{error}: the {what} of the activity is not known in dollars")
        money.conversions.append(f"{stated} not converted: {error}")
        return None
    if currency != DOLLAR:
        rate = f"{converted.rate} ({converted.day})"
        money.conversions.append(f"{stated} at {rate} = USD {usd(converted.cents)}")
    return converted.cents


def shares_of(
    amounts: Sequence[Amount], sectors: Sectors, places: Places, findings: Findings
) -> tuple[Shares | None, Shares | None]:
    """Weigh the sectors and places of transactions, each transaction's own before the activity's.

    Returns:
        Shares by purpose code and by place; `None` where the transactions say nothing of their own, or their
        amounts give no proportion, which is noted. What is odd about the activity's own is noted where it counts.
    """
    by_sector = by_place = None
    if any(amount.sectors.rebased.codes for amount in amounts):
        of_activity = sectors.rebased.shares or UNKNOWN
        own = [
            (a.cents or 0, (a.sectors.rebased.shares or UNKNOWN) if a.sectors.rebased.codes else of_activity)
            for a in amounts
        ]
        by_sector = combine(own)
        if by_sector is None:
            findings.note("sectors of transactions give no proportion (more is taken back than committed): not used")
    if by_sector is None or not all(amount.sectors.rebased.codes for amount in amounts):
        findings.note_shares("sectors", sectors.rebased)
    if any(amount.places.stated for amount in amounts):
        by_place = combine([(a.cents or 0, a.places.shares if a.places.stated else places.shares) for a in amounts])
        if by_place is None:
            findings.note("places of transactions give no proportion (more is taken back than committed): not used")
    if by_place is None or not all(amount.places.stated for amount in amounts):
        findings.note_shares("places", places.rebased)
    return by_sector, by_place
