"""docs/iati.md says what the program does: limits, rates, codes and examples."""

import re
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import pytest

from db.ingest.adapters import iati_xml
from db.ingest.adapters.exchange import LOOK_BACK, NoRateError, to_dollars
from db.ingest.adapters.iati_fields import CODES
from models.classification import load_rules
from models.iati.identifiers import project_id_of
from models.project import ORIGINS
from models.texts import LONGEST_PROJECT_ID
from tests.data.iati import identifier_of

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "iati.md").read_text(encoding="utf-8")
WORDS = " ".join(TEXT.split())
MEBI = 1024 * 1024


def test_limits_are_those_of_the_program():
    assert f"more than {iati_xml.MAX_DEPTH} deep" in WORDS
    assert f"more than {iati_xml.MAX_FILE // (1024 * MEBI)} GB when unpacked" in WORDS
    assert f"no place; more than {iati_xml.MAX_ACTIVITY // MEBI} MB" in WORDS
    assert f"More than {LONGEST_PROJECT_ID} characters are refused" in WORDS
    assert f"of the {LOOK_BACK} days before" in WORDS


def test_rates_are_those_of_the_package_that_is_pinned():
    named = version("currencyconverter")
    assert f"version {named} of the package `currencyconverter`" in WORDS
    assert f"currencyconverter=={named}" in (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    assert "4 January 1999 to 30 October 2026" in WORDS
    for first_or_last in (date(1999, 1, 4), date(2026, 10, 30)):
        assert to_dollars(Decimal(1), "EUR", first_or_last).day == first_or_last
    for outside in (date(1999, 1, 3), date(2026, 10, 30).replace(year=2027)):
        with pytest.raises(NoRateError):
            to_dollars(Decimal(1), "EUR", outside)


def test_examples_hold():
    identifier, shown = re.search(r"`(XI-[^`]+)` is `([^`]+)`", WORDS).groups()
    assert project_id_of(identifier, "XI-IATI-EC_INTPA") == shown
    assert identifier_of(shown) == identifier
    amount, day, rate, dollars = re.search(r"EUR (\d+) of (\S+) at (\S+) \(\S+\) = USD ([\d.]+)", WORDS).groups()
    found = to_dollars(Decimal(amount), "EUR", date.fromisoformat(day))
    assert (found.rate, found.cents) == (rate, int(Decimal(dollars) * 100))


def test_codes_are_read_as_described():
    kinds = {name: code for code, name in CODES.statuses.items()}
    assert "1 Pipeline, 2, 3 and 6 Active, 4 Closed, 5 Dropped" in WORDS
    assert (kinds["Pipeline"], kinds["Closed"], kinds["Dropped"]) == ("1", "4", "5")
    assert {code for code, name in CODES.statuses.items() if name == "Active"} == {"2", "3", "6"}
    assert {code for code, what in CODES.transactions.items() if what == "commitment"} == {"2", "C"}
    assert {code for code, what in CODES.transactions.items() if what == "disbursement"} == {"3", "4", "D", "E"}
    assert "410" in CODES.withdrawn_finance_types.codes
    assert ORIGINS[0] == "iati"


def test_purpose_codes_with_a_rule_stand_in_the_document_on_classification():
    text = (ROOT / "docs" / "classification.md").read_text(encoding="utf-8")
    table = text.split("| codes | what they say")[1].split("\n\n")[0]
    named = set(re.findall(r"\b\d{3,5}\b", table))
    ends = {"93010", "93018"}
    assert named == {code for code in load_rules().by_purpose if not ("93010" < code < "93018")} | ends
