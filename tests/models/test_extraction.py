"""Components out of report texts: every known shape, what must not be read, and what damage to a text must not change."""

import json
import random
import re
import time
import unicodedata
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.extraction import extract
from models.money import usd

CORPUS = Path(__file__).parents[1] / "data" / "extraction"
REPORTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.txt"))}
HEAD = "The World Bank Example Project (P123456) PROJECT APPRAISAL DOCUMENT Project Components "


def read(extraction):
    return [(item.ordinal, item.title, item.amount_cents, item.flags) for item in extraction.components]


def told(text):
    return [
        (item.ordinal, item.title, None if item.amount_cents is None else float(usd(item.amount_cents)) / 10**6)
        for item in extract(text).components
    ]


def test_corpus_is_whole():
    assert len(REPORTS) >= 30
    assert {path.stem for path in CORPUS.glob("*.json")} == REPORTS.keys()


NOT_ITS_OWN = [
    "30% of US$40 million",
    "about half of US$40 million",
    "two thirds of the US$40 million",
    "40% of total project cost of US$50 million",
    "40% of the component for US$50 million",
    "half of the credit for schools at US$40 million",
    "30% of the training for returnees of US$40 million",
    "50% of eligible subsidies for US$40 million",
    "30% of the price of housing with a budget of US$40 million",
    "25% of the guarantee for US$100 million",
    "two thirds of the subproject at US$3 million",
    "20% of payments to households for US$40 million",
    "US$30 million (original US$20 million)",
    "original allocation US$20 million, current allocation US$30 million",
    "US$30 million plus EUR 5 million",
    "EUR 5 million and US$30 million",
]
ITS_OWN = [
    "US$40 million, 30% of total cost",
    "30% of total cost: US$40 million",
    "40 percent of refugee households in year one for US$40 million",
    "to reach half of the camps at a cost of US$40 million",
    "40% of returnees with a total budget of about US$40 million",
    "60 % de ménages pour US$40 million",
    "40% de los hogares con un monto de US$40 million",
    "US$40 million; original US$40 million",
    "original US$40 million; revised US$50 million",
    "EUR 36 million (US$40 million equivalent)",
    "US$40 million, equivalent to EUR 36 million",
]


@pytest.mark.parametrize("said", NOT_ITS_OWN)
def test_an_amount_that_cannot_be_the_components_is_not_taken(said):
    (item,) = extract(f"{HEAD}Component 1: Skills for returning migrants ({said}).").components
    assert (item.title, item.amount_cents, item.flags) == ("Skills for returning migrants", None, ("ambiguous_amount",))


@pytest.mark.parametrize("said", ITS_OWN)
def test_an_amount_beside_its_share_its_equivalent_or_what_was_spent_is_taken(said):
    (item,) = extract(f"{HEAD}Component 1: Skills for returning migrants ({said}).").components
    assert (item.amount_cents, item.flags) == (40_000_000_00, ())


@pytest.mark.parametrize("name", REPORTS)
def test_report(name):
    wanted = json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)
    extraction = extract(REPORTS[name])
    components = [
        {
            "ordinal": item.ordinal,
            "title": item.title,
            "amount_usd": usd(item.amount_cents),
            "basis": item.basis,
            "flags": list(item.flags),
        }
        for item in extraction.components
    ]
    assert components == wanted["components"]
    assert extraction.project_id == wanted["project_id"]
    assert list(extraction.warnings) == wanted["warnings"]


