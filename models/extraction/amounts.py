"""Amounts of money in words and figures: reading them, and saying why one cannot be read."""

import re
from dataclasses import dataclass
from decimal import Decimal

from models.extraction.cleaning import spaced
from models.extraction.result import AMBIGUOUS_UNIT, AMOUNT_UNREADABLE, CURRENCY_UNSTATED, NOT_USD
from models.money import MAX_DOLLARS

LARGEST_MILLIONS = Decimal(10_000)
"""More 'millions' than this for one component (10 billion dollars) are whole dollars with a wrong unit."""

SMALLEST_WHOLE = Decimal(10_000)
"""No component costs less than this many dollars: a smaller number has another unit than the one it seems to have."""

MILLION = rf"(?:{spaced('million')}(?: ?s)?|{spaced('millones')}|{spaced('millon')}|milhoes|milhao|mln|mn|mm)"
_UNITS: tuple[tuple[str, int | None], ...] = (
    (rf"mil {MILLION}|{spaced('billion')}(?: ?s)?|milliards?|bn", 10**9),
    (MILLION, 10**6),
    (rf"{spaced('thousand')}s?|milliers|mille|miles|mil", 10**3),
    ("m", 10**6),
    ("b", 10**9),
    ("k", 10**3),
    ("billon(?:es)?|bilhoes|bilhao|trillions?", None),  # a long-scale billion or worse: no component is that large
)
_UNIT = "|".join(pattern for pattern, _ in (*_UNITS[-1:], *_UNITS[:-1]))
_FACTORS = tuple((re.compile(rf"(?:{pattern})\Z"), factor) for pattern, factor in (*_UNITS[-1:], *_UNITS[:-1]))

_DOLLARS = (
    r"u ?\.? ?s ?\.? ?(?:\$|d ?o ?l ?l ?a ?r ?s?|d\b)|usd(?: ?\$)?|\$ ?us\b|(?<![a-z])\$|(?<=\dm)\$|(?<=\d m)\$"
    r"|d ?o ?l ?l ?a ?r ?s?(?: (?:us|americains?|des etats-unis))?"
    r"|dolares?(?: (?:estadounidenses|americanos|de (?:los )?(?:estados unidos|ee\.? ?uu\.?)))?"
)
_FOREIGN = (
    r"(?!m\$)[a-z]{1,3}\$|eur(?:os?)?\b|€|£|gbp|sdrs?\b|xdrs?\b|dts\b|deg\b|xaf|xof|f ?cfa|cfaf|cfa|jpy|¥|yen\b|rmb|cny|inr"
    r"|brl|cop\b"
    r"|tl\b|try\b|cad\b|aud\b|nzd\b|chf\b|sek\b|nok\b|dkk\b|pesos?\b|rupees?\b|reais\b|dirhams?\b|mad\b|dinars?\b"
    r"|shillings?\b"
    r"|birr\b|naira\b|kes\b|ugx\b|bdt\b|taka\b|pkr\b|npr\b|zar\b|rand\b|mxn\b|lei\b|hrk\b|kunas?\b|pln\b|uah\b"
    r"|soms?\b|gnf\b"
)
_NUMBER = r"\d{1,3}(?:[., ]\d{3})+(?!\d)(?:[.,] ?\d{1,2}(?!\d))?|\d+(?:[.,] ?\d+)*"
_AFTER = r"(?![a-z0-9])"
_MONEY = re.compile(
    rf"(?P<cur>{_DOLLARS}|{_FOREIGN}) ?(?:(?P<unit0>{_UNIT}){_AFTER} ?)?(?P<num>{_NUMBER})(?: ?(?P<unit>{_UNIT}){_AFTER})?"
    rf"|(?<![\d.,a-z])(?P<num2>{_NUMBER}) ?(?:(?P<unit2>{_UNIT}){_AFTER})? ?(?:of |de |d' ?|en )?(?P<cur2>{_DOLLARS}"
    rf"|{_FOREIGN})"
    rf"|(?<![\d.,a-z])(?P<num3>{_NUMBER}) ?(?P<unit3>{MILLION}){_AFTER}(?= ?(?:[)\];,.]|\Z|equivalent))"
)
_DOLLAR = re.compile(rf"(?:{_DOLLARS})\Z")
_RANGE = re.compile(rf" ?(?:-|to|a|/) ?(?:(?:{_DOLLARS}) ?)?\d")
_RATE = re.compile(
    r" ?(?:equivalent )?(?:(?:a|every) (?:year|annum|month)|each\b|apiece|per (?!(?:the|pad|icr)\b)|/ ?[a-z])"
    r"| annually| par [a-z]| por (?:ano|cada|km|kilom)|,? ?(?:chacune?|cada un[oa])\b"
)
_MARK = re.compile(r"[$€£]|\busd|\beur\b|\bsdr|\bxdr|dollar|dolares|\bmillions?\b|\bmillones\b|\bmilhoes\b")


