"""The explorer as a person uses it: open, turn, share, copy, carry away; and what it says when something is wrong."""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.explorer.snippets import ROWS, snippets
from api.main import create_app
from db.engine import make_engine
from db.migrate import upgrade
from tests.conftest import let_go, watch_of
from tests.data.export_helpers import PROJECT, jsonl_text, take
from tests.data.serving import served

WITH_COMMAS = "Prêt à l'investissement, n° 2"
YEARS = "/?group_by=year,group&year_from=2014&country=JOR,LBN&chart=line&scale=log"


def settled(page: Page) -> Page:
    """Wait until the page shows an answer with its picture, or what is wrong."""
    expect(page.locator("#answer")).not_to_have_class(re.compile("asking"), timeout=30_000)
    return page


def query_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


def rows_of(page: Page) -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts() for row in page.locator("#rows tbody tr").all()]


@pytest.fixture
def first(open_page):
    return settled(open_page("/"))


def test_opens_with_the_picture_and_the_table_of_the_first_question(first, base):
    expect(first.locator("#chart svg")).to_be_visible()
    expect(first.locator("#picture .box")).to_have_count(0)
    answer = httpx.get(
        f"{base}/v1/spend?group_by=category&approved_from=2014-01-01&approved_to=2024-03-31&sort=-amount_usd"
    )
    expected = [
        [
            row["category_label"],
            f"{round(row['amount_usd']):,}" if row["amount_usd"] or row["partial_usd"] else "not stated",
        ]
        for row in answer.json()["data"]
    ]
    assert ["Welfare of workers abroad", "not stated"] in expected  # one component, without an amount
    assert [row[:2] for row in rows_of(first)] == expected
    assert first.locator("#rows tfoot td").first.inner_text() == f"{round(answer.json()['totals']['amount_usd']):,}"
    expect(first.locator("#sentence")).to_contain_text("140 projects")


@pytest.mark.parametrize(
    ("filters", "what"),
    [
        ("country=JOR", "Commitments for migration"),
        ("category=not_migration", "Commitments"),
        ("group=none,forced_displacement", "Commitments"),
        ("relevance=none", "Commitments"),
        ("category=not_migration&relevance=direct", "Commitments for migration"),
    ],
)
def test_only_what_serves_migration_is_called_so(open_page, filters, what):
    page = open_page(f"/?group_by=year&{filters}")
    expect(page.locator("#answer-title")).to_have_text(f"{what} by year")


def test_turns_by_its_controls_and_every_turn_is_in_the_address(first):
    first.locator("[data-place='0']").select_option("year")
    settled(first)
    assert query_of(first)["group_by"] == "year"
    expect(first.locator("#answer-title")).to_have_text("Commitments for migration by year")
    first.locator("[data-place='1']").select_option("group")
    settled(first)
    first.get_by_text("Lines").click()
    settled(first)
    first.get_by_text("Plain scale").click()
    settled(first)
    first.locator("select[name=basis]").select_option("project")
    settled(first)
    first.locator("select[name=prices]").select_option("constant")
    settled(first)
    wanted = {"group_by": "year,group", "chart": "line", "scale": "linear", "basis": "project", "prices": "constant"}
    assert wanted.items() <= query_of(first).items()
    expect(first.locator("#trouble")).to_be_empty()
    for _ in range(5):
        first.go_back()
    settled(first)
    assert query_of(first)["group_by"] == "year"
    expect(first.locator("[data-place='0']")).to_have_value("year")
    expect(first.locator("select[name=basis]")).to_have_value("component")


def test_filters_by_name_and_takes_the_filter_away_again(first):
    first.locator("#filter-value").fill("Jordan")
    first.locator("#filter-add").click()
    settled(first)
    assert query_of(first)["country"] == "JOR"
    expect(first.locator("#chips")).to_contain_text("Jordan")
    first.locator("#filter-name").select_option("min_confidence")
    first.locator("#filter-value").fill("0.7")
    first.locator("#filter-value").press("Enter")
    settled(first)
    assert query_of(first)["min_confidence"] == "0.7"
    expect(first.locator("#chips")).to_contain_text("0.7")
    expect(first.locator("#chips")).to_contain_text("2014-01-01")
    first.get_by_role("button", name=re.compile("Without Country.*Jordan")).click()
    settled(first)
    assert "country" not in query_of(first)
    assert query_of(first)["min_confidence"] == "0.7"