PROSE = [
    ("Component 1: Strong systems (US$22.0 million IDA credit and US$3.0 million MDTF).", [(1, "Strong systems", None)]),
    ("Component 1. Schools for all (US$60 million, of which US$20 million from a fund). The", [(1, "Schools for all", 60)]),
    ("22. Component 1 – Cash transfers (approximately US$ 35 million). It", [(1, "Cash transfers", 35)]),
    ("Component 1: Roads (Original estimate: US$10 million; Actual: US$9.5 million)", [(1, "Roads", 10)]),
    ("Component A: Roads (US$45.2 million). It. Component B: Water (US$1 million).", [(1, "Roads", 45.2), (2, "Water", 1)]),
    ("Component I: Roads (US$45.2 million). Component II: Water (US$1 million).", [(1, "Roads", 45.2), (2, "Water", 1)]),
    ("Component 1: Towns (US$ 4.00 million equivalent, IDA US$3.00 million equivalent). It", [(1, "Towns", 4)]),
    ("Component 1. Lakes (IBRD: US$50 million; Government: US$25 million; Total: US$75 million).", [(1, "Lakes", 75)]),
    ("Component 1: Lakes [US$15 million equivalent (US$10 million IDA; US$5 million GPE)].", [(1, "Lakes", 15)]),
    ("Component 1: Roads: US$ 20 million (IDA US$ 15 million and Government US$ 5 million). It", [(1, "Roads", 20)]),
    ("Component 1: Roads (US$ 1.2 million) and Component 2: Water (US$ 3 million).", [(1, "Roads", 1.2), (2, "Water", 3)]),
    ("Component 1 – Roads (40% of total cost; US$20 million). It", [(1, "Roads", 20)]),
    ("COMPONENT 1: ROADS (US$ 20 MILLION). IT", [(1, "ROADS", 20)]),
    ("Component 1: Roads (US$ 20.0 million including contingencies). It", [(1, "Roads", 20)]),
    ("Component 1: Roads (US$ 5 million disbursed as of June 2020). It", [(1, "Roads", None)]),
    ("Component 1: Roads. Sub-component 1.1: Paths (US$2 million). Component 2: Water. Subcomponent 2a: Wells (US$4 million).",
     [(1, "Roads", None), (2, "Water", None)]),
    ("Component 1: Aid at the U.S. border (US$2 million). Component 2: St. Mary (US$3 million).",
     [(1, "Aid at the U.S. border", 2), (2, "St. Mary", 3)]),
    ("Component 1: Roads (US$ 49,530,000 M). Component 2: Water (US$ 7,000,000 million).",
     [(1, "Roads", None), (2, "Water", None)]),
    ("Component 1: Roads (EUR 4.2 million). Component 2: Water (EUR 1.1 million, equivalent to US$1.2 million).",
     [(1, "Roads", None), (2, "Water", 1.2)]),
    ("Under Component 1, US$5 million was spent. US$2 million moved from Component 2 to 3. Component 4 (US$1 million) fell.",
     []),
    ("as described in Component 1. The ministry paid US$5 million (see Component 2). The council (US$3 million) agreed.", []),
    ("as told under Component 2. The council (US$3 million) agreed.", []),
    ("Component 1: Roads (US$ 7.5 mil). It. Component 2: Wells: US$ 40,000 per village. Component 3: Water (US$3 million).",
     [(1, "Roads", None), (2, "Wells", None), (3, "Water", 3)]),
    ("Component 1: Schools. 40 schools were built for US$3 million.", []),
    ("Component 1: Roads (US$5 million). Component 2: Contingency Component (US$0 million).",
     [(1, "Roads", 5), (2, "Contingency Component", 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "components"), PROSE)
def test_prose(text, components):
    assert told(HEAD + text) == components


STATUS = [
    ("Component 1 - Roads:(Cost $5.00 M) Subcomponent 1.1: Paths:(Cost $2.00 M) Component 2: Water:(Cost $1.00 M)",
     [(1, "Roads", 5), (2, "Water", 1)]),
    ("1. Roads:(Cost $5.00 M) 2. Water:(Cost $1.00 M)", [(1, "Roads", 5), (2, "Water", 1)]),
    ("Name: Roads (Cost $5.00 M) Name: Water (Cost US$ 1.00 M)", [(1, "Roads", 5), (2, "Water", 1)]),
    ("Roads:(Cost 5,000,000.00) Total (Cost 5,000,000.00)", [(1, "Roads", 5)]),
    ("Roads:(Cost 49,53 0,000.00) Water:(Cost $4 9.53 M)", [(1, "Roads", 49.53), (2, "Water", 49.53)]),
    ("Roads:(Cost 49.53) Water:(Cost $4 9 M)", [(1, "Roads", None), (2, "Water", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "components"), STATUS)
def test_status_lines(lines, components):
    head = "The World Bank Implementation Status & Results Report Example (P123456) Components Table Name "
    assert told(f"{head}{lines} Overall Ratings Name Previous Rating") == components


HEADER = re.compile(r"The World Bank\s+(?:Implementation Status & Results Report\s+)?[^()]{3,120}\(P\d{6}\)")


def with_headers(text, pick):
    """Put page breaks at blanks, none of them inside a header that is there already."""
    header = HEADER.search(text)
    taken = [
        found.span()
        for found in re.finditer(rf"{HEADER.pattern}|Public Disclosure Authorized|\S+ Page \d+ of \d+", text)
    ]
    free = [found.start() for found in re.finditer(r"\s", text) if not any(a <= found.start() < b for a, b in taken)]
    repeated = header.group() if header else "Public Disclosure Copy"
    words = f"\nPublic Disclosure Authorized\nMar 11, 2024 Page 3 of 9\n{repeated}\n"
    for place in sorted(pick.sample(free, min(5, len(free))), reverse=True):
        text = text[:place] + words + text[place:]
    return text


def heading_case(text, pick):
    for heading in (
        "Components Table",
        "COMPONENTS\n",
        "Components\n",
        "OVERALL RATINGS",
        "Overall Ratings",
        "Component Name",
    ):
        text = text.replace(heading, pick.choice([heading.upper(), heading.title(), heading]))
    return re.sub(r"\bComponent (?=\d)", lambda _: pick.choice(["Component ", "COMPONENT "]), text)


DAMAGE = {
    "page breaks": with_headers,
    "doubled blanks": lambda text, pick: re.sub(" ", lambda _: " " * pick.choice([1, 1, 3]), text),
    "broken lines": lambda text, pick: re.sub(" ", lambda _: pick.choice([" ", " ", "\n"]), text),
    "one line": lambda text, _: " ".join(text.split()),
    "odd blanks": lambda text, pick: re.sub(" ", lambda _: pick.choice([" ", "\u00a0", "\u2009", "\u202f"]), text),
    "dashes": lambda text, pick: re.sub("[-–]", lambda _: pick.choice("-–—‐"), text),
    "quotes": lambda text, pick: re.sub("['’]", lambda _: pick.choice("'’‘"), text),
    "heading case": heading_case,
    "accents apart": lambda text, _: unicodedata.normalize("NFD", text),
    "soft hyphens": lambda text, pick: re.sub(r"(?<=[a-z])(?=[a-z])", lambda _: pick.choice(["", "", "\u00ad"]), text),
    "byte order mark": lambda text, _: "\ufeff" + text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("name", REPORTS)
def test_damage_changes_nothing(name, damage):
    before = extract(REPORTS[name])
    for seed in range(4):
        after = extract(damage(REPORTS[name], random.Random(seed)))
        assert (after.project_id, read(after)) == (before.project_id, read(before))


PIECES = """Component Composante Componente 1 2 3: : . - ( ) [ ] Roads Water Title (US$5 million) US$ 5 12.5 million 1,250,000.00
(Cost $4.00 M) (Cost 0.00) Components Name Overall Ratings Sub-component 1.1 P123456 EUR IDA total actual appraisal of which
Component Name Cost (US$, millions) 20.00
20 12,5 Total Current Proposed Cost (US$M) Revised Amount % - • |
c. Components: 1. (a) The World Bank Page 1 of 2 \n \u00a0 \u0301 ﬁ İ ß"""
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from([*PIECES.split(" "), "Component 1: Roads (US$5 million).", "\ud800"]), max_size=60).map(
        " ".join
    ),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_gets_one_answer(text):
    extraction = extract(text)
    assert extraction == extract(text)
    assert len({item.ordinal for item in extraction.components}) == len(extraction.components)
    for item in extraction.components:
        assert text[item.start : item.end] == item.passage
        assert item.title == item.title.strip() != ""
        assert 0 < item.confidence <= 1
        assert item.basis is None or item.amount_cents is not None
        assert item.amount_cents is None or stands_in(item.amount_cents, item.passage)


def stands_in(cents, passage):
    """Say whether an amount can be written with figures of the passage, in one of the units: an independent check."""
    plain_blanks = unicodedata.normalize("NFKC", passage)
    joined = re.sub(r"\s", "", plain_blanks)
    found = set()
    for number in re.findall(r"\d[\d.,]*", f"{plain_blanks}|{joined}"):
        for thousands, point in ((",", "."), (".", ","), ("", "."), ("", ",")):
            plain = number.strip(".,").replace(thousands, "") if thousands else number.strip(".,")
            plain = plain.replace(point, ".")
            if re.fullmatch(r"\d+(\.\d+)?", plain):
                found |= {Decimal(plain) * unit * 100 for unit in (1, 10**3, 10**6, 10**9)}
    return Decimal(cents) in found


@pytest.mark.parametrize("name", REPORTS)
def test_amounts_stand_in_their_passages(name):
    for item in extract(REPORTS[name]).components:
        assert REPORTS[name][item.start : item.end] == item.passage
        assert item.amount_cents is None or stands_in(item.amount_cents, item.passage)


@pytest.mark.parametrize("name", REPORTS)
def test_a_passage_read_again_says_the_same(name):
    """What a labelled passage of prose states does not depend on what stands around it."""
    for item in extract(REPORTS[name]).components:
        if re.match(r"Component .*\(US\$ ?\d", item.passage, re.DOTALL) and item.amount_cents is not None:
            assert read(extract(item.passage + ".")) == [(item.ordinal, item.title, item.amount_cents, item.flags)]


@pytest.mark.parametrize(
    "word",
    ["a ", "(", "(cost $1 M) ", "component 1: a ", "US$ 5 million ", "1 ", "\n1\n\n", "The World Bank ", "é", "\u0301",
     "Component Name Cost (US$, millions) A 1.00 ", "c. components: 1. ", "three components: ",
     "Component 1: Roads (US$5 million). ", "Component 1: Roads (US$5 million, "],
)  # fmt: skip
def test_a_megabyte_takes_bounded_time(word):
    """What takes four times as long for twice the text would take longer."""
    text = (word * (1_000_000 // len(word) + 1))[:1_000_000]
    start = time.process_time()
    extract(text)
    assert time.process_time() - start < 15