_LAST_FIGURE = re.compile(rf"(?:{_DOLLARS}) ?(?P<num>\d[\d., ]*)(?P<unit> ?(?:mi|bi|th)[a-z]*)?\Z")
_WHOLE_FIGURE = re.compile(r"\d{1,3}(?:,\d{3}){2,}(?:\.\d\d)?|\d{1,3}(?:[. ]\d{3}){2,}(?:,\d\d)?")
_SPENT = re.compile(r"(?:actual|final)\b[^;()]{0,24}\Z")  # what was spent is not taken, cut or whole


@dataclass(frozen=True, slots=True)
class Money:
    """One mention of money; `cents` is None where `flag` says why."""

    start: int
    end: int
    cents: int | None
    usd: bool
    flag: str | None = None


def has_money_mark(folded: str) -> bool:
    """Say whether a text names a currency or millions at all."""
    return _MARK.search(folded) is not None


def find_money(folded: str, continental: bool) -> list[Money]:
    """Find what is said of money in a folded text; `continental` where commas part decimals."""
    return [_read(match, folded, continental) for match in _MONEY.finditer(folded)]


def cut_figure(folded: str) -> int | None:
    """Place of a sum at the very end of a text that an excerpt may have cut: 'US$37 mil', 'US$12,500'; None if whole."""
    last = _LAST_FIGURE.search(folded, max(0, len(folded) - 60))
    if last is None or _WHOLE_FIGURE.fullmatch(last["num"]) or _SPENT.search(folded, 0, last.start()):
        return None
    unit = (last["unit"] or "").strip()
    return None if re.fullmatch(rf"{MILLION}|billions?|thousands?|milliards?", unit) else last.start("num")


def _read(match: "re.Match[str]", folded: str, continental: bool) -> Money:
    currency = match["cur"] or match["cur2"]
    number = match["num"] or match["num2"] or match["num3"]
    unit = match["unit"] or match["unit0"] or match["unit2"] or match["unit3"] or ""
    start, end = match.span()
    usd = currency is not None and _DOLLAR.match(currency) is not None
    if not usd:
        return Money(start, end, None, False, NOT_USD if currency else CURRENCY_UNSTATED)
    if _RANGE.match(folded, end) or _RATE.match(folded, end):
        return Money(start, end, None, True, AMOUNT_UNREADABLE)
    cents, flag = to_cents(number, unit, continental)
    return Money(start, end, cents, True, flag)


def to_cents(number: str, unit: str, continental: bool) -> tuple[int | None, str | None]:
    """Turn figures and their unit (folded, maybe empty) into cents, or say why not."""
    factor = next((factor for pattern, factor in _FACTORS if pattern.match(unit)), None) if unit else 1
    value, flag = read_number(number, bool(unit), continental)
    if value is None or factor is None:
        return None, flag or AMOUNT_UNREADABLE
    if factor >= 10**6 and value * factor > LARGEST_MILLIONS * 10**6:
        return None, AMBIGUOUS_UNIT
    if 0 < value * factor < SMALLEST_WHOLE or (unit == "mil" and not continental):
        return None, AMBIGUOUS_UNIT  # 'mil' is a thousand in Spanish and Portuguese, and short for a million in English
    cents = value * factor * 100
    if cents != int(cents) or cents > MAX_DOLLARS * 100:
        return None, AMOUNT_UNREADABLE
    return int(cents), None


def read_number(number: str, has_unit: bool, continental: bool) -> tuple[Decimal | None, str | None]:
    """Read figures with their marks between thousands and decimals.

    A single mark before three figures is a decimal mark with a unit behind it ('1.405 million') and parts thousands
    without ('200,000'); where the language of the text leaves it open, nothing is read.
    """
    if len(number) > 24:
        return None, AMOUNT_UNREADABLE
    text = re.sub(r"([.,]) ", r"\1", number)
    if re.fullmatch(r"\d+", text):
        return Decimal(text), None
    if re.fullmatch(r"\d{1,3}( \d{3})+([.,]\d{1,2})?", text):
        return Decimal(text.replace(" ", "").replace(",", ".")), None
    if re.fullmatch(r"\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}", text):
        return Decimal(text.replace(",", "")), None
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}", text):
        return Decimal(text.replace(".", "").replace(",", ".")), None
    if re.fullmatch(r"\d+[.,]\d{3}", text):
        return _three_figures(text, has_unit, continental)
    if re.fullmatch(r"\d+[.,]\d+", text):
        return Decimal(text.replace(",", ".")), None
    return None, AMOUNT_UNREADABLE


def _three_figures(text: str, has_unit: bool, continental: bool) -> tuple[Decimal | None, str | None]:
    comma = "," in text
    decimal, grouped = Decimal(text.replace(",", ".")), Decimal(re.sub(r"[.,]", "", text))
    if text.startswith("0"):
        return decimal, None
    if not has_unit:
        settled = comma != continental
        return (grouped, None) if settled else (None, AMBIGUOUS_UNIT)
    if comma == continental:
        return decimal, None
    return (grouped, None) if comma else (None, AMBIGUOUS_UNIT)