def test_sorts_by_a_column_and_narrows_to_a_row(first):
    first.get_by_role("button", name="Projects", exact=True).click()
    settled(first)
    assert query_of(first)["sort"] == "-projects"
    numbers = [int(row[5]) for row in rows_of(first)]
    assert numbers == sorted(numbers, reverse=True)
    expect(first.locator('th[aria-sort="descending"]')).to_have_text("Projects")
    first.locator("#rows").get_by_role("link", name="Skills for work abroad").click()
    settled(first)
    assert {"category": "mobility_skills", "group_by": "country"}.items() <= query_of(first).items()
    expect(first.locator("#answer")).to_be_focused()


@pytest.mark.parametrize("dimension", ["country", "region", "category"])
def test_without_an_order_the_largest_stands_first_as_in_the_picture(dimension, open_page, base):
    page = settled(open_page(f"/?group_by={dimension}"))
    expect(page.locator('th[aria-sort="descending"]')).to_have_text("In full, $")
    answer = httpx.get(f"{base}/v1/spend?group_by={dimension}").json()["data"]
    by_codes = sorted(answer, key=lambda row: (row[dimension] is None, row[dimension] or ""))
    by_amount = sorted(by_codes, key=lambda row: (-row["amount_usd"], -row["partial_usd"]))
    label = "category_label" if dimension == "category" else f"{dimension}_name"
    assert [row[0] for row in rows_of(page)] == [row.get(label, row[dimension]) for row in by_amount][:50]
    drawn = page.locator("#chart [data-mark]").first.get_attribute("aria-label")
    assert rows_of(page)[0][0] in drawn
    page.get_by_role("button", name="In full, $").click()
    settled(page)
    assert query_of(page)["sort"] == "amount_usd"


def test_years_follow_each_other_however_they_are_written(open_page):
    page = settled(open_page("/?group_by=Year"))
    years = [row[0] for row in rows_of(page)]
    assert years == sorted(years)
    assert len(years) > 3


def test_what_is_wrong_with_a_question_without_an_order_is_said(open_page):
    page = settled(open_page("/?group_by=country&base_year=2015"))
    expect(page.locator("#trouble")).to_contain_text("base_year needs prices=constant")
    assert not page.locator("#rows tbody tr:visible").count()


@pytest.mark.parametrize("link", ["#rows tbody a", ".cards a:has-text('Look into it')"])
def test_a_link_to_another_answer_leads_to_its_beginning(link, first):
    first.set_viewport_size({"width": 390, "height": 844})
    first.locator(link).first.click()
    settled(first)
    assert 0 <= first.evaluate("document.querySelector('#answer').getBoundingClientRect().top") < 100


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("q=labour mobility&group_by=country&approved_from=2014-01-01", "No amount is stated: 1 project, 1 row."),
        ("group_by=year&country=JOR", r"^\$[\d,.]+ bn in full: "),
        ("group_by=category", r"^\$[\d,.]+ bn in full, up to \$[\d,.]+ bn with what counts in part: "),
    ],
)
def test_the_totals_in_words(query, said, open_page):
    expect(settled(open_page(f"/?{query}")).locator("#sentence")).to_have_text(re.compile(said))


def test_a_shared_address_shows_the_same_in_another_window(first, open_page):
    first.goto(YEARS)
    settled(first)
    other = settled(open_page(first.url))
    assert other.url == first.url
    assert rows_of(other) == rows_of(first)
    assert rows_of(other)
    expect(other.locator("[data-place='1']")).to_have_value("group")
    expect(other.get_by_role("radio", name="Log scale")).to_be_checked()
    expect(other.locator("#chips")).to_contain_text("Lebanon")
    marks = [
        page.locator("#chart [data-mark]").evaluate_all("all => all.map(one => one.ariaLabel)")
        for page in (first, other)
    ]
    assert marks[0] == marks[1] != []


def test_the_code_is_that_of_the_program_and_can_be_copied(first, context, base):
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base)
    first.goto(YEARS)
    settled(first)
    url = f"{base}/v1/spend?group_by=year,group&year_from=2014&country=JOR,LBN"
    for one in snippets(ROWS, url):
        block = first.locator(f'.snippet:has(.language:text-is("{one.language}"))')
        assert block.locator("code").text_content() == one.text
        block.get_by_role("button").click()
        assert first.evaluate("navigator.clipboard.readText()") == one.text
    first.get_by_role("button", name="Copy the link").click()
    assert first.evaluate("navigator.clipboard.readText()") == first.url


