"""Activities of every version as records: texts, dates, places, sectors, money, and what is set aside. All synthetic."""

import pytest

from db.ingest.adapters.iati import IatiAdapter
from tests.data.iati import REPORTER, VALUE, activity, dollars, transaction, write

VERSION_1 = """<iati-activity default-currency="USD" xml:lang="fr">
<reporting-org ref="XX-SYN" type="40">Synthetic Aid</reporting-org>
<iati-identifier>XX-SYN-1</iati-identifier>
<title>Routes synthétiques</title><title xml:lang="en">Synthetic roads</title>
<description type="1">Pour des routes.</description>
<activity-status code="2">Implementation</activity-status>
<activity-date type="start-planned" iso-date="2011-01-01">2011</activity-date>
<activity-date type="start-actual" iso-date="2011-02-03"/>
<activity-date type="end-planned">2014-12-31</activity-date>
<recipient-country code="KE" percentage="100">Kenya</recipient-country>
<sector vocabulary="DAC" code="21020" percentage="100">Road transport</sector>
<sector vocabulary="RO" code="7">Synthetic</sector>
<transaction><transaction-type code="C">Commitment</transaction-type>
<transaction-date iso-date="2011-02-01"/><value value-date="2011-02-01">1000.50</value></transaction>
<transaction><transaction-type code="D"/><value value-date="2011-03-01">300</value></transaction>
<transaction><transaction-type code="E"/><value value-date="2011-03-01">200</value></transaction>
<transaction><transaction-type code="LR"/><value value-date="2011-03-01">7</value></transaction>
</iati-activity>"""


def read(folder, *activities, **options):
    return list(IatiAdapter().read(write(folder, *activities, **options)))


def one(folder, inside="", **options):
    (found,) = read(folder, activity(inside, **options))
    return found


def reasons(raw):
    return [reason for _, _, reason in raw.set_aside]


@pytest.mark.parametrize("version", ["1.01", "1.03", "1.05"])
def test_version_1(tmp_path, version):
    (raw,) = read(tmp_path, VERSION_1, version=version)
    assert raw.broken is None
    assert raw.set_aside == ()
    assert raw.place == "synthetic.xml, line 3"
    assert raw.fields == {
        "project_id": "XX-SYN-1",
        "reported_id": "XX-SYN-1",
        "name": "Synthetic roads",
        "objective": "Pour des routes.",
        "reporting_org": "Synthetic Aid",
        "reporting_org_ref": "XX-SYN",
        "status": "Active",
        "approval_date": "2011-02-03",
        "closing_date": "2014-12-31",
        "countries": ("KEN",),
        "sectors": ("Road transport (21020)",),
        "purpose_codes": ("21020:100",),
        "commitment_usd": "1000.50",
        "disbursement_usd": "500.00",
        "as_of": "2026-01-02",
        "source": "iati",
    }


@pytest.mark.parametrize("version", ["2.01", "2.02", "2.03"])
def test_version_2(tmp_path, version):
    inside = (
        "<description type='1'><narrative xml:lang='es'>Caminos</narrative><narrative>General.</narrative></description>"
        "<description type='2'><narrative>Objectives.</narrative></description>"
        "<activity-date type='4' iso-date='2024-12-31'/><sector code='21020'><narrative>Roads</narrative></sector>"
    )
    attributes = 'default-currency="USD" last-updated-datetime="2025-06-07T08:09:10+00:00" xml:lang="en"'
    (raw,) = read(tmp_path, activity(inside + dollars(1000), attributes=attributes), version=version)
    assert raw.fields["objective"] == "Objectives. General."
    assert (raw.fields["approval_date"], raw.fields["closing_date"]) == ("2019-05-01", "2024-12-31")
    assert (raw.fields["as_of"], raw.fields["sectors"]) == ("2025-06-07", ("Roads (21020)",))
    assert (raw.fields["purpose_codes"], raw.fields["commitment_usd"]) == (("21020:100",), "1000.00")


