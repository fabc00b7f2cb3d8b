"""Which of the amounts beside a component's title is the component's own, and what it measures."""

import re
from dataclasses import dataclass
from itertools import pairwise

from models.extraction.amounts import MILLION, Money, find_money, to_cents
from models.extraction.result import ACTUAL_ONLY, AMBIGUOUS_AMOUNT, AMBIGUOUS_UNIT, INFERRED_UNIT, NOT_USD, PARTS_ONLY
from models.vocabulary import Measure

_ACTUAL = re.compile(
    r"actual|\bfinal|at closing|by closing|at completion|disburs|spent|expend|\breel|\breal\b|decaiss|ejecutad|desembols|realis"
    r"|utili[sz]ed|executed|revis|restructur"
)
_PLANNED = re.compile(
    r"apprais|plann?ed|estimat|\boriginal|\bapproved|expected|\binitial|\bbudget|prevu|prevision|estime|previst"
    r"|ex-ante|\bpad\b"
)
_LENDER = re.compile(
    r"\b(?:ida|ibrd|aif|bird|birf|credit|loan|grants?|bank|wb|pret|don|prestamo|donacion|credito|emprestimo|banque"
    r"|banco)\b"
)
_OTHER = re.compile(
    r"\b(?:government|govt|go[a-z]{1,2}|counterpart|borrower|beneficiar\w*|gef|gff|eu|gouvernement|etat|gobierno"
    r"|contrapart\w*"
    r"|dfid|afd|private|communit(?:y|ies)|cofinanc\w*|co-financ\w*|parallel|municipalit\w*|donors?|trust fund|tf"
    r"|mdtf|usaid"
    r"|jica|giz|kfw|adb|afdb|ifad|recipient|partners?)\b"
)
_PART = re.compile(
    r"\b(?:of which|out of which|including|includes|dont|incluyendo|incluid[oa]s?|de los cuales|dos quais)\b"
)
_SAID = re.compile(rf"{_PART.pattern}|\b(?:is based|will|would)\b")
"""Where the words behind an amount no longer tell what it is."""
_TOTAL = re.compile(r"(?<!of )(?<!of the )\btotal")
_ADDED = re.compile(r"\badditional|\baf\b|supplement|\bincrease|scale.?up|adicional|additionnel")
_COST = re.compile(r"\bcosts?\b|\bcout|\bcost[eo]s?\b|\bcustos?\b")
_SHARE = re.compile(
    r"(?:\d ?(?:%|per ?cent\b)|\b(?:half|thirds?|quarters?|fifths?|moitie|tiers|mitad|metade|tercio|terco))"
    r" (?:of|du|de|del|do|da)\b((?:(?!\b(?:or|i\.?e|equal|equivalent)\b)[^,;:=()\[\]/]){0,80})\Z"
)
"""Words before the amount that a share is of: "30% of ", "half of the total cost of "."""
_PRICE = re.compile(
    r"\b(?:for|at|with|pour|avec|por|con|com)"
    r"(?: (?:an?|the|une?|um|total|estimated|about|around|some|approximately|costs?|budget|amount|sum|price|cout|montant"
    r"|costo|coste|custo|monto|presupuesto|of|de|du|d'un))* ?\Z"
)
"""Words before the amount that make it the price of what they follow: "half of the camps for ", "… at a cost of "."""
_SERVED = re.compile(
    r"\b(?:households?|people|persons?|individuals?|population|beneficiar(?:y|ies)|famil(?:y|ies)|women|men|girls|boys|youths?|children"
    r"|students?|teachers?|workers?|farmers?|refugees?|returnees?|migrants?|idps?|hosts?|displaced|communities|camps?|settlements?"
    r"|villages?|districts?|municipalities|schools?|clinics?|menages|personnes|familles|femmes|jeunes|enfants|eleves|refugies"
    r"|ecoles|hogares|personas|familias|mujeres|jovenes|ninos|refugiados|escuelas|aldeas|pessoas|mulheres|criancas)\b"
)
"""People and places, which a share of money would not be of."""
_FUNDS = re.compile(
    r"[$€£]|\b(?:total|costs?|amounts?|sum|budget|financ|fund|loans?\b|credits?\b|grants?\b|ida\b|ibrd\b|money|proceeds|resources|expen"
    r"|invest|allocat|commit|envelop|contribut|project|program|component|operation|phase|value|price|payment|subsid|montant|monto"
    r"|montante|cout|cost[eo]|custo|pret\b|don\b|donacion|presupuesto|orcamento|prestamo|emprestimo|projet|proyecto|projeto|composant)"
)
"""Words for money, and for what consists of it here."""
_ORIGINAL = re.compile(r"\b(?:original|initial)")
_CURRENT = re.compile(r"\b(?:current|now|present|latest)")
_SUMMAND = re.compile(r"[^.;]{0,20}(?:\+|\b(?:plus|and|et|y|e)\b)[^.;]{0,20}")
_BREAK = re.compile(
    r";|:(?= ?(?!us ?\$|usd|\$|eur)[a-z])|\.\s|,|/|\band\b|\bet\b|\by\b|\be\b|\bof which\b|\bincluding\b|\bdont\b|[()\[\]]"
)