def test_the_csv_that_is_carried_away_sums_to_the_total(first, base):
    first.goto(YEARS)
    settled(first)
    with first.expect_download() as download:
        first.get_by_role("link", name="CSV", exact=True).first.click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    total = sum(Decimal(row["amount_usd"]) for row in rows)
    assert first.locator("#rows tfoot td").first.inner_text() == f"{round(total):,}"
    answer = httpx.get(f"{base}/v1/spend?group_by=year,group&year_from=2014&country=JOR,LBN")
    assert Decimal(str(answer.json()["totals"]["amount_usd"])) == total > 0


@pytest.mark.parametrize(
    ("name", "start"), [("Picture, PNG", b"\x89PNG"), ("Picture, SVG", b"<svg"), ("Parquet", b"PAR1")]
)
def test_pictures_and_tables_are_carried_away(name, start, first):
    with first.expect_download() as download:
        first.get_by_role("link", name=name).click()
    assert Path(download.value.path()).read_bytes().startswith(start)


def test_marks_tell_their_amounts_to_the_pointer_and_to_the_keyboard(first):
    marks = first.locator("#chart [data-mark]")
    words = marks.nth(2).get_attribute("aria-label")
    assert "$" in words
    marks.nth(2).hover(force=True)
    expect(first.locator(".tip")).to_be_visible()
    first.mouse.move(0, 0)
    first.locator("#chart svg").focus()
    for _ in range(3):
        first.keyboard.press("ArrowDown")
    expect(first.locator(".tip")).to_have_text(words)
    first.keyboard.press("Escape")
    expect(first.locator(".tip")).to_be_hidden()


def test_from_an_amount_to_its_project_and_to_the_reason(first):
    first.goto("/?group_by=country&category=mobility_skills")
    settled(first)
    first.locator("#behind").get_by_role("link", name=re.compile("Accelerating and Strengthening Skills")).click()
    expect(first.locator("h1")).to_contain_text("Accelerating and Strengthening Skills")
    first.get_by_role("link", name=re.compile("Transforming Formal Skills")).click()
    assert urlparse(first.url).path == "/components/P167506-1"
    expect(first.locator(".why.counts")).to_contain_text("formal TVET with the expatriates ministry")


def test_a_long_table_goes_on(first):
    first.goto("/?group_by=category,year,country")
    settled(first)
    expect(first.locator("#chart")).to_contain_text("at most 2 dimensions")
    assert len(rows_of(first)) == 50
    first.get_by_role("button", name=re.compile(r"Show more of the other \d+ rows")).click()
    expect(first.locator("#rows tbody tr")).to_have_count(100)
    first.locator("#chart").get_by_role("link", name="category,year").click()
    settled(first)
    assert query_of(first)["group_by"] == "category,year"
    expect(first.locator("#chart svg")).to_be_visible()


def test_a_wrong_address_names_what_is_wrong_and_a_click_puts_it_right(open_page):
    page = settled(open_page("/?group_by=category&category=refuge_health,refugee_education&yer_from=2016"))
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("'refuge_health' is not a valid value")
    expect(trouble).to_contain_text("there is no parameter 'yer_from' here")
    trouble.get_by_role("link", name="Refugee health (refugee_health)", exact=True).first.click()
    settled(page)
    assert query_of(page)["category"] == "refugee_health,refugee_education"
    trouble.get_by_role("link", name="year_from", exact=True).click()
    settled(page)
    assert query_of(page) == {
        "group_by": "category",
        "category": "refugee_health,refugee_education",
        "year_from": "2016",
    }
    expect(trouble).to_be_empty()
    assert len(rows_of(page)) == 2


def test_an_address_of_the_api_can_be_pasted_behind_the_page(open_page):
    page = settled(open_page("/?group_by=year&group_by=group&limit=3&fields=year&format=csv"))
    assert parse_qs(urlparse(page.url).query) == {"group_by": ["year", "group"]}
    assert len(rows_of(page)[0]) == 8
    expect(page.get_by_role("radio", name="As fits")).to_be_checked()
    expect(page.locator("#chart svg")).to_be_visible()