@pytest.mark.parametrize(
    ("code", "status"), [("1", "Pipeline"), ("2", "Active"), ("3", "Active"), ("4", "Closed"), ("5", "Dropped")]
)
def test_status(tmp_path, code, status):
    basics = f"<title><narrative>x</narrative></title><activity-status code='{code}'/>"
    assert one(tmp_path, basics, basics=False).fields["status"] == status


@pytest.mark.parametrize(
    ("inside", "day"),
    [
        (
            "<activity-date type='1' iso-date='2018-01-01'/><activity-date type='2' iso-date='2018-02-02'/>",
            "2018-02-02",
        ),
        ("<activity-date type='1' iso-date='2018-01-01'/>" + dollars(5), "2020-01-15"),
        ("<activity-date type='1' iso-date='2018-01-01Z'/>", "2018-01-01"),
        ("<activity-status code='1'/><activity-date type='1' iso-date='2018-01-01'/>", None),
        (dollars(-5), None),
    ],
)
def test_what_stands_for_the_date_of_approval(tmp_path, inside, day):
    assert one(tmp_path, inside, basics=False).fields.get("approval_date") == day


def test_money_is_summed_by_kind_with_what_is_taken_back(tmp_path):
    others = "".join(dollars(7, kind) for kind in ("1", "5", "6", "7", "8", "9", "10", "12", "13"))
    raw = one(tmp_path, dollars(1000) + dollars("-100.25") + dollars(300, "3") + dollars(50, "4") + others)
    assert (raw.fields["commitment_usd"], raw.fields["disbursement_usd"]) == ("899.75", "350.00")
    assert raw.set_aside == ()


def test_more_taken_back_than_given_is_no_commitment(tmp_path):
    raw = one(tmp_path, dollars(100) + dollars(-300))
    assert "commitment_usd" not in raw.fields
    assert raw.set_aside[0][:2] == ("commitment_usd", "-200.00")


def test_incoming_commitments_are_their_givers(tmp_path):
    raw = one(tmp_path, dollars(1000, "11"))
    assert "commitment_usd" not in raw.fields
    assert "counted where they are given, not here: 1 incoming commitment (type 11)" in raw.fields["note"]


def test_currency_of_the_value_before_that_of_the_activity(tmp_path):
    own = transaction(value='<value currency="GBP" value-date="2007-06-30">100</value>')
    default = transaction(value='<value value-date="2019-03-19">100</value>')
    undated = transaction(value='<value currency="EUR">100</value>', day="2019-03-19")
    raw = one(tmp_path, own + default + undated, attributes='default-currency="EUR"')
    assert raw.fields["commitment_usd"] == "427.53"  # 200.37 + 113.58 + 113.58
    assert raw.fields["conversions"] == (
        "commitment: GBP 100 of 2007-06-30 at 1.3505/0.674 (2007-06-29) = USD 200.37",
        "commitment: EUR 100 of 2019-03-19 at 1.1358 (2019-03-19) = USD 113.58",
        "commitment: EUR 100 of 2019-03-19 at 1.1358 (2019-03-19) = USD 113.58",
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            '<value value-date="2020-01-15">10</value>',
            "has no currency of its own, and the activity no default-currency",
        ),
        ('<value currency="dollars" value-date="2020-01-15">10</value>', "has no such currency"),
        ('<value currency="USD" value-date="2020-01-15">1,000</value>', "is no amount"),
        ('<value currency="USD" value-date="2020-01-15"/>', "is no amount"),
        ('<value currency="USD" value-date="2020-01-15">1e9</value>', "is no amount"),
        ('<value currency="USD" value-date="2020-01-15">99999999999999</value>', "outside what one operation"),
        ('<value currency="ETB" value-date="2020-01-15">10</value>', "no rate of ETB is published"),
        ('<value currency="EUR" value-date="1998-01-15">10</value>', "no rate of EUR on 1998-01-15"),
        ("", "has no value"),
    ],
)
def test_a_sum_of_which_a_part_is_not_known_is_not_known(tmp_path, value, words):
    raw = one(tmp_path, dollars(1000) + transaction(value=value) + dollars(5, "3"), attributes="")
    assert "commitment_usd" not in raw.fields
    assert raw.fields["disbursement_usd"] == "5.00"
    assert "the commitment is not known in dollars" in raw.fields["note"]
    (reason,) = reasons(raw)
    assert words in reason
    assert "at line 3" in reason


