"""Heads of tables of components: where they are, the unit of their figures, and what each column says."""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from models.extraction.amounts import MILLION
from models.extraction.cleaning import CleanText, spaced

_SHORTENED = re.compile(rf"{MILLION}|\bm\b|\$ ?m\b|usd ?m\b|thousand|mille|milliers|miles|000")


class Role(StrEnum):
    """What a column of figures says of a component."""

    COST = "cost"  # a cost or an amount, no more is said
    TOTAL = "total"
    PLANNED = "planned"
    CURRENT = "current"
    PROPOSED = "proposed"
    ADDED = "added"
    ACTUAL = "actual"
    LENDER = "lender"
    OTHER = "other"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Head:
    """A head: where it starts and ends in the text, the words that give the unit, and its columns of figures."""

    start: int
    end: int
    unit: str | None
    columns: tuple[Role, ...]
    two_titles: bool = False  # a current and a proposed name for each component, side by side
    in_turn: bool = False  # the current name with its cost, then the proposed name with its cost

    @property
    def whole_units(self) -> bool:
        """Whether figures are in whole dollars."""
        return self.unit is not None and not _SHORTENED.search(self.unit)


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


_COMPONENT = re.compile(
    rf"\b(?:(?:current|original|project|main|activity) )?{spaced('component')} ?s?(?: ?\(s\))?\b"
    rf"|\b(?:nom (?:de la |des )?)?composantes?\b|\b(?:nombre (?:del |de los )?|nome (?:do )?)?componentes?\b"
)
_TOKEN = re.compile(r" ?(?:[(\[](?P<bracket>[^()\[\]]{1,60})[)\]]|(?P<word>[a-z$%][a-z$%.'-]*|[|;:/,&-]))")
_NOUNS = _words(
    "cost costs amount amounts allocation allocations estimate estimates financing finance funding funds budget cout"
    " couts montant montants allocation estimation financement costo costos coste costes monto montos financiamiento"
    " financiacion custo custos valor"
)
_ROMANCE = _words(
    "cout couts montant montants financement costo costos coste costes monto montos financiamiento financiacion custo"
    " custos valor"
)
_PREPOSITIONS = _words("at by of in de en / |")
_ORIGINS = _words("local foreign etranger")
_COMPONENT_WORD = "components?|composantes?|componentes?"
_ROLES = (
    (Role.PERCENT, "% percent percentage pourcentage porcentaje percentagem share"),
    (Role.ADDED, "additional af additionnel supplementaire adicional"),
    (Role.PROPOSED, "proposed revised propose proposes revise revises propuesto revisado restructured restructuring"),
    (Role.ACTUAL, "actual latest closing completion final reel reels decaisse disbursed disbursement ejecutado"),
    (Role.PLANNED, "appraisal approval approved original initial planned expected evaluation prevu aprobado estimado"),
    (Role.CURRENT, "current actuel parent"),
    (Role.LENDER, "ida ibrd aif bird birf bank wb loan credit grant world ibrd/ida don pret prestamo donacion credito"
     " bank-financing"),
    (Role.OTHER, "government govt counterpart borrower recipient beneficiaries gef trust tf local foreign etranger etat"
     " private gouvernement gobierno contraparte cofinancing cofinanciers communities"),
    (Role.TOTAL, "total totals totaux totales"),
)  # fmt: skip
_ROLE_OF = {word: role for role, words in _ROLES for word in words.split()}
_STAGES = {Role.ADDED, Role.PROPOSED, Role.ACTUAL, Role.PLANNED, Role.CURRENT}
_RANK = {role: rank for rank, (role, _) in enumerate(_ROLES)}
_LITTLE = _words(
    "name names table title of at by in the and or for with to us us$ usd $ $m us$m m million millions thousand thousands"
    " equivalent equiv dollars project projet proyecto projeto base indicative estimated action activity activities nom"
    " nombre nome de du des del la le el en las los millones milhoes milliers miles dolares component components subcomponents"
    " sub-components composante composantes"
    " componente componentes par por estime estimes fund | ; : / , & - year fy"
)
_UNIT = re.compile(
    rf"us ?\$|usd|\$|dollar|dolares|\beur|€|£|\bsdr|\bxdr|\bcfa|fcfa|\b{MILLION}\b|thousand|milliers|\bmiles\b"
)
_BARE_UNIT = re.compile(
    rf" ?(?:(?:in|en) )?(?P<unit>(?:us ?\$|usd|\$) ?,? ?(?:{MILLION}|m\b|thousands?)"
    rf"|{MILLION} (?:of |de |d')?(?:us ?\$|usd|u\.?s\.? dollars|dollars|dolares))(?: equivalent)?"
)
_BRACKET = re.compile(r"[(\[](?P<words>[^()\[\]]{2,60})[)\]]")
_CAPTION, _LONGEST, _TRIED = 170, 60, 120
_YEARS = re.compile(r" ?(?:fy ?)?(?:19|20)\d\d(?:[/-]\d\d)? (?:fy ?)?(?:19|20)\d\d\b")
_OLD = re.compile(rf"{spaced('name')} ?(?:{spaced('component')} )?{spaced('cost')}\Z")