def test_links_that_were_shared_are_freed_of_what_follows_their_readers(open_page):
    page = settled(open_page("/?group_by=year&utm_source=x&utm_medium=y&fbclid=a&gclid=b"))
    assert query_of(page) == {"group_by": "year"}
    expect(page.locator("#trouble")).to_be_empty()
    page = settled(open_page("/?fbclid=abc"))
    assert query_of(page)["group_by"] == "category"
    expect(page.locator("#rows")).to_be_visible()


def test_a_refused_question_is_told_to_screen_readers(open_page):
    page = settled(open_page("/?group_by=categry"))
    said = page.get_by_role("status")
    expect(said).to_have_text("This question cannot be answered: group_by: 'categry' is not a valid value")
    page.locator("#trouble").get_by_role("link", name="category", exact=True).first.click()
    settled(page)
    expect(said).to_contain_text("in full")
    expect(said).not_to_have_class("unseen")


def test_while_a_shared_question_waits_no_figures_of_another_stand_there(context, open_page):
    context.route("**/v1/spend?*", lambda route: None)
    page = open_page("/?group_by=year&country=JOR")
    expect(page.locator("#answer-title")).to_have_text("Commitments for migration by year")
    expect(page.locator("#rows")).to_be_hidden()


def test_an_empty_answer_says_which_filter_is_the_reason(open_page):
    page = settled(open_page("/?group_by=year&category=mobility_skills&country=JOR"))
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("No project matches all of this")
    expect(trouble).to_contain_text("Empty is not zero")
    expect(page.locator("#result")).to_be_hidden()
    trouble.get_by_role("link", name=re.compile("Without Country")).click()
    settled(page)
    assert rows_of(page)
    expect(trouble).to_be_empty()


def test_places_are_called_by_their_names_though_no_row_has_them(open_page):
    page = settled(open_page("/?group_by=country&country=JOR,USA"))
    expect(page.locator("#chips")).to_contain_text("Country or region: United States")
    expect(page.locator("#warnings")).to_contain_text(
        "no row loaded has country United States: the answer is empty there"
    )
    page = settled(open_page("/?group_by=category&country=USA"))
    expect(page.locator("#trouble")).to_contain_text("No project matches all of this")
    page = settled(open_page("/?group_by=category&region=NAC&country=JOR"))
    expect(page.locator("#trouble").get_by_role("link", name="Without Region: North America")).to_be_visible()


def test_a_correction_tells_the_name_of_a_code(open_page):
    page = settled(open_page("/?group_by=category&country=jordan"))
    page.locator("#trouble").get_by_role("link", name="Jordan (JOR)", exact=True).first.click()
    settled(page)
    assert query_of(page)["country"] == "JOR"


def test_a_correction_by_another_parameter_takes_the_wrong_value_away(open_page):
    page = settled(open_page("/?group_by=category&region=WLD"))
    page.locator("#trouble").get_by_role("link", name="country=WLD", exact=True).click()
    settled(page)
    assert query_of(page) == {"group_by": "category", "country": "WLD"}
    expect(page.locator("#trouble")).to_contain_text("No project matches all of this")


def test_a_correction_by_another_parameter_keeps_what_that_one_has(open_page):
    page = settled(open_page("/?group_by=category&region=WLD&country=JOR"))
    page.locator("#trouble").get_by_role("link", name="country=WLD", exact=True).click()
    settled(page)
    assert query_of(page) == {"group_by": "category", "country": "JOR,WLD"}


@pytest.fixture
def of_instruments(new_database, write) -> Iterator[str]:
    """The address of the application on a project of each of three instruments, of which one holds commas."""
    engine = make_engine(new_database("sqlite"))
    upgrade(engine)
    names = (WITH_COMMAS, "Loan", "Grant")
    records = [
        {**PROJECT, "name": "Support to refugees", "project_id": f"Y{number}", "instrument": name}
        for number, name in enumerate(names)
    ]
    take(engine, write("instruments.jsonl", jsonl_text(*records)))
    with served(create_app(engine, watch_of(engine))) as address:
        yield address
    let_go(engine)