@dataclass(frozen=True, slots=True)
class Stated:
    """The amount taken from a stretch of text, in cents, or None and why."""

    cents: int | None
    basis: Measure | None
    flags: tuple[str, ...] = ()
    planned: bool = False


@dataclass(frozen=True, slots=True)
class _Labelled:
    money: Money
    before: str
    behind: str

    @property
    def label(self) -> str:
        return f"{self.before} {self.behind}"

    def says(self, pattern: "re.Pattern[str]") -> bool:
        return pattern.search(self.label) is not None

    @property
    def plain(self) -> bool:
        return not any(self.says(pattern) for pattern in (_ACTUAL, _PLANNED, _LENDER, _OTHER, _TOTAL, _ADDED))


def choose(folded: str, continental: bool) -> Stated | None:
    """Choose the component's amount from what stands beside its title; None if no money is named there."""
    mentions = _labelled(folded, find_money(folded, continental))
    if not mentions:
        return None
    wholes = [item for item in mentions if not _PART.search(item.before)]
    dollars = [item for item in wholes if item.money.usd]
    if not dollars:
        flag = next((item.money.flag for item in wholes if item.money.flag), AMBIGUOUS_AMOUNT)
        return Stated(None, None, (flag,))
    chosen, flag = _own(dollars)
    if chosen is None:
        return Stated(None, None, (flag,))
    if _is_share(chosen) or _was_changed(chosen, dollars) or _has_foreign_summand(chosen, wholes, folded):
        return Stated(None, None, (AMBIGUOUS_AMOUNT,))
    basis = _basis(chosen, mentions, folded)
    if shared := _shared_unit(chosen, mentions, folded):
        return Stated(shared, basis, (INFERRED_UNIT,), chosen.says(_PLANNED))
    if chosen.money.cents is None:
        return Stated(None, None, (chosen.money.flag or AMBIGUOUS_AMOUNT,))
    return Stated(chosen.money.cents, basis, (), chosen.says(_PLANNED))


def _is_share(chosen: _Labelled) -> bool:
    """Tell whether the component has only a share of the amount: '30% of US$40 million'.

    A share of people or places has a price of its own: '30% of the households for US$40 million'.
    """
    share = _SHARE.search(chosen.before)
    if share is None:
        return False
    price = _PRICE.search(share[1])
    if price is None:
        return True
    whole = share[1][: price.start()]
    return _SERVED.search(whole) is None or _FUNDS.search(whole) is not None


def _was_changed(chosen: _Labelled, dollars: list[_Labelled]) -> bool:
    """Tell whether the amount is the first one, and another has taken its place: 'US$30 million (original US$20 million)'."""
    others = (item for item in dollars if item.money.cents and item.money.cents != chosen.money.cents)
    return chosen.says(_ORIGINAL) and any(item.plain or item.says(_CURRENT) for item in others)


def _has_foreign_summand(chosen: _Labelled, wholes: list[_Labelled], folded: str) -> bool:
    """Tell whether money of another currency comes on top of the amount: 'US$30 million plus EUR 5 million'."""
    place = wholes.index(chosen)
    for first, second in pairwise(wholes[max(0, place - 1) : place + 2]):
        other = second if first is chosen else first
        between = folded[first.money.end : second.money.start]
        if other.money.flag == NOT_USD and not other.says(_ACTUAL) and _SUMMAND.fullmatch(between):
            return True
    return False


