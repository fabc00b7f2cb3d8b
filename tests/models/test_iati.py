"""IATI identifiers, percentages and codes, worked by hand."""

import csv
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.params.values import IDENTIFIER
from db.settings import DATA_DIR
from models.iati.codes import load_iati_codes
from models.iati.identifiers import project_id_of
from models.iati.shares import Part, combine, percentages, rebase
from models.records import ProjectRecord
from models.texts import LONGEST_PROJECT_ID
from tests.data.iati import identifier_of

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("identifier", "project_id"),
    [
        ("GB-1-103662-101", "GB-1-103662-101"),
        ("XI-IATI-EC_INTPA-2019/405-854", "XI-IATI-EC_INTPA-2019:2F405-854"),
        ("XX-SYN-a b", "XX-SYN-a:20b"),
        ("XX-SYN-a:b", "XX-SYN-a:3Ab"),
        ("XX-SYN-é", "XX-SYN-:C3:A9"),
        ("44000-T12345", "44000-T12345"),
    ],
)
def test_an_identifier_becomes_an_id_and_back(identifier, project_id):
    assert project_id_of(identifier, "XX-SYN") == project_id
    assert identifier_of(project_id) == identifier


def test_the_world_bank_is_known_by_its_p_number():
    assert project_id_of("44000-P174085", "44000") == "P174085"
    assert project_id_of("44000-p174085", "44000") == "P174085"


@pytest.mark.parametrize(
    ("identifier", "reporter", "reason"),
    [
        ("44000-P174085", "XX-SYN", "is the World Bank's, but XX-SYN reports it"),
        ("44000-P174085", None, "nobody reports it"),
        ("44000-p174085", "XX-SYN", "is the World Bank's, but XX-SYN reports it"),
        ("P174085", "XX-SYN", "would pass for a project of the World Bank"),
        ("p174085", "XX-SYN", "would pass for a project of the World Bank"),
        ("", "XX-SYN", "does not begin with a letter or digit"),
        ("/x", "XX-SYN", "does not begin with a letter or digit"),
        ("é", "XX-SYN", "does not begin with a letter or digit"),
        ("XX-SYN-", "XX-SYN", "has nothing behind its dash: expected the activity's own identifier"),
        ("X" + "/" * 40, "XX-SYN", "at most 100"),
    ],
)
def test_what_cannot_be_an_id_is_refused(identifier, reporter, reason):
    with pytest.raises(ValueError, match=reason):
        project_id_of(identifier, reporter)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_ids_are_reversible_and_fit_for_paths(tail):
    try:
        found = project_id_of(f"X{tail}", "XX")
    except ValueError:
        return
    assert identifier_of(found) == f"X{tail}"
    assert len(found) <= LONGEST_PROJECT_ID
    assert ProjectRecord(project_id=found, name="x").project_id == found
    assert re.fullmatch(IDENTIFIER, found)