def test_a_day_that_is_none_is_set_aside(tmp_path):
    raw = one(
        tmp_path, "<activity-date type='3' iso-date='2020-02-30'/><activity-date type='9' iso-date='2020-01-01'/>"
    )
    assert [item[:2] for item in raw.set_aside] == [("activity-date", "2020-02-30"), ("activity-date", "9")]


JO, LB = "<recipient-country code='JO'{}/>", "<recipient-country code='LB'{}/>"
REGION = "<recipient-region code='589'{}/>"
OTHER_REGION = "<recipient-region vocabulary='99' code='HORN'{}/>"
THIRD_REGION = "<recipient-region vocabulary='2' code='014'{}/>"
TITLE = "<title><narrative>Synthetic</narrative></title>"


def part(element, percent):
    return element.format(f" percentage='{percent}'" if percent else "")


@pytest.mark.parametrize(
    ("places", "countries", "shares", "region"),
    [
        (part(JO, ""), ("JOR",), None, None),
        (part(JO, 60) + part(LB, 40), ("JOR", "LBN"), ("60", "40"), None),
        (part(JO, 30) + part(LB, 30), ("JOR", "LBN"), ("50", "50"), None),
        (part(JO, 60) + part(REGION, 40), ("JOR", "MEA"), ("60", "40"), None),
        (part(JO, 60) + part(LB, 40) + part(REGION, 100), ("JOR", "LBN"), ("60", "40"), None),
        (part(JO, "59.9") + part(LB, 40) + part(REGION, 100), ("JOR", "LBN"), ("59.96", "40.04"), None),
        (part(JO, "60.5") + part(LB, 40) + part(OTHER_REGION, 100), ("JOR", "LBN"), ("60.199", "39.801"), None),
        (part(JO, "99.9") + part(OTHER_REGION, 100), ("JOR",), None, None),
        (part(JO, "99.6") + part(REGION, "0.4"), ("JOR", "MEA"), ("99.6", "0.4"), None),
        (part(JO, 99) + part(REGION, 100), ("JOR", "MEA"), ("49.7487", "50.2513"), None),
        (part(JO, "") + part(LB, "") + part(REGION, ""), ("JOR", "LBN"), None, "MEA"),
        (part(JO, 60) + part(LB, ""), ("JOR", "LBN"), None, "WLD"),
        (part(JO, "") + part(REGION, ""), ("JOR",), None, None),
        (part(REGION, ""), ("MEA",), None, None),
        (
            "<recipient-region code='289' vocabulary='1'/><recipient-region code='9' vocabulary='99'/>",
            ("AFR",),
            None,
            None,
        ),
        ("<recipient-country code='ZZ' percentage='40'/>" + part(JO, 60), ("WLD", "JOR"), ("40", "60"), None),
        (part(JO, 50) + part(OTHER_REGION, 50), ("JOR", "WLD"), ("50", "50"), None),
        (part(JO, 50) + part(OTHER_REGION, 50) + part(REGION, 50), ("JOR", "MEA"), ("50", "50"), None),
        (part(JO, 50) + part(OTHER_REGION, 50) + part(THIRD_REGION, 50), ("JOR", "WLD"), ("50", "50"), None),
        (part(JO, "") + part(OTHER_REGION, ""), ("JOR",), None, None),
        (part(OTHER_REGION, ""), ("WLD",), None, None),
    ],
)
def test_places(tmp_path, places, countries, shares, region):
    raw = one(tmp_path, TITLE + places, basics=False)
    found = (raw.fields.get("countries"), raw.fields.get("country_shares"), raw.fields.get("region"))
    assert found == (countries, shares, region)