def test_an_instrument_with_commas_is_one_filter(of_instruments, open_page):
    page = settled(open_page(f"{of_instruments}/?group_by=instrument"))
    page.locator("#filter-name").select_option("instrument")
    for name in (WITH_COMMAS, "Loan"):
        page.locator("#filter-value").fill(name)
        page.locator("#filter-add").click()
        settled(page)
        expect(page.locator("#chips")).to_contain_text(f"Instrument: {name}")
    again = settled(open_page(page.url))
    assert again.locator("#chips li span").all_inner_texts() == [f"Instrument: {WITH_COMMAS}", "Instrument: Loan"]
    assert sorted(row[0] for row in rows_of(again)) == ["Loan", WITH_COMMAS]
    again.get_by_role("button", name="Without Instrument: Loan").click()
    expect(again.locator("#chips li")).to_have_count(1)
    assert [row[0] for row in rows_of(settled(again))] == [WITH_COMMAS]


@pytest.mark.parametrize("broken", ["refused", "500", "cut"])
def test_a_failing_service_is_named_and_asked_again(broken, first):
    def fail(route):
        if broken == "refused":
            route.abort("connectionrefused")
        elif broken == "500":
            route.fulfill(status=500, body="no JSON")
        else:
            route.fulfill(status=200, body='{"data": [', content_type="application/json")

    first.route("**/v1/spend?*", fail)
    first.locator("[data-place='0']").select_option("country")
    expect(first.locator("#trouble")).to_contain_text("No answer came")
    expect(first.get_by_role("status")).to_contain_text("No answer came: ")
    expect(first.locator("#result")).to_be_hidden()
    first.unroute("**/v1/spend?*")
    first.get_by_role("button", name="Try again").click()
    settled(first)
    expect(first.locator("#rows")).to_be_visible()
    expect(first.locator("#trouble")).to_be_empty()


def test_a_slow_service_is_waited_for_in_words_and_not_for_ever(context, open_page):
    page = settled(open_page("/"))
    page.clock.install()
    page.route("**/v1/spend?*", lambda route: None)
    page.locator("[data-place='0']").select_option("country")
    page.clock.fast_forward(3_000)
    expect(page.locator("#sentence")).to_have_text("Still asking the service…")
    page.clock.fast_forward(20_000)
    expect(page.locator("#trouble")).to_contain_text("No answer came within 20 seconds")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_picture_that_fails_leaves_the_table(context, open_page):
    context.route("**/v1/spend?*format=svg*", lambda route: route.abort())
    page = settled(open_page("/"))
    expect(page.locator("#chart")).to_contain_text("No picture of this")
    assert rows_of(page)
    context.unroute("**/v1/spend?*format=svg*")
    page.locator("#chart").get_by_role("button", name="Try again").click()
    expect(page.locator("#chart svg")).to_be_visible()


def test_rows_are_carried_away_in_the_order_that_is_shown(open_page, base):
    page = settled(open_page("/?group_by=country&chart=bar"))
    address = page.locator('.snippet:has(.language:text-is("Address")) code').text_content()
    assert address == f"{base}/v1/spend?group_by=country&sort=-amount_usd,-partial_usd"
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).first.click()
    carried = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    shown = [row[0] for row in rows_of(page)]
    assert [row["country_name"] or row["country"] for row in carried][: len(shown)] == shown
    picture = page.get_by_role("link", name="Picture, SVG")
    assert picture.get_attribute("href") == "/v1/spend?group_by=country&chart=bar&format=svg"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "country=JOR,KEN,MAR&year_from=2013&year_to=2013",
            "no row loaded of country Kenya, Morocco in 2013: the answer",
        ),
        ("country=JOR&year_from=2012&year_to=2014&fill=year", "no row loaded of country Jordan in 2012, 2014: zeros"),
        (
            "country=JOR,LBN&year_from=2012&year_to=2014&fill=year",
            "Jordan in 2012, 2014; of Lebanon in 2012-2013: zeros",
        ),
    ],
)
def test_places_that_have_no_rows_in_some_years_are_called_by_their_names(question, said, open_page):
    page = settled(open_page(f"/?group_by=year,country&{question}"))
    expect(page.locator("#warnings")).to_contain_text(said)


def test_a_share_that_is_too_small_to_be_seen_is_not_nothing(first):
    module = first.locator('link[rel="modulepreload"][href$="/format.js"]').get_attribute("href")
    written = first.evaluate(
        "at => import(at).then(({ percent }) => [0, 4e-10, 0.00006957, 0.25, null].map(percent))", module
    )
    assert written == ["0.00 %", "< 0.01 %", "0.01 %", "25.0 %", "–"]
