"""Links of an answer are written as the libraries write them, and sooner."""

from urllib.parse import urlencode

from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from api.answers.pagination import page_link, query_of

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SENT = st.lists(st.tuples(WORDS | st.sampled_from(["cursor", "limit", "q"]), WORDS), max_size=5)


def asked(query: str) -> Request:
    scope = {"type": "http", "method": "GET", "scheme": "http", "server": ("testserver", 80), "root_path": ""}
    return Request(scope | {"path": "/v1/components", "query_string": query.encode(), "headers": []})


@given(SENT)
def test_a_query_is_written_as_by_the_standard_library(sent):
    assert query_of(sent) == urlencode(sent)


@given(SENT, st.text("abcXYZ019-_", min_size=1))
def test_a_next_page_has_all_that_was_sent_and_one_cursor(sent, cursor):
    request = asked(urlencode(sent))
    assert page_link(request, cursor) == str(request.url.include_query_params(cursor=cursor))
