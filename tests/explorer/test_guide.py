"""The documentation as pages: every document, field, category, source and kind of error, strict and well formed."""

import itertools
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlparse

import pytest
from playwright.sync_api import expect

from api.guide.documents import Document, documents, files
from api.guide.glossary import glossary
from api.guide.markdown import html_of
from api.openapi.samples import BASE
from api.params.values import TAXONOMY
from api.problems.kinds import ADVICE, PROBLEMS
from db.settings import ROOT
from tests.explorer.conftest import PATIENCE
from tests.explorer.reading import Page

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MADE = ("/docs", "/docs/fields", "/docs/taxonomy", "/docs/sources", "/problems", "/problems/bad-parameter")
PAGES = [*MADE, *(f"/docs/{name}" for name in documents())]


@pytest.fixture
def ask(get):
    return lambda path: get(path, headers=HTML)


def text_of(answer):
    return " ".join(Page.of(answer.text).all("main")[0].text.split())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed_and_its_links_lead_somewhere(path, ask):
    answer = ask(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page.of(answer.text)
    assert page.faults == []
    ids = [element["id"] for element in page.elements if element["id"]]
    assert len(ids) == len(set(ids))
    assert len(page.all("main")) == len(page.all("h1")) == 1
    article = page.all("article")[0]
    levels = [int(one.tag[1]) for one in page.all("h1", "h2", "h3", "h4", "h5") if article in one.around]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    current = [one["href"] for one in page.all("a") if one["aria-current"]]
    assert current == ["/problems" if path.startswith("/problems") else path]
    for link in page.all("a"):
        target = urljoin(f"http://testserver{path}", unescape(link["href"]))
        if target.startswith("http://testserver/") and article in link.around:
            part = urlparse(target).fragment
            found = ask(target.removeprefix("http://testserver").partition("#")[0])
            assert found.status_code == 200, (path, target)
            assert not part or part == "explore" or Page.of(found.text).by_id(part), (path, target)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_from_here_alone_and_runs_nothing_inline(path, ask):
    answer = ask(path)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == ("'self' data: blob:" if path == "/docs" else "'self'")
    assert "unsafe" not in answer.headers["content-security-policy"]
    page = Page.of(answer.text)
    for element in page.elements:
        assert element.tag != "style"
        assert element["style"] is None
        assert not [name for name in element.attributes if name.startswith("on")]
        if element.tag in {"script", "link", "img"}:
            address = urljoin(path, element["src"] or element["href"])
            assert address.startswith("/")
            assert ask(address).status_code == 200, address
    assert all(script.text.strip() == "" for script in page.all("script"))


def test_every_document_of_the_project_has_a_page_and_is_in_the_list(ask):
    there = {path for path in ROOT.glob("docs/**/*.md")}
    assert there <= {one.path for one in documents().values()}
    listed = {one["href"] for one in Page.of(ask("/docs").text).all("a")}
    assert set(PAGES) - {"/problems/bad-parameter"} <= listed


def test_files_beside_the_documents_are_served_as_they_are(ask):
    assert {"tutorial.ipynb", "openapi.json", "spend.svg", "LICENSE", "CITATION.cff"} <= set(files())
    for name, (path, media_type) in files().items():
        answer = ask(f"/docs/{name}")
        assert (answer.content, answer.headers["content-type"]) == (path.read_bytes(), media_type)


def test_an_image_for_containers_holds_every_document_that_is_served():
    copied = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    shipped = {word for line in copied.splitlines() if line.startswith("COPY ") for word in line.split()[1:-1]}
    served = [one.path for one in documents().values()] + [path for path, _ in files().values()]
    assert {path.relative_to(ROOT).parts[0] for path in served} <= shipped
    kept = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    assert {f"!{path.relative_to(ROOT).parts[0]}" for path in served} <= kept


@pytest.mark.parametrize("name", ["tutorail", "../README.md", "nothing/at/all", "<script>"])
def test_an_unknown_page_is_a_404_in_words(name, get):
    answer = get(f"/docs/{name.replace('<', '%3C').replace('>', '%3E').replace('..', '%2e%2e')}", headers=HTML)
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    if name == "tutorail":
        assert '<a href="/docs/tutorial">tutorial</a>' in answer.text


def test_markup_in_a_document_stays_text_and_comments_vanish(tmp_path):
    path = tmp_path / "synthetic.md"
    path.write_text(
        '# Synthetic\n\n<script>alert(1)</script>\n\nA <b onclick="x">word</b> [link](javascript:alert(1)) <!-- for editors -->\n'
    )
    html = html_of(Document("synthetic", "Synthetic", path))
    assert "<script>" not in html
    assert "<b" not in html
    assert "&lt;script&gt;" in html
    assert 'href="javascript:' not in html
    assert "for editors" not in html


def test_code_names_the_address_at_which_the_reader_is(ask):
    text = ask("/docs/tutorial").text
    assert BASE not in text
    assert "curl &quot;http://testserver/v1/spend" in text


def test_the_glossary_holds_every_described_field_of_the_specification(ask, get):
    text = text_of(ask("/docs/fields"))
    document = get("/openapi.json").json()
    rows = document["components"]["schemas"]["SpendRow"]["properties"]
    assert len(glossary(document)) > 100
    assert {"amount_usd", "partial_usd", "category_label"} <= set(rows)
    for name, field in rows.items():
        assert name in text
        assert " ".join(field["description"].replace("`", "").split()) in text


def test_the_taxonomy_holds_every_category_with_its_boundaries(ask):
    text = text_of(ask("/docs/taxonomy"))
    for one in TAXONOMY.categories:
        assert one.code in text
        assert " ".join(one.definition.split()) in text
        assert all(" ".join(words.split()) in text for words in (*one.includes, *one.excludes))


def test_the_sources_are_named_with_their_terms(ask, get):
    text = text_of(ask("/docs/sources"))
    for source in get("/v1/sources").json()["data"]:
        assert source["attribution"] in text
        assert source["licence"] in text


@pytest.mark.parametrize("kind", PROBLEMS)
def test_each_kind_of_error_is_explained_to_programs_and_to_people(kind, get, ask):
    status, title = PROBLEMS[kind]
    answer = get(f"/problems/{kind}")
    assert answer.json() == {
        "type": f"http://testserver/problems/{kind}", "status": status, "title": title, "advice": ADVICE[kind],
    }  # fmt: skip
    assert title in text_of(ask(f"/problems/{kind}"))
    assert answer.headers["vary"].lower().count("accept") >= 1
    assert title in text_of(ask("/problems"))
    assert answer.json() in get("/problems").json()["problems"]


def test_the_type_of_an_error_leads_to_its_page(get, ask):
    kind = get("/v1/spend?group_by=categry").json()["type"]
    assert "What to do" in text_of(ask(kind.removeprefix("http://testserver")))


def test_an_unknown_kind_of_error_is_a_404(get, ask):
    for answer in (get("/problems/no-such-kind"), ask("/problems/no-such-kind")):
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("/problems/unknown-path")


@pytest.fixture
def reference(context):
    """The reference, and all that its console said."""
    said = []
    page = context.new_page()
    page.on("console", lambda message: said.append((message.type, message.text)))
    page.on("pageerror", lambda error: said.append(("error", str(error))))
    page.on("request", lambda request: said.append(("request", request.url)))
    page.goto("/docs")
    expect(page.locator(".opblock").first).to_be_visible(timeout=PATIENCE)
    return page, said


def test_the_reference_asks_nobody_else_and_complains_of_nothing(reference, base):
    page, said = reference
    page.wait_for_load_state("networkidle")
    assert [one for one in said if one[0] == "error"] == []
    assert all(text.startswith((base, "data:")) for kind, text in said if kind == "request")


def test_an_operation_shows_its_code_and_can_be_tried(reference, base):
    page, said = reference
    block = page.locator("#operations-spend-get_spend")
    block.locator(".opblock-summary-control").click()
    for language in ("curl", "Python", "R", "JavaScript"):
        expect(block.locator(".samples summary", has_text=language).first).to_be_visible()
    assert f'"{base}/v1/spend?' in block.locator(".samples code").first.inner_text()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    assert [one for one in said if one[0] == "error"] == []


@pytest.mark.parametrize(("form", "start"), [("parquet", b"PAR1"), ("xlsx", b"PK")])
def test_a_file_that_is_tried_can_be_carried_away(form, start, reference):
    page, said = reference
    block = tried(page, "spend-get_spend", format=form)
    with page.expect_download() as download:
        block.locator(".live-responses-table a[download]").first.click()
    assert Path(download.value.path()).read_bytes().startswith(start)
    assert [one for one in said if one[0] == "error"] == []


def test_a_picture_that_is_tried_is_shown(reference):
    page, said = reference
    block = tried(page, "spend-get_spend", format="png", group_by="category")
    picture = block.locator(".live-responses-table img")
    expect(picture).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
    assert [one for one in said if one[0] == "error"] == []


def test_what_an_operation_needs_is_filled_in(reference):
    page, _ = reference
    for name in ("projects-get_project", "spend-get_spend_ratio"):
        block = tried(page, name)
        status = block.locator(".live-responses-table tbody .response-col_status").first
        expect(status).to_contain_text("200", timeout=PATIENCE)


def tried(page, name, **chosen):
    """Try an operation out with some parameters chosen from their lists, and return its block."""
    block = page.locator(f"#operations-{name}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    for parameter, value in chosen.items():
        block.locator(f"tr[data-param-name='{parameter}'] select").first.select_option(value)
    block.get_by_role("button", name="Execute").click()
    return block


def test_the_reference_follows_the_light_and_the_dark(reference):
    page, _ = reference
    expect(page.locator("html.dark-mode")).to_have_count(0)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark-mode")).to_have_count(1)