def test_every_country_has_one_code_of_two_letters():
    with (DATA_DIR / "countries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    countries = {row["code"] for row in rows if row["kind"] == "country"}
    codes = load_iati_codes()
    assert countries - set(codes.countries.values()) == {"CHI", "CSK"}  # the Channel Islands have codes one by one
    assert len(set(codes.countries.values())) == len(codes.countries)
    assert set(codes.countries.values()) <= countries
    assert set(codes.regions.values()) <= {row["code"] for row in rows if row["kind"] != "country"}


CARIBBEAN = "AIA ATG BRB CUB DMA DOM GRD HTI JAM MSR KNA LCA VCT TTO"
CENTRAL_AMERICA = "BLZ CRI SLV GTM HND MEX NIC PAN"
SOUTH_AMERICA = "ARG BOL BRA CHL COL ECU GUY PRY PER SUR URY VEN"
EASTERN_AFRICA = "BDI COM DJI ERI ETH KEN MDG MWI MUS MOZ RWA SYC SOM SSD SDN TZA UGA ZMB ZWE MYT"
MIDDLE_AFRICA = "AGO CMR CAF TCD COG COD GNQ GAB STP"
SOUTHERN_AFRICA = "BWA SWZ LSO NAM ZAF"
WESTERN_AFRICA = "BEN BFA CPV CIV GMB GHA GIN GNB LBR MLI MRT NER NGA SHN SEN SLE TGO"
MELANESIA, MICRONESIA, POLYNESIA = "FJI PNG SLB VUT", "KIR MHL FSM NRU PLW", "COK NIU WSM TKL TON TUV WLF"


@pytest.mark.parametrize(
    ("region", "members"),
    [
        ("88", "BIH HRV MKD MNE SRB SVN XKX"),
        ("89", "ALB BLR BIH XKX MDA MNE MKD SRB TUR UKR"),
        ("189", "DZA EGY LBY MAR TUN"),
        ("289", f"{EASTERN_AFRICA} {MIDDLE_AFRICA} {SOUTHERN_AFRICA} {WESTERN_AFRICA}"),
        ("380", CARIBBEAN),
        ("389", f"{CARIBBEAN} {CENTRAL_AMERICA}"),
        ("489", SOUTH_AMERICA),
        ("498", f"{CARIBBEAN} {CENTRAL_AMERICA} {SOUTH_AMERICA}"),
        ("589", "IRN IRQ JOR LBN SYR PSE YEM"),
        ("619", "ARM AZE GEO KAZ KGZ TJK TKM UZB"),
        ("679", "AFG BGD BTN IND MDV MMR NPL PAK LKA"),
        ("789", "KHM CHN IDN PRK LAO MYS MNG PHL THA TLS VNM"),
        ("889", f"{MELANESIA} {MICRONESIA} {POLYNESIA}"),
        ("1027", EASTERN_AFRICA),
        ("1028", MIDDLE_AFRICA),
        ("1029", SOUTHERN_AFRICA),
        ("1030", WESTERN_AFRICA),
        ("1031", CARIBBEAN),
        ("1032", CENTRAL_AMERICA),
        ("1033", MELANESIA),
        ("1034", MICRONESIA),
        ("1035", POLYNESIA),
    ],
)
def test_the_bucket_of_a_region_holds_its_countries(region, members):
    """Members as the DAC counts them. Its own South of Sahara holds Djibouti, and its South Asia Myanmar."""
    with (DATA_DIR / "countries.csv").open(encoding="utf-8", newline="") as file:
        held_by = {row["code"]: row["region_code"] for row in csv.DictReader(file)}
    bucket = load_iati_codes().regions[region]
    holds = {"AFR": {"AFR", "AFE", "AFW"}}.get(bucket, {bucket})
    drawn_otherwise = {"AFR": {"DJI"}, "SAS": {"MMR"}}.get(bucket, set())
    assert {code for code in members.split() if held_by[code] not in holds} <= drawn_otherwise


@pytest.mark.parametrize(
    ("parts", "shares", "flag"),
    [
        ([("a", None)], {"a": 1}, None),
        ([("a", 100)], {"a": 1}, None),
        ([("a", 30), ("b", 70)], {"a": Fraction(3, 10), "b": Fraction(7, 10)}, None),
        ([("a", "66.6"), ("b", "33.3")], {"a": Fraction(2, 3), "b": Fraction(1, 3)}, "99.9"),
        ([("a", 100), ("b", 100)], {"a": HALF, "b": HALF}, "200"),
        ([("a", 50), ("a", 50), ("b", 0)], {"a": 1}, None),
        ([("a", 50), ("b", None)], None, "missing"),
        ([("a", 0), ("b", 0)], None, "all zero"),
        ([], None, None),
    ],
)
def test_percentages_are_brought_to_a_hundred(parts, shares, flag):
    found = rebase([Part(code, None if percent is None else Fraction(percent)) for code, percent in parts])
    assert found.shares == shares
    assert (found.flag is None) if flag is None else flag in found.flag


def test_amounts_weigh_the_shares_of_transactions():
    a, b = {"a": Fraction(1)}, {"a": HALF, "b": HALF}
    assert combine([(300, a), (100, b)]) == {"a": Fraction(7, 8), "b": Fraction(1, 8)}
    assert combine([(300, a), (-100, b)]) is None
    assert combine([]) is None


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 10**9), min_size=1))
def test_written_percentages_sum_to_a_hundred(weights):
    total = sum(weights.values())
    written = percentages({code: Fraction(weight, total) for code, weight in weights.items()})
    assert sum(Fraction(share) for share in written.values()) == 100
