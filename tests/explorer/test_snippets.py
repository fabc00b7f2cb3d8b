"""The code that the pages hand out does what it says."""

import re
import shutil
import subprocess
import sys

import httpx
import pytest

from api.explorer.snippets import ONE, ROWS, snippets
from tests.data.r import run_r
from tests.explorer.reading import Page

QUERY = "/v1/spend?group_by=category&country=JOR,LBN&q=skills+%22work+abroad%22"


def code_of(templates, url):
    return {one.language: one.text for one in snippets(templates, url)}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_python_of_a_table_reads_every_row(base):
    url = f"{base}/v1/spend?group_by=category,year,country"
    code = code_of(ROWS, url)["Python"].replace(
        "print(table)", "print(len(table), round(table.amount_usd.sum() * 100))"
    )
    totals = httpx.get(url).json()["totals"]
    assert run(sys.executable, "-c", code).split() == [str(totals["rows"]), str(round(totals["amount_usd"] * 100))]


def test_the_r_of_a_table_reads_every_row(base, tmp_path):
    url = f"{base}/v1/spend?group_by=category,year,country"
    code = code_of(ROWS, url)["R"].replace("print(table)", 'cat(nrow(table), sprintf("%.2f", sum(table$amount_usd)))')
    totals = httpx.get(url).json()["totals"]
    assert run_r(code, tmp_path).split() == [str(totals["rows"]), f"{totals['amount_usd']:.2f}"]


def test_the_python_of_a_component_reads_it(base):
    url = f"{base}/v1/components/P167506-1"
    assert "'component_id': 'P167506-1'" in run(sys.executable, "-c", code_of(ONE, url)["Python"])


def test_the_r_of_a_component_reads_it(base, tmp_path):
    url = f"{base}/v1/components/P167506-1"
    assert re.search(r'\$ component_id +: chr "P167506-1"', run_r(code_of(ONE, url)["R"], tmp_path))


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
@pytest.mark.parametrize("templates", [ROWS, ONE])
def test_the_line_of_curl_gets_the_answer(base, templates):
    code = code_of(templates, f"{base}/v1/spend?group_by=category&q=skills+%22work%22")["curl"]
    wanted = httpx.get(code.split('"')[1]).text
    assert run("bash", "-c", code.replace("curl ", "curl --silent ")).splitlines() == wanted.splitlines()


def test_addresses_end_no_string_in_any_language():
    for text in code_of(ROWS, f"http://testserver{QUERY}").values():
        assert text.count('"') in {0, 2}
        assert f"http://testserver{QUERY}" in text


@pytest.mark.parametrize("path", ["/", "/projects/P174085", "/components/P167506-1"])
def test_the_code_on_a_page_is_the_text_that_its_script_fills_in(path, get):
    for code in [one for one in Page.of(get(path).text).all("code") if one["data-template"]]:
        url = get(path).request.url.copy_with(path="/").join("/")
        assert str(url).rstrip("/") in code.text
        address = next(one.text for one in Page.of(get(path).text).all("code") if one["data-template"] == "{url}")
        filled = code["data-template"].replace("{csv}", f"{address}{'&' if '?' in address else '?'}format=csv")
        assert code.text == filled.replace("{url}", address)