def sector(code, percent="", vocabulary=""):
    more = f" vocabulary='{vocabulary}'" if vocabulary else ""
    return f"<sector code='{code}' percentage='{percent}'{more}/>" if percent else f"<sector code='{code}'{more}/>"


@pytest.mark.parametrize(
    ("sectors", "codes", "note"),
    [
        (sector(24050, 30) + sector(15110, 70), ("24050:30", "15110:70"), None),
        (sector(24050, "33.3") + sector(15110, "66.6"), ("24050:33.3333", "15110:66.6667"), "sum to 99.9"),
        (sector(24050, 100) + sector(15110, 100), ("24050:50", "15110:50"), "sum to 200"),
        (sector(24050) + sector(15110), ("24050", "15110"), "percentages are missing"),
        (sector(24050, 50) + sector(15110), ("24050", "15110"), "percentages are missing"),
        (sector(240, 100, 2) + sector(24050, 100, 1), ("24050:100",), None),
        (sector(240, 60, 2) + sector(151, 40, "DAC-3"), ("240:60", "151:40"), None),
        (sector("BC", 100, 99) + sector("x", 100, 98), None, None),
        (sector(24050, 50) + sector("AGRIC", 50), ("24050:50",), None),
        (
            sector(24050) + sector("AGRIC"),
            ("24050", "99810"),
            "missing beside 24050, a code that cannot be read: no share is known",
        ),
        (sector(99810) + sector("AGRIC"), ("99810",), "missing beside 99810"),
        (sector(24050) + sector(15110) + sector("AGRIC"), ("24050", "15110"), "percentages are missing"),
        (sector("AGRIC"), None, None),
    ],
)
def test_sectors_of_one_vocabulary(tmp_path, sectors, codes, note):
    raw = one(tmp_path, sectors)
    assert raw.fields.get("purpose_codes") == codes
    assert (note or "") in raw.fields.get("note", "")
    assert ("note" in raw.fields) == (note is not None)


def test_bad_codes_and_percentages_are_set_aside(tmp_path):
    raw = one(tmp_path, sector("refugees", 50) + sector(24050, "-5") + sector(15110, 50))
    assert [item[:2] for item in raw.set_aside] == [("sector", "refugees"), ("sector", "-5")]
    assert raw.fields["purpose_codes"] == ("24050", "15110")


def test_sector_and_country_of_a_transaction_stand_before_those_of_the_activity(tmp_path):
    own = dollars(300, more=sector(24050) + "<recipient-country code='LB'/>")
    raw = one(tmp_path, sector(15110, 50) + sector(11220, 50) + own + dollars(100))
    assert raw.fields["purpose_codes"] == ("24050:75", "15110:12.5", "11220:12.5")
    assert (raw.fields["countries"], raw.fields["country_shares"]) == (("LBN", "JOR"), ("75", "25"))


def test_transactions_without_a_sector_leave_a_rest(tmp_path):
    raw = one(tmp_path, dollars(300, more=sector(24050)) + dollars(100))
    assert raw.fields["purpose_codes"] == ("24050:75",)


def test_shares_of_an_activity_are_odd_only_where_they_count(tmp_path):
    """The second transaction of the last file says nothing of its own, so the activity's lacking shares count for it."""
    lacking = sector(15110) + sector(11220) + part(JO, "") + part(LB, "")
    lebanon, jordan = (dollars(300, more=sector(24050) + part(place, "")) for place in (LB, JO))
    own = one(tmp_path, TITLE + lacking + lebanon + jordan, basics=False)
    assert (own.fields["countries"], own.fields["purpose_codes"]) == (("LBN", "JOR"), ("24050:100",))
    assert "note" not in own.fields
    in_part = one(tmp_path, TITLE + lacking + lebanon + dollars(100), basics=False)
    assert "sectors: percentages are missing" in in_part.fields["note"]
    assert "places: percentages are missing" in in_part.fields["note"]