def table_heads(even: CleanText) -> list[Head]:
    """Find the heads of tables of components, in the order of the text."""
    found: list[Head] = []
    for match in islice(_COMPONENT.finditer(even.folded), _TRIED * 40):
        if found and match.start() < found[-1].end:
            continue
        head = _read_head(even.folded, match.start(), match.end())
        if head and len(found) < _TRIED:
            found.append(head)
    return found


def _read_head(folded: str, start: int, position: int) -> Head | None:
    """Walk over the words of column names; a head names a cost or an amount, and a unit in it or in its caption."""
    columns: list[list[str]] = [[]]
    units: list[str] = []
    end = position
    for _ in range(_LONGEST):
        bare = _BARE_UNIT.match(folded, position)
        token = bare or _TOKEN.match(folded, position)
        if token is None:
            break
        words = bare["unit"] if bare else token.groupdict().get("bracket")
        word = None if bare else token["word"]
        if words is not None:
            if not _UNIT.search(words) and not re.search(r"%|including|incl|dont", words):
                break
            units += [words] if _UNIT.search(words) else []
            columns[-1] += [] if _UNIT.search(words) else ["%"] if "%" in words else []
            columns.append([])
            position = end = token.end()
            continue
        if not _known(word or ""):
            break
        _add_word(columns, word or "")
        position = token.end()
        if word in _NOUNS or _role(word or "") is not None:
            end = position
    roles = tuple(role for words in columns if (role := _role_of(words)) is not None)
    return _head(folded, start, end, roles, units)


def _head(folded: str, start: int, end: int, roles: tuple[Role, ...], units: list[str]) -> Head | None:
    if not roles:
        return None
    kinds = {_kind(unit) for unit in units}
    if len(kinds) > 1:
        return None  # columns in two currencies or units
    if not units:
        caption = [match["words"] for match in _BRACKET.finditer(folded, max(0, start - _CAPTION), start)]
        units = [words for words in caption if _UNIT.search(words)][-1:]
    if units and not _YEARS.match(folded, end):
        names = re.search(r"proposed component", folded[start:end])
        in_turn = names is not None and re.search(r"cost", folded[start : start + names.start()]) is not None
        return Head(start, end, units[0], roles, names is not None and not in_turn, in_turn)
    old = _OLD.search(folded, start, end) is not None and not re.match(r" ?[(\[]", folded[end : end + 2])
    return Head(start, end, None, roles) if old else None


def _known(word: str) -> bool:
    return word in _NOUNS or word in _LITTLE or _role(word) is not None


def _role(word: str) -> Role | None:
    return _ROLE_OF.get(word) or next((_ROLE_OF[part] for part in word.split("/") if part in _ROLE_OF), None)


def _add_word(columns: list[list[str]], word: str) -> None:
    """Add a word to the column it belongs to; a new one begins behind a noun, with a percent sign, or another payer."""
    if re.fullmatch(_COMPONENT_WORD, word) and len(columns) == 1:
        columns[-1] = []  # 'Components and costs' stands above the head as a heading
        return
    last = columns[-1]
    role = _role(word)
    noun_done = bool(last) and last[-1] in _NOUNS and word not in _PREPOSITIONS
    payer = {_role(item) for item in last} & {Role.LENDER, Role.OTHER}
    other_payer = role in {Role.LENDER, Role.OTHER} and payer and role not in payer
    told = {_role(item) for item in last} - {None}
    percent = bool(last) and (role is Role.PERCENT or (last[-1] == "total" and _role(last[0]) is Role.PERCENT))
    if noun_done and last[-1] in _ROMANCE and word not in _NOUNS:
        noun_done = False  # 'coût total', 'financement IDA': what tells the column follows the noun
    next_noun = word in _NOUNS and any(item in _ROMANCE for item in last)
    if (
        (noun_done and word not in {"estimate", "estimates"})
        or next_noun
        or other_payer
        or percent
        or word == "|"
        or _turns(last, told, role, word)
    ):
        columns.append([])
    columns[-1].append(word)


def _turns(last: list[str], told: set[Role | None], role: Role | None, word: str) -> bool:
    """Whether a word without a noun before it begins a column: 'Original Revised Actual', 'Local Foreign Total'."""
    if role is None or not told or Role.PERCENT in told or last[-1] in _PREPOSITIONS or word in last:
        return False
    if role is Role.TOTAL:
        return bool(told & {Role.LENDER, Role.OTHER})
    if {role} | told == {Role.OTHER}:
        return word in _ORIGINS
    return role in _STAGES and bool(told & _STAGES) and role not in told


def _role_of(words: list[str]) -> Role | None:
    """What a column says, by the most telling of its words; None for a column of text."""
    if "action" in words:
        words = words[words.index("action") + 1 :]
    if "name" in words:
        words = words[len(words) - words[::-1].index("name") :]
    told = [role for word in words if (role := _role(word)) is not None]
    if not told:
        return Role.COST if any(word in _NOUNS for word in words) else None
    return min(told, key=_RANK.__getitem__)


def _kind(unit: str) -> tuple[bool, bool, bool]:
    return (
        re.search(r"us ?\$|usd|\$|dollar|dolares|\bm\b", unit) is not None,
        re.search(rf"{MILLION}|\bm\b|\$ ?m\b|usd ?m\b", unit) is not None,
        re.search(r"eur|€|sdr|xdr|cfa", unit) is not None,
    )
