"""How the pages look and sound: on phones, in the dark, on paper, to a screen reader. Screenshots are kept under `var/`."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from api.charts.choice import Theme
from api.charts.theme import PALETTES
from api.explorer.assets import STATIC
from tests.explorer.conftest import SCREENSHOTS
from tests.explorer.test_browser import settled

PAGES = {
    "first": "/",
    "years": "/?group_by=year,group&year_from=2014&chart=line&scale=log",
    "wrong": "/?group_by=categry",
    "empty": "/?group_by=year&category=mobility_skills&country=JOR",
    "project": "/projects/P174085",
    "component": "/components/P125302-whole",
    "missing": "/projects/P1",
    "reference": "/docs",
    "operation": "/docs#/spend/get_spend",
    "tutorial": "/docs/tutorial",
    "method": "/docs/method",
    "decision": "/docs/adr/0022-pages-ask-the-public-api",
    "fields": "/docs/fields",
    "taxonomy": "/docs/taxonomy",
    "sources": "/docs/sources",
    "errors": "/problems",
    "error": "/problems/bad-parameter",
    "no document": "/docs/tutorail",
}
WIDTHS = {"phone": 320, "tablet": 760, "wide": 1200}


def test_the_colours_are_those_of_the_pictures():
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    light, dark = style.split("@media (prefers-color-scheme: dark)", 1)
    for part, theme in ((light, Theme.LIGHT), (dark, Theme.DARK)):
        palette = PALETTES[theme]
        colours = {"forced_displacement": palette.series[0], "economic_migration": palette.series[1]}
        for name, colour in colours.items():
            assert f"--{name}: {colour.lower()};" in part
        ground = palette.ground.lower()
        assert f"--paper: {'#fff' if ground == '#ffffff' else ground};" in part


@pytest.fixture
def look(open_page):
    """Open a page of a width and in a scheme of colours, and keep a picture of it."""

    def at(name, width="wide", scheme="light"):
        return turned(open_page(PAGES[name]), name, width, scheme)

    return at


def turned(page, name, width, scheme):
    """Show an open page in a width and a scheme of colours, and keep a picture of it."""
    page.set_viewport_size({"width": WIDTHS[width], "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if page.locator("#answer").count():
        settled(page)
    page.wait_for_load_state("networkidle")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
    return page


def serious_faults(page):
    """What a screen reader finds that keeps people out: the pieces of the page by the rule that they break."""
    found = Axe().run(page).response["violations"]
    return {
        one["id"]: [node["html"] for node in one["nodes"]] for one in found if one["impact"] in {"serious", "critical"}
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_screen_reader_finds_no_serious_fault_and_nothing_is_wider_than_the_window(name, open_page):
    """A page is opened once, as that takes longest, and turned to each scheme of colours and each width."""
    page = open_page(PAGES[name])
    faults = {scheme: serious_faults(turned(page, name, "wide", scheme)) for scheme in ("light", "dark")}
    assert faults == {"light": {}, "dark": {}}, json.dumps(faults, indent=1)
    widths = {
        width: turned(page, name, width, "light").evaluate("document.documentElement.scrollWidth")
        for width in ("phone", "tablet")
    }
    assert widths == {width: WIDTHS[width] for width in widths}


def test_a_screen_reader_finds_no_serious_fault_in_an_answer_that_was_tried(look):
    page = look("operation", "wide", "light")
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .download-contents").wait_for()
    faults = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        faults[scheme] = serious_faults(page)
    assert faults == {"light": {}, "dark": {}}, json.dumps(faults, indent=1)


def test_the_picture_is_drawn_for_the_dark(look):
    page = look("first", "wide", "dark")
    assert PALETTES[Theme.DARK].ground in page.locator("#chart svg").inner_html()
    page.emulate_media(color_scheme="light")
    expect(page.locator(f'#chart svg > rect[fill="{PALETTES[Theme.LIGHT].ground}"]')).to_have_count(1)


def test_the_picture_fits_a_phone(look):
    page = look("first", "phone")
    assert page.locator("#chart svg").bounding_box()["width"] <= WIDTHS["phone"]


def test_paper_shows_the_answer_without_the_controls(look):
    page = look("first")
    page.emulate_media(media="print")
    expect(page.locator("#builder")).to_be_hidden()
    expect(page.locator("#rows")).to_be_visible()
    expect(page.locator("#chart svg")).to_be_visible()


def test_the_keyboard_comes_to_everything(look):
    page = look("first")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.id || document.activeElement.name || document.activeElement.tagName")
        )
    assert {
        "group_by",
        "basis",
        "measure",
        "prices",
        "chart",
        "scale",
        "filter-name",
        "filter-value",
        "filter-add",
        "svg",
    } <= reached


def test_without_a_script_the_headline_the_table_and_the_links_are_there(browser, base):
    context = browser.new_context(base_url=base, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("h1")).to_contain_text("for refugees")
    expect(page.locator("#rows tbody tr")).to_have_count(17)
    expect(page.locator("#builder")).to_be_hidden()
    expect(page.locator("noscript .box")).to_be_visible()
    assert page.locator("#rows a").first.get_attribute("href").startswith("/v1/components?")
    context.close()


def test_paper_is_light_even_where_the_page_is_dark(look):
    page = look("first", "wide", "dark")
    turned = "getComputedStyle(document.querySelector('#chart svg')).filter"
    assert page.evaluate(turned) == "none"
    page.emulate_media(media="print", color_scheme="dark")
    assert "invert(1)" in page.evaluate(turned)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(media="screen", color_scheme="light")
    expect(page.locator('#chart svg[data-theme="light"]')).to_have_count(1)
    page.emulate_media(media="print", color_scheme="light")
    assert page.evaluate(turned) == "none"


@pytest.mark.parametrize("path", ["/docs/fields", "/docs/records", "/docs/operations"])
def test_names_in_tables_stay_whole_and_the_page_is_no_wider_than_the_window(path, open_page):
    page = open_page(path)
    names = page.locator("td code, th code").filter(has_text=re.compile(r"^\w+$"))
    assert names.count()
    in_pieces = "all => all.filter(one => one.getClientRects().length > 1).map(one => one.textContent)"
    for width in (1500, 1200, 1000, 800, 500):
        page.set_viewport_size({"width": width, "height": 900})
        assert names.evaluate_all(in_pieces) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") == width