def test_what_was_paid_out_weighs_where_nothing_was_committed(tmp_path):
    raw = one(tmp_path, dollars(10, "3", sector(24050)) + dollars(30, "4", sector(15110)))
    assert raw.fields["purpose_codes"] == ("24050:25", "15110:75")


def test_no_proportion_comes_of_money_that_is_taken_back(tmp_path):
    raw = one(tmp_path, sector(15110) + dollars(300, more=sector(24050)) + dollars(-100, more=sector(11220)))
    assert raw.fields["purpose_codes"] == ("15110:100",)
    assert "sectors of transactions give no proportion" in raw.fields["note"]


TWO = {
    "values": (transaction(value=VALUE + VALUE.replace("1000", "9000")), "transaction", "1000, 9000", "has 2 values"),
    "elements-in-value": (dollars("10<b>00</b>"), "value", "10<b>", "is no amount"),
    "types": (
        dollars(1000, more="<transaction-type code='3'/>"),
        "transaction-type",
        "2, 3",
        "differs from another type beside it",
    ),
}


@pytest.mark.parametrize(("inside", "element", "value", "reason"), TWO.values(), ids=TWO)
def test_of_two_amounts_or_types_in_a_transaction_none_is_taken(tmp_path, inside, element, value, reason):
    raw = one(tmp_path, dollars(500) + inside + dollars(70, "3") * (element != "transaction-type"))
    ((found, shown, why),) = raw.set_aside
    assert (found, shown) == (element, value)
    assert reason in why
    assert "commitment_usd" not in raw.fields
    assert raw.fields.get("disbursement_usd") == (None if element == "transaction-type" else "70.00")
    assert "the commitment is not known in dollars" in raw.fields["note"]


def test_a_type_that_is_said_again_in_another_language_is_one(tmp_path):
    raw = one(tmp_path, dollars(1000, more="<transaction-type code='2' xml:lang='fr'>Engagement</transaction-type>"))
    assert (raw.set_aside, raw.fields["commitment_usd"]) == ((), "1000.00")


ALIKE = {
    "values": transaction(value=VALUE * 2),
    "digits": transaction(value=VALUE + VALUE.replace(">1000", ">1000.00")),
    "empty-value": transaction(value="<value/>" + VALUE),
    "versions": dollars(1000, more="<transaction-type code='C'/>"),
    "empty-type": dollars(1000, more="<transaction-type/>"),
    "zone": dollars(1000, more="<transaction-date iso-date='2020-01-15Z'/>"),
    "empty-status": "<activity-status/>" + dollars(1000),
    "empty-identifier": "<iati-identifier/>" + dollars(1000),
}


@pytest.mark.parametrize("inside", ALIKE.values(), ids=ALIKE)
def test_what_is_said_twice_without_contradiction_counts_once(tmp_path, inside):
    raw = one(tmp_path, inside)
    assert (raw.broken, raw.set_aside, raw.fields["commitment_usd"]) == (None, (), "1000.00")
    assert raw.fields["status"] == "Active"


DIFFERENT = {
    "currency": VALUE.replace("USD", "EUR"),
    "day": VALUE.replace("2020-01-15", "2019-01-15"),
    "inside": "<value>1000<b/></value>",
}


@pytest.mark.parametrize("second", DIFFERENT.values(), ids=DIFFERENT)
def test_of_two_values_that_differ_in_more_than_their_text_none_is_taken(tmp_path, second):
    assert second != VALUE
    raw = one(tmp_path, transaction(value=VALUE + second))
    assert "has 2 values" in raw.set_aside[0][2]
    assert "commitment_usd" not in raw.fields


