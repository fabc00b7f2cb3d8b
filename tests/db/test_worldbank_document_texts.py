"""Texts that are not what they should be, or not where: none leads elsewhere, none is kept or cut in silence."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from db.errors import SourceAnswerError
from db.ingest.sources import texts as text_module
from db.ingest.sources.manners import Manners
from db.ingest.sources.texts import TextStore, decode
from tests.data.fake_documents import (
    FITS,
    PROJECT_ID,
    REPORT,
    TITLES,
    components,
    last_run,
    of_list,
    of_text,
    put,
    reasons,
    status_report,
    texts_asked,
)
from tests.data.fake_worldbank import running
from tests.data.worldbank_runs import BRISK

only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def inside():
    """A server that only this machine should be able to ask."""
    with running(0) as fake:
        yield fake


@only_sqlite
def test_a_text_that_redirects_to_another_host_is_not_followed(engine, fetch, api, inside):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    secret = put(inside, "S1", PROJECT_ID, REPORT, "2022-01-31")
    targets = (secret, "file:///etc/passwd", "http://169.254.169.254/x", "http://localhost:1/", "https://x@10.0.0.1/")
    for number in range(2, 7):
        put(api, f"D{number}", PROJECT_ID, REPORT, f"2023-01-0{number}")
    moved = {f"/text/D{number}.txt": f"redirect:{target}" for number, target in enumerate(targets, start=2)}
    api.fault = lambda number, params: moved.get(params.get("text", ""))
    report = fetch()
    assert (report.added, report.passed_over, inside.requests) == (3, len(targets), [])
    found = [reason for _, _, reason in reasons(engine)][::-1]
    own, other = urlsplit(api.address).netloc, urlsplit(inside.address).netloc
    assert found == [
        f"answered 302 with a redirect to {place}; expected {own} or a host of worldbank.org"
        for place in (other, "file:", "169.254.169.254", "localhost:1", "10.0.0.1")
    ]


@only_sqlite
def test_a_text_that_moved_within_its_host_is_followed_and_one_that_goes_in_circles_is_not(engine, fetch, api):
    put(api, "D1", PROJECT_ID, None, "2023-01-31")
    moved = put(api, "M1", PROJECT_ID, REPORT, "2022-01-31", docty="Procurement Plan")
    circle = put(api, "D2", PROJECT_ID, REPORT, "2023-02-28")
    api.fault = lambda number, params: {"/text/D1.txt": f"redirect:{moved}", "/text/D2.txt": f"redirect:{circle}"}.get(
        params.get("text", "")
    )
    assert (fetch().added, {row["as_of"] for row in components(engine)}) == (3, {"2023-01-31"})
    assert reasons(engine) == [(circle, "text", "answered 302 with more than 5 redirects; expected an answer")]


@only_sqlite
def test_a_list_that_redirects_to_another_host_ends_the_run(engine, fetch, api, inside):
    api.fault = of_list(f"redirect:{inside.documents_address}")
    with pytest.raises(SourceAnswerError, match=r"a redirect to 127\.0\.0\.1"):
        fetch()
    assert inside.requests == []
    assert last_run(engine)[0] == "refused"


@only_sqlite
def test_a_text_of_200_mb_is_not_read_to_its_end(engine, fetch, api):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    put(api, "D2", PROJECT_ID, "", "2023-01-31")
    api.fault = of_text("huge", "D2")
    assert fetch(manners=replace(BRISK, max_bytes=Manners().max_bytes)).added == 3
    assert texts_asked(api) == ["D2", "D1"]
    assert reasons(engine)[0][2] == "answered 200 with more than 134,217,728 bytes; expected less"


@only_sqlite
def test_a_text_that_is_too_long_is_set_aside_and_not_cut(engine, fetch, api, monkeypatch):
    monkeypatch.setattr(text_module, "BOUND", len(REPORT))
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    put(api, "D2", PROJECT_ID, REPORT + "\n", "2023-01-31")
    assert (fetch().added, {row["as_of"] for row in components(engine)}) == (3, {"2022-01-31"})
    assert reasons(engine)[0][2] == f"has {len(REPORT) + 1:,} characters, at most {len(REPORT):,} are read"


ACCENTS = "Compétences à l'étranger, für die Rückkehr"
ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8-mark": lambda text: text.encode("utf-8-sig"),
    "utf-8-one-byte-wrong": lambda text: text.encode() + b"\n\xe9",
    "latin-1": lambda text: text.encode("latin-1"),
    "windows-1252": lambda text: text.encode("cp1252"),
    "utf-16-mark": lambda text: text.encode("utf-16"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-16-cut": lambda text: text.encode("utf-16") + b"x",
}


@only_sqlite
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_in_another_encoding_is_read_with_its_accents(engine, fetch, api, encoding):
    titles = dict(zip((ACCENTS, *TITLES[1:]), FITS.values(), strict=True))
    put(api, "D1", PROJECT_ID, ENCODINGS[encoding](status_report(PROJECT_ID, titles)), "2022-01-31")
    assert fetch().added == 3
    assert components(engine)[0]["title"] == ACCENTS


def test_bytes_that_are_no_text_do_not_break_the_reading():
    assert decode(b"") == ""
    assert decode(b"a\x00b") == "a b"
    assert decode(bytes(range(256))).startswith(" \x01")
    assert decode(b"\xff\xfe\x00\xd8a\x00") == "\ufffda"


def test_odd_characters_in_ids_and_addresses_are_stored_on_every_database(engine, fetch, api):
    put(api, "D\x001", PROJECT_ID, None, "2022-01-31", txturl=None, pdfurl=None)
    put(api, "D2", PROJECT_ID, None, "2022-02-28", txturl="http://documents.worldbank.org/\ud800\x00")
    put(api, "D3", PROJECT_ID, REPORT, "2021-01-31", display_title="\ud800\x00")
    assert fetch().added == 3
    assert len(reasons(engine)) == 2


@only_sqlite
def test_what_is_no_text_is_never_kept(fetch, api, tmp_path):
    for number, fault in enumerate(("html", "error-inside", "empty", "truncated"), start=1):
        address = put(api, f"D{number}", PROJECT_ID, REPORT, f"2022-01-0{number}")
        api.fault = of_text(fault)
        fetch()
        assert TextStore(tmp_path / "spool" / "worldbank-documents" / "texts").find(address) is None


@only_sqlite
def test_a_text_that_is_cut_off_inside_its_gzip_is_not_kept_and_asked_for_again(engine, fetch, api):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    api.fault = of_text("cut-gzip")
    assert fetch().added == 0
    assert "gzip that ends too early" in reasons(engine)[0][2]
    api.fault = lambda number, params: None
    assert fetch().added == 3


@only_sqlite
def test_a_text_at_a_host_whose_name_is_none_is_set_aside_and_the_others_are_read(engine, fetch, api):
    put(api, "D1", PROJECT_ID, REPORT, "2022-01-31")
    hosts = ("documents1..worldbank.org", f"{'a' * 64}.worldbank.org", "xn--.worldbank.org")
    for number, host in enumerate(hosts, start=2):
        put(api, f"D{number}", PROJECT_ID, REPORT, f"2023-01-0{number}", txturl=f"http://{host}/P163018.txt")
    put(api, "D5", PROJECT_ID, REPORT, "2023-01-05")
    put(api, "D6", PROJECT_ID, REPORT, "2023-01-06")
    moved = {"/text/D5.txt": "redirect:http://a..worldbank.org/", "/text/D6.txt": "redirect:http://xn--/"}
    api.fault = lambda number, params: moved.get(params.get("text", ""))
    report = fetch()
    assert (report.added, report.passed_over) == (3, 5)
