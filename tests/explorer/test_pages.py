"""The pages without a browser: well formed, strict about what they load, light, and saying what the API says."""

import gzip
import itertools
import json
import re
from html import unescape
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import create_engine

from api.explorer.assets import ASSETS_PATH, FOR_EVER, STATIC
from api.explorer.form import filter_choices
from api.main import create_app
from api.params.filters import ASK_FOR_ALL, FilterParams, FormatParams
from db.ingest.adapters.records import RecordsAdapter
from db.ingest.pipeline import ingest
from models.filters import Dimension
from tests.conftest import client_of, watch_of
from tests.explorer.reading import Page

PROJECT, COMPONENT, BY_RULES = "/projects/P174085", "/components/P167506-1", "/components/P125302-whole"
WRONG = "/components/P167506-11"
PAGES = ["/", PROJECT, COMPONENT, BY_RULES, WRONG]
MOST_BYTES = 60_000
"""What all that the first page loads may weigh, compressed."""


@pytest.fixture(params=PAGES)
def page(request, get):
    return Page.of(get(request.param).text)


def test_a_page_is_well_formed(page):
    assert page.faults == []
    ids = [element["id"] for element in page.elements if element["id"]]
    assert len(ids) == len(set(ids))
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("title")[0].text.strip()
    assert len(page.all("main")) == len(page.all("h1")) == 1
    levels = [int(element.tag[1]) for element in page.all("h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels


def test_what_refers_to_an_id_finds_it(page):
    found = 0
    for element in page.elements:
        for name in ("for", "aria-labelledby", "aria-describedby", "list", "data-copy"):
            for target in (element[name] or "").split():
                assert page.by_id(target), (element.tag, name, target)
                found += 1
        if (element["href"] or "").startswith("#"):
            assert page.by_id(element["href"][1:]), element["href"]
            found += 1
    assert found


def test_every_control_has_a_label(page):
    for control in page.all("input", "select", "textarea"):
        labelled = any(one.tag == "label" and one.text.strip() for one in control.around) or control["aria-label"]
        assert labelled, control.attributes
    for button in page.all("button"):
        assert button.text.strip() or button["aria-label"]
    for table in page.all("table"):
        inside = [one for one in page.all("th") if table in one.around]
        assert inside
        assert all(one["scope"] in {"row", "col"} for one in inside)
    for region in page.elements:
        if region["class"] == "scroll":
            assert region["role"] == "region"
            assert region["tabindex"] == "0"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_from_here_alone_and_run_nothing_inline(path, get):
    answer = get(path)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = Page.of(answer.text)
    for element in page.elements:
        assert element.tag != "style"
        assert element["style"] is None
        assert not [name for name in element.attributes if name.startswith("on")]
        assert not (element["href"] or "").startswith("javascript:")
        if element.tag in {"script", "link", "img"}:
            assert (element["src"] or element["href"]).startswith(ASSETS_PATH)
    assert all(script.text.strip() == "" for script in page.all("script"))


MARKUP = re.compile(r"\beval\(|new Function|(inner|outer)HTML|insertAdjacentHTML|document\.write|https?://")


def test_scripts_make_no_code_and_no_markup_out_of_text():
    for path in STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not MARKUP.search(text), path.name
        assert len(text.splitlines()) <= 300


def loaded_by(get, path):
    """What a page loads, over the scripts that its scripts name."""
    page = Page.of(get(path).text)
    wanted = {one["src"] or one["href"] for one in page.all("script", "link")}
    found = {}
    while wanted - set(found):
        for address in wanted - set(found):
            found[address] = get(address)
            assert found[address].status_code == 200, address
            folder = address.rpartition("/")[0]
            if address.endswith(".js"):
                wanted |= {f"{folder}/{name}" for name in re.findall(r'from "\./([^"]+)"', found[address].text)}
    return found


@pytest.mark.parametrize("path", PAGES)
def test_all_assets_answer_and_are_kept_for_ever(path, get):
    for address, answer in loaded_by(get, path).items():
        assert answer.headers["cache-control"] == FOR_EVER
        kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}[address.rpartition(".")[2]]
        assert answer.headers["content-type"].startswith(kind)
        again = get(address, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_first_page_is_light_and_names_all_its_scripts_at_once(get):
    assets = loaded_by(get, "/")
    contents = [get("/").content, *(answer.content for answer in assets.values())]
    assert sum(len(gzip.compress(content)) for content in contents) < MOST_BYTES
    named = {one["href"] for one in Page.of(get("/").text).all("link") if one["rel"] == "modulepreload"}
    assert {address for address in assets if address.endswith(".js")} <= named


def test_assets_of_another_version_are_not_there(get):
    answer = get(ASSETS_PATH.rpartition("/")[0] + "/000000000000/style.css")
    assert answer.status_code == 404
    assert get(f"{ASSETS_PATH}/../pages.py").status_code == 404


def test_a_change_of_the_pages_changes_their_tags(loaded, get, monkeypatch):
    tag = {"if-none-match": get(PROJECT).headers["etag"]}
    assert get(PROJECT, headers=tag).status_code == 304
    monkeypatch.setattr("api.main.ANSWERS_VERSION", "other")
    assert client_of(loaded, create_app(loaded, watch_of(loaded)))(PROJECT, headers=tag).status_code == 200


def test_every_link_on_a_page_leads_somewhere(page, get):
    found = 0
    for link in page.all("a"):
        address = unescape(link["href"])
        if address.startswith("/"):
            assert get(address.partition("#")[0] or "/").status_code == 200, address
            found += 1
    assert found > 3


def test_links_begin_where_a_proxy_serves_the_application(loaded):
    app = create_app(loaded, watch_of(loaded))
    app.root_path = "/finance"
    page = Page.of(client_of(loaded, app)("/finance/").text)
    for element in page.all("a", "link", "script"):
        address = element["href"] or element["src"]
        assert address.startswith(("/finance/", "#", "https://creativecommons.org/", "http://testserver/finance/")), (
            address
        )


def test_every_filter_and_dimension_of_the_api_has_its_control(get):
    page = Page.of(get("/").text)
    options = [one for one in page.all("option") if any(around["id"] == "filter-name" for around in one.around)]
    assert {one["value"] for one in options} == set(FilterParams.model_fields) - set(FormatParams.model_fields) - {
        "measure"
    }
    first = [one for one in page.all("option") if any(around["data-place"] == "0" for around in one.around)]
    assert {one["value"] for one in first} == {"", *Dimension}
    by_name = {one.name: one for one in filter_choices()}
    assert by_name["lender"].values == ("ibrd", "ida", "grant", "other", "not_stated")
    assert (by_name["approved_from"].input_type, by_name["year_to"].input_type) == ("date", "number")
    assert by_name["country"].many
    assert not by_name["q"].many


def test_the_first_page_shows_both_sides_and_the_published_ratio(get):
    text = Page.of(get("/").text).all("main")[0].text
    figures = {row["key"]: row for row in get("/v1/headline").json()["data"]}
    assert f"${figures['ratio']['value']:.0f} for refugees" in " ".join(text.split())
    assert "150 : 1" in text
    assert "about $110 m" in text
    for figure in figures.values():
        assert figure["label"] in text
        assert figure["counts"] in text


def test_the_sides_are_drawn_to_one_scale(get):
    widths = [float(one["width"].rstrip("%")) for one in Page.of(get("/").text).all("rect")]
    figures = {row["key"]: row for row in get("/v1/headline").json()["data"]}
    one, two = figures["refugee_response"], figures["economic_migration"]
    expected = [100 * side[end] / one["high"] for side in (one, two) for end in ("high", "value")]
    assert widths == pytest.approx(expected, abs=0.001)


def test_the_table_of_the_first_page_holds_what_its_query_answers(get):
    page = Page.of(get("/").text)
    rows = get("/v1/spend?group_by=category&approved_from=2014-01-01&approved_to=2024-03-31&sort=-amount_usd").json()[
        "data"
    ]
    table = page.by_id("rows")
    names = [one.text for one in page.all("th") if table in one.around and one["scope"] == "row"]
    assert sorted(names) == sorted(row["category_label"] for row in rows)
    assert names[0] == rows[0]["category_label"]


def test_a_shared_question_can_be_read_without_a_script(get):
    page = Page.of(get("/?group_by=year&country=JOR,LBN&chart=line&scale=log").text)
    links = [unescape(one["href"]) for one in page.all("a") if any(around.tag == "noscript" for around in one.around)]
    assert links == ["/v1/spend?group_by=year&country=JOR,LBN"]


def test_what_follows_readers_is_no_part_of_a_shared_question(get):
    assert "your question" not in get("/?utm_source=mail&fbclid=a", headers={"Accept": "text/html"}).text
    text = get("/?group_by=year&utm_source=mail&gclid=b", headers={"Accept": "text/html"}).text
    assert 'href="/v1/spend?group_by=year"' in text


def test_the_page_of_a_component_says_why(get):
    found = get("/v1/components/P167506-1").json()["data"]
    text = " ".join(Page.of(get(COMPONENT).text).all("main")[0].text.split())
    assert found["title"] in text
    assert found["why"][0]["reason"] in text
    assert found["why"][0]["reviewer"] in text
    assert "doubtful" in text
    assert f"${found['amounts'][0]['partial_usd']:,.2f}" in text
    evidence = get("/v1/components/P125302-whole").json()["data"]["why"][0]["evidence"][0]
    text = Page.of(get(BY_RULES).text).all("main")[0].text
    assert evidence["words"] in text
    assert evidence["rule"] in text
    assert "The rules count" in " ".join(text.split())


def test_the_page_of_a_project_says_where_the_verdict_on_it_is_doubtful(get):
    assert "counts in full; confidence 0.50 doubtful" in verdict_of(get, "P163468")
    assert verdict_of(get, "P174085").endswith("confidence 0.90")


def test_an_amount_is_rounded_as_a_browser_rounds_it(get):
    assert get("/v1/components/P150064-whole").json()["data"]["amount_usd"] == 3_050_000
    assert "$3.1 m" in Page.of(get("/components/P150064-whole").text).all("main")[0].text


def test_what_does_not_count_is_said_of_one_and_of_many(get):
    text = Page.of(get("/components/P174594-whole").text).all("main")[0].text
    assert "The rules do not count" in " ".join(text.split())


def test_the_page_of_a_project_holds_its_amounts_and_every_row(get):
    found = get("/v1/projects/P174085").json()["data"]
    page = Page.of(get(PROJECT).text)
    text = page.all("main")[0].text
    for name in ("commitment_usd", "counted_usd", "cost_usd"):
        assert f"${found[name]:,.2f}" in text
    links = {one["href"] for one in page.all("a")}
    rows = get("/v1/projects/P174085/components").json()["data"]
    assert {f"/components/{row['component_id']}" for row in rows} <= links


def test_a_parent_is_linked_to_where_it_is_loaded(get):
    rows = get("/v1/projects?limit=1000&relevance=direct,partial,none&status=Active,Closed,Pipeline,Dropped").json()[
        "data"
    ]
    loaded = {row["project_id"] for row in rows}
    financings = {row["project_id"]: row["parent_project_id"] for row in rows if row["parent_project_id"]}
    assert set(financings.values()) & loaded
    assert set(financings.values()) - loaded
    for project_id, parent in financings.items():
        page = Page.of(get(f"/projects/{project_id}").text)
        links = {link["href"] for link in page.all("a")}
        assert (f"/projects/{parent}" in links) == (parent in loaded)
        assert (f"{parent}, which is not loaded" in page.all("main")[0].text) == (parent not in loaded)


def test_a_parent_in_other_letters_is_not_loaded(engine, write):
    said = {"name": "Roads", "countries": "UGA", "commitment_usd": "5000000", "source": "user-records"}
    parent, child = {**said, "project_id": "XX-1"}, {**said, "project_id": "ZZ-9", "parent_project_id": "xx-1"}
    lines = "\n".join(json.dumps({"type": "project", **one}) for one in (parent, child))
    assert ingest(engine, RecordsAdapter(), [write("one.jsonl", lines)]).added == 2
    page = Page.of(client_of(engine)("/projects/ZZ-9").text)
    assert "xx-1, which is not loaded" in page.all("main")[0].text
    assert "/projects/xx-1" not in {link["href"] for link in page.all("a")}


def test_a_range_whose_ends_read_the_same_is_one_amount(get):
    row = get("/v1/projects/P147689").json()["data"]
    assert 0 < row["partial_usd"] < 50_000
    text = verdict_of(get, "P147689")
    assert text.startswith(
        "$58.1 m counted for migration of the $61.6 m of its commitment that count here; as a whole: "
    )


def test_a_project_without_a_commitment_says_so(engine, write):
    said = {"project_id": "X1", "name": "Skills for migrant workers", "countries": "JOR", "type": "project"}
    ingest(engine, RecordsAdapter(), [write("one.jsonl", json.dumps(said))])
    text = verdict_of(client_of(engine), "X1")
    assert text.startswith("No amount is stated no commitment is stated; as a whole: ")


def test_the_page_of_a_component_writes_lenders_and_missing_amounts_for_people(get):
    text = " ".join(Page.of(get("/components/P149242-2").text).all("main")[0].text.split())
    assert "No commitment is stated counts in part as Host communities" in text
    assert "LebanonGrantnot stated" in text
    other = " ".join(Page.of(get("/components/P131394-1").text).all("main")[0].text.split())
    assert "No commitment is stated counts" in other
    assert "The source states$76,930,000.00 of cost" in other
    assert "BangladeshIDA$0.00" in " ".join(Page.of(get(COMPONENT).text).all("main")[0].text.split())


def test_a_note_on_what_is_counted_says_what_it_is_about(get):
    note = get("/v1/projects/P147689").json()["data"]["counted_note"]
    assert f"On the commitment that counts here: {note}" in Page.of(get("/projects/P147689").text).all("main")[0].text


def verdict_of(get, project_id):
    page = Page.of(get(f"/projects/{project_id}").text)
    return " ".join(next(one for one in page.all("p") if one["class"] == "verdict").text.split())


def test_what_is_not_there_is_explained_on_a_page(get):
    answer = get(WRONG)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert '<a href="/components/P167506-1">P167506-1</a>' in answer.text
    answer = get(f"{PROJECT}?format=csv")
    assert answer.status_code == 422
    assert "no parameter &#39;format&#39; here" in answer.text
    assert "<script>" not in get("/projects/%3Cscript%3E").text


def test_where_nothing_is_loaded_the_page_names_the_command(engine):
    for path in ("/", PROJECT):
        answer = client_of(engine)(path)
        assert answer.status_code == 503
        assert "<code>make load</code>" in answer.text
        assert Page.of(answer.text).faults == []


def test_the_page_says_which_values_ask_for_what_serves_no_migration(get):
    """The script learns it there, and knows no codes of its own."""
    explore = Page.of(get("/").text).by_id("explore")
    asked = parse_qsl(explore["data-for-all"])
    assert len(asked) == len(ASK_FOR_ALL)
    for name, value in asked:
        rows = get(f"/v1/spend?group_by=relevance&{name}={value}").json()["data"]
        assert [row["relevance"] for row in rows] == ["none"]
    assert "not_migration" not in (STATIC / "main.js").read_text(encoding="utf-8")


def test_a_page_says_when_to_ask_a_database_again_that_is_gone(caplog):
    gone = create_engine("postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing")
    answer = client_of(gone)(PROJECT)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "the database did not answer" in caplog.text