def test_an_empty_identifier_before_the_true_one_is_none(tmp_path):
    (raw,) = read(tmp_path, activity(dollars(5)).replace("<iati-identifier>", "<iati-identifier/><iati-identifier>"))
    assert (raw.broken, raw.fields["reported_id"]) == (None, "XX-SYN-1")


def test_of_two_dates_or_statuses_that_differ_none_is_taken(tmp_path):
    euros = transaction(value='<value currency="EUR">1000</value>', more="<transaction-date iso-date='2012-01-01'/>")
    raw = one(tmp_path, "<activity-status code='4'/>" + euros)
    assert {"status", "commitment_usd"}.isdisjoint(raw.fields)
    assert {("activity-status", "2, 4"), ("transaction-date", "2020-01-15, 2012-01-01")} <= {
        (name, value) for name, value, _ in raw.set_aside
    }


def test_of_two_dates_of_an_activity_that_differ_none_is_taken(tmp_path):
    dates = "<activity-date type='{}' iso-date='2011-02-03'/><activity-date type='{}' iso-date='{}'/>"
    raw = one(tmp_path, dates.format("2", "2", "2019-05-06"), basics=False)
    assert "approval_date" not in raw.fields
    assert ("activity-date", "2019-05-06") in {(name, value) for name, value, _ in raw.set_aside}
    alike = one(tmp_path, dates.format("2", "start-actual", "2011-02-03Z"), basics=False)
    assert (alike.fields["approval_date"], alike.set_aside) == ("2011-02-03", ())


def test_an_activity_with_two_identifiers_is_refused_by_itself(tmp_path):
    second = "<iati-identifier>XX-SYN-9</iati-identifier>"
    bad, good = read(tmp_path, activity(dollars(5) + second), activity(identifier="XX-SYN-2"))
    assert bad.broken == "iati-identifier: 'XX-SYN-1' and 'XX-SYN-9' stand in one activity: expected one"
    assert good.broken is None


def test_withdrawn_codes_are_taken_and_noted(tmp_path):
    raw = one(tmp_path, "<default-finance-type code='410'/>" + dollars(5, more="<finance-type code='410'/>"))
    assert raw.fields["note"] == "IATI: finance type 410 was withdrawn from the code list; taken as it is"
    assert raw.fields["commitment_usd"] == "5.00"
    assert "note" not in one(tmp_path, "<default-finance-type code='421'/>").fields


@pytest.mark.parametrize(
    ("identifier", "reporter", "words"),
    [
        ("", REPORTER, "iati-identifier: required, but missing"),
        ("44000-P174085", REPORTER, "is the World Bank's, but XX-SYN reports it"),
        ("P174085", REPORTER, "would pass for a project of the World Bank"),
    ],
)
def test_an_activity_without_a_usable_identifier_is_refused_by_itself(tmp_path, identifier, reporter, words):
    bad, good = read(tmp_path, activity(identifier=identifier, reporter=reporter), activity(identifier="XX-SYN-2"))
    assert words in bad.broken
    assert good.broken is None


def test_a_long_description_is_cut_and_listed(tmp_path):
    raw = one(tmp_path, f"<description><narrative>{'x' * 25_000}</narrative></description>")
    assert len(raw.fields["objective"]) == 20_000
    assert "25,000 characters and was cut" in raw.set_aside[0][2]


@pytest.mark.parametrize("moment", ["2024-02-30T00:00:00Z", "2099-01-01T00:00:00Z"])
def test_a_date_of_update_that_cannot_be_is_set_aside_for_that_of_the_file(tmp_path, moment):
    attributes = f'default-currency="USD" last-updated-datetime="{moment}" xml:lang="en"'
    (raw,) = read(tmp_path, activity(dollars(1000), attributes=attributes))
    assert raw.fields["as_of"] == "2026-01-02"
    assert [(field, value) for field, value, _ in raw.set_aside] == [("last-updated-datetime", moment)]
