"""The address of a request is the one that Starlette writes, however it was asked."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from api.http.base import address_of

HOSTS = (
    b"example.org",
    b"example.org:99999",
    b"EXAMPLE.org:80",
    b"[::1]:80",
    b"user@x",
    b"a b",
    b"h\xe9",
    b"h" * 400,
    b"",
)
SERVERS = (
    ("127.0.0.1", 8000),
    ("example.org", 80),
    ("::1", 443),
    ("/run/service.sock", None),
    ["127.0.0.1", 8000],
    None,
)
PATHS = ("/", "/v1/spend", "/base/v1/spend", "/v1/components/é ?#\\%2F", "//v1/spend")
QUERIES = (b"", b"limit=2", b"q=%C3%A9&x=a+b%23", b"?", b"/?#\\")


@given(
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from([None, *HOSTS]),
    server=st.sampled_from(SERVERS),
    path=st.sampled_from(PATHS),
    root_path=st.sampled_from(["", "/base", "/base/"]),
    query=st.sampled_from(QUERIES),
)
def test_an_address_is_written_as_starlette_writes_it(host: bytes | None, query: bytes, **asked: Any) -> None:
    headers = [(b"accept", b"*/*"), *([] if host is None else [(b"host", host)])]
    scope = {"type": "http", "headers": headers, "query_string": query, **asked}
    assert address_of(scope) == str(Request(scope).url)