def _shared_unit(chosen: _Labelled, mentions: list[_Labelled], folded: str) -> int | None:
    """Read 'appraisal, US$ 11.90; actual, US$ 11.87 million' in the one unit that stands behind the second amount."""
    if chosen.money.flag != AMBIGUOUS_UNIT or not chosen.says(_PLANNED):
        return None
    number = re.compile(r"\d[\d.,]*\Z").search(folded, chosen.money.start, chosen.money.end)
    spent = next((item for item in mentions if item.money.start > chosen.money.start and item.says(_ACTUAL)), None)
    if number is None or spent is None or not spent.money.cents:
        return None
    if not re.search(rf"(?:{MILLION}|\bm)\Z", folded[spent.money.start : spent.money.end]):
        return None
    cents, _ = to_cents(number.group(), "million", continental=False)
    return cents if cents and spent.money.cents // 10 <= cents <= spent.money.cents * 10 else None


def _own(dollars: list[_Labelled]) -> tuple[_Labelled | None, str]:
    """Pick the planned amount, else the total, else the one that no financier is named for."""
    unspent = [item for item in dollars if not item.says(_ACTUAL)]
    if not unspent:
        return None, ACTUAL_ONLY
    added = any(item.says(_ADDED) for item in dollars)
    whole = _sum_of_the_others(unspent) or (_sum_of_the_others(dollars) if added else None)
    if whole:
        return whole, ""
    for group in (
        [item for item in unspent if item.says(_TOTAL)],
        [item for item in unspent if item.says(_PLANNED) and not _part_of_whole(item)],
        [item for item in unspent if item.plain],
        [item for item in unspent if item.says(_PLANNED)],
    ):
        if group:
            break
    else:
        return _single_financier(unspent)
    if any(item.says(_ADDED) for item in unspent) and not group[0].says(_TOTAL):
        return None, AMBIGUOUS_AMOUNT
    if len({item.money.cents for item in group}) > 1:
        return None, AMBIGUOUS_AMOUNT
    larger = [item for item in unspent if (item.money.cents or 0) > (group[0].money.cents or 0)]
    if larger and not group[0].says(_PLANNED):
        return None, AMBIGUOUS_AMOUNT
    return group[0], ""


def _sum_of_the_others(unspent: list[_Labelled]) -> _Labelled | None:
    """Of three amounts or more, the one that the others add up to is the whole, whatever they are called."""
    amounts = [item.money.cents for item in unspent if item.money.cents]
    if len(amounts) < 3 or len(amounts) < len(unspent):
        return None
    largest = max(unspent, key=lambda item: item.money.cents or 0)
    return largest if (largest.money.cents or 0) * 2 == sum(amounts) and not largest.says(_ADDED) else None


def _part_of_whole(item: _Labelled) -> bool:
    return item.says(_LENDER) or item.says(_OTHER) or item.says(_ADDED)


def _single_financier(unspent: list[_Labelled]) -> tuple[_Labelled | None, str]:
    if len(unspent) == 1 and unspent[0].says(_LENDER) and not unspent[0].says(_OTHER) and not unspent[0].says(_ADDED):
        return unspent[0], ""
    return None, PARTS_ONLY


def _basis(chosen: _Labelled, mentions: list[_Labelled], folded: str) -> Measure | None:
    if chosen.says(_LENDER) and not chosen.says(_COST):
        return Measure.COMMITMENT
    if _sum_of_the_others(mentions) is chosen and any(item.says(_OTHER) for item in mentions if item is not chosen):
        return Measure.COST  # lenders and others pay it together
    if chosen.says(_COST) or chosen.says(_TOTAL) or _COST.search(folded[: chosen.money.start]):
        return Measure.COST
    if chosen.says(_PLANNED) and any(item.says(_ACTUAL) for item in mentions):
        return Measure.COST
    return None


def _labelled(folded: str, found: list[Money]) -> list[_Labelled]:
    """Give each amount the words that belong to it: those before it, and those behind it up to a mark."""
    before, behind = [""] * len(found), [""] * len(found)
    position = 0
    leading_words = bool(found) and any(
        pattern.search(folded[: found[0].start]) for pattern in (_ACTUAL, _PLANNED, _LENDER, _OTHER, _TOTAL)
    )
    for index, money in enumerate(found):
        between = folded[position : money.start]
        if index:
            mark = _BREAK.search(between)
            cut_at = mark.start() if mark else 0 if leading_words else len(between)
            behind[index - 1] = between[:cut_at]
            between = between[cut_at:]
        before[index] = between
        position = money.end
    if found:
        part = _SAID.search(folded, position)
        behind[-1] = folded[position : part.start() if part else None]
    return [_Labelled(*parts) for parts in zip(found, before, behind, strict=True)]
