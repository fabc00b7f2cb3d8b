"""Every page for those who hear it: one title, headings that skip no level, and parts that are told apart by their names."""

import itertools

import pytest
from playwright.sync_api import expect

from tests.explorer import test_guide, test_pages
from tests.explorer.conftest import PATIENCE
from tests.explorer.reading import Page

EVERYTHING = "limit=1000&relevance=direct,partial,none&status=Active,Closed,Pipeline,Dropped"
SHARED = "/?group_by=year&country=JOR,LBN&chart=line&scale=log"
PAGES = [*test_pages.PAGES, *test_guide.PAGES, SHARED, f"{test_pages.PROJECT}?format=csv", "/docs/tutorail"]


def check(text, path):
    """Look at a page as it was sent, or as it has become."""
    page = Page.of(text)
    names, levels = page.landmarks(), page.levels()
    assert len(names) == len(set(names)), (path, sorted(names))
    assert levels[0] == 1, path
    assert levels.count(1) == 1, path
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), (path, levels)
    return page


@pytest.mark.parametrize("path", PAGES)
def test_parts_of_a_page_have_names_of_their_own_and_headings_skip_no_level(path, get):
    page = check(get(path, headers=test_guide.HTML).text, path)
    assert "Site" in page.landmarks()


@pytest.mark.parametrize(("kind", "name"), [("projects", "project_id"), ("components", "component_id")])
def test_so_it_is_on_the_page_of_every_project_and_component(kind, name, get):
    rows = get(f"/v1/{kind}?{EVERYTHING}&fields={name}").json()["data"]
    assert len(rows) > 100
    for row in rows:
        path = f"/{kind}/{row[name]}"
        check(get(path).text, path)


def test_tables_of_a_document_are_named_by_the_headings_that_they_stand_under(get):
    names = Page.of(get("/docs/classification").text).landmarks()
    under = "Table: Labels that rest on the text (288 rows)"
    assert [name for name in names if name.startswith(under)][:2] == [under, f"{under}, 2"]


def seen(page):
    """A page as it has become, without what nobody sees or hears of it."""
    page.evaluate("for (const one of document.body.querySelectorAll('*')) if (!one.checkVisibility()) one.remove()")
    return page.content()


def test_so_it_is_where_a_script_has_filled_the_page(open_page):
    page = open_page("/")
    expect(page.locator("#behind .scroll")).to_be_visible(timeout=PATIENCE)
    check(seen(page), "/")


def test_so_it_is_in_the_reference_with_operations_that_are_open(open_page):
    page = open_page("/docs")
    for name in ("spend-get_spend", "ingest-send_records"):
        page.locator(f"#operations-{name} .opblock-summary-control").click()
        expect(page.locator(f"#operations-{name} [role=region][aria-label]")).to_have_count(1, timeout=PATIENCE)
    names = check(seen(page), "/docs").landmarks()
    assert {"Responses of GET /v1/spend", "Responses of POST /v1/ingest/records"} <= set(names)
