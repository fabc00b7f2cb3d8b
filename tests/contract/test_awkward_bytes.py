"""Bytes that a database cannot hold, or that are no text, are the question's fault and never the server's."""

import pytest

from tests.conftest import Get


@pytest.mark.parametrize("code", ["%00", "a%00b", "%ED%A0%80", "%FF"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/{}",
        "/v1/projects/{}/components",
        "/v1/components/{}",
        "/v1/projects?project={}",
        "/v1/spend?project={}",
        "/v1/spend?country={}",
        "/v1/components?cursor={}",
        "/problems/{}",
    ],
)
def test_a_byte_that_is_no_text_is_refused(get: Get, path: str, code: str) -> None:
    answer = get(path.format(code))
    assert answer.status_code in {400, 404, 422}, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
