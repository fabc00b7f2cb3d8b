"""What surrounds an answer: HEAD, OPTIONS, other origins, headers, and errors on the way."""

import anyio
import pytest
from fastapi import Response
from fastapi.responses import StreamingResponse
from sqlalchemy import create_engine

from api.http.front import MAX_BODY
from api.http.paths import MAX_TARGET, is_data_path
from api.main import create_app, create_service
from tests.api.test_caching import DATA_PATHS, PAGE, SPEND, with_tag
from tests.api.test_errors import problem
from tests.conftest import client_of, let_go, watch_of

IN_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", [*DATA_PATHS, "/livez", "/openapi.json", "/docs", "/problems/internal"])
def test_head_has_the_headers_of_get_and_no_body(path, get):
    full, head = get(path), get(path, method="HEAD")
    assert head.status_code == full.status_code == 200
    assert head.content == b""
    assert full.content
    different = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in different} == {
        k: v for k, v in full.headers.items() if k not in different
    }


def sent_by(app, path, sent, method="GET"):
    """Collect what an application hands to the server; the test client would drop a body of HEAD by itself."""
    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    scope |= {"asgi": {"version": "3.0", "spec_version": "2.4"}, "server": ("testserver", 80), "scheme": "http"}

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request"}

    anyio.run(create_service(app), scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


def test_head_hands_no_body_to_the_server(loaded):
    app = create_app(loaded, watch_of(loaded))
    assert sent_by(app, "/v1/spend", [], "GET")
    assert sent_by(app, "/v1/spend", [], "HEAD") == b""


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/spend", "GET, HEAD, OPTIONS"),
        ("/v1/projects/P164130", "GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
        ("/livez", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
        ("/static/docs/swagger-ui.css", "GET, HEAD, OPTIONS"),
        ("/v1/classify", "POST, OPTIONS"),
    ],
)
def test_options_lists_the_methods_and_so_does_a_refusal(path, allow, get):
    answer = get(path, method="OPTIONS")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == allow
    assert "x-request-id" in answer.headers
    assert problem(get(path, method="DELETE"), 405)
    assert get(path, method="DELETE").headers["allow"] == allow


def test_a_path_with_two_routes_lists_the_methods_of_both(engine):
    app = create_app(engine, watch_of(engine))
    app.get("/two")(lambda: "got")
    app.put("/two")(lambda: "put")
    assert client_of(engine, app)("/two", method="OPTIONS").headers["allow"] == "GET, PUT, HEAD, OPTIONS"


def test_options_of_an_unknown_path_is_a_404(get):
    assert problem(get("/v1/spent", method="OPTIONS"), 404)["errors"][0]["suggestion"] == "/v1/spend"


def test_pages_of_other_origins_may_read_everything(get, monkeypatch):
    tag = get(SPEND).headers["etag"]
    answers = {
        200: get(SPEND, headers=PAGE),
        304: get(SPEND, headers=with_tag(tag, **PAGE)),
        404: get("/v1/spent", headers=PAGE),
        405: get(SPEND, method="PUT", headers=PAGE),
        422: get("/v1/spend?x=1", headers=PAGE),
        414: get("/v1/spend?" + "x" * MAX_TARGET, headers=with_tag(tag, **PAGE)),
        413: get("/v1/classify", method="POST", content=b"x" * (MAX_BODY + 1), headers=IN_JSON | PAGE),
    }
    monkeypatch.setattr("api.routers.spend.spend_warnings", None)
    answers[500] = get("/v1/spend", headers=PAGE)
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "*"
        assert {"ETag", "Link", "X-Request-Id", "Retry-After"} <= set(
            answer.headers["access-control-expose-headers"].split(", ")
        )
        assert len(answer.headers.get_list("x-request-id")) == 1
        if status >= 400:
            problem(answer, status)
            assert answer.headers["cache-control"] == "no-store"
            assert "etag" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "NONSENSE"])
def test_a_preflight_tells_what_is_allowed(method, get):
    asked = PAGE | {"access-control-request-method": method, "access-control-request-headers": "if-none-match"}
    answer = get(SPEND, method="OPTIONS", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"
    assert answer.headers["access-control-allow-headers"] == "if-none-match"
    assert "x-request-id" in answer.headers


def test_an_answer_says_how_long_it_holds_what_it_varies_by_and_where_it_is_described(get):
    headers = get(SPEND).headers
    assert headers["cache-control"] == "public, max-age=0, must-revalidate"
    named = headers["vary"].split(", ")
    assert {"Accept", "Accept-Encoding"} <= set(named)
    assert len({name.lower() for name in named}) == len(named)
    assert '<http://testserver/openapi.json>; rel="describedby"' in headers["link"]
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in headers["link"]
    assert get("/openapi.json").status_code == 200
    health = get("/livez").headers
    assert "etag" not in health
    assert "link" not in health


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_of_the_moment_and_kept_nowhere(path, get):
    answer = get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_links_of_a_route_come_first(engine):
    app = create_app(engine, watch_of(engine))
    app.get("/v1/paged")(lambda: Response("{}", headers={"Link": '</v1/paged?cursor=x>; rel="next"'}))
    answer = client_of(engine, app)("/v1/paged")
    assert answer.headers["link"].startswith('</v1/paged?cursor=x>; rel="next", <http://testserver/openapi.json>')
    assert "etag" not in answer.headers  # it used no release, so nothing vouches for it


def test_a_body_that_is_too_large_is_refused(get):
    whole, large = (
        get("/v1/classify", method="POST", content=b'"%s"' % (b"x" * (MAX_BODY - 2 + more)), headers=IN_JSON)
        for more in (0, 1)
    )
    assert "262,144" in problem(large, 413)["detail"]
    problem(whole, 422)


def test_an_address_that_is_too_long_is_refused_and_no_other(get):
    path = "/v1/projects?q="
    short, long = (get(path + "x" * (MAX_TARGET - len(path) + 1 + more)) for more in (0, 1))
    assert short.status_code != 414
    assert "16,384" in problem(long, 414)["detail"]
    assert problem(get("/v1/projects/" + "%41" * (MAX_TARGET // 3)), 414)["type"].endswith("/problems/address-too-long")


@pytest.mark.parametrize("code", ["%0A", "%0D", "%00", "%7F"])
@pytest.mark.parametrize(
    "path",
    ["/v1/spend", "/metrics", "/livez", "/v1/ingest/runs/1", "/v1/projects/P164130", "/static/docs/swagger-ui.css"],
)
def test_a_path_with_a_control_character_leads_nowhere(get, path, code):
    answer = get(path + code)
    assert problem(answer, 404)["type"].endswith("/problems/unknown-path")
    assert answer.headers["cache-control"] == "no-store"


def test_a_static_file_says_that_its_tag_is_weak_once_it_is_compressed(get):
    path = "/static/docs/swagger-ui.css"
    assert get(path, headers={"accept-encoding": "identity"}).headers["etag"].startswith('"')
    packed = get(path, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"].startswith('W/"')
    assert get(path, headers=with_tag(packed.headers["etag"])).status_code == 304


@pytest.mark.parametrize("backend", ["postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing", "sqlite:////nowhere/x"])
def test_a_tag_does_not_hide_that_the_database_is_gone(backend):
    gone = create_engine(backend)
    answer = client_of(gone)("/v1/spend", headers=with_tag('"0123456789abcdef0123456789abcdef"'))
    assert problem(answer, 503)
    assert answer.headers["cache-control"] == "no-store"
    let_go(gone)


def test_half_an_answer_breaks_the_connection(engine):
    app = create_app(engine, watch_of(engine))

    def pieces():
        yield "half"
        raise RuntimeError("in the middle")

    app.get("/half")(lambda: StreamingResponse(pieces()))
    sent = []
    with pytest.raises(RuntimeError, match="in the middle"):
        sent_by(app, "/half", sent)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize(
    ("root_path", "path", "is_data"),
    [
        ("", "/v1/spend", True),
        ("/finance", "/finance/v1/spend", True),
        ("/finance", "/finance/", True),
        ("/finance", "/finance/projects/P174085", True),
        ("", "/", True),
        ("", "/v1", False),
        ("", "/problems/internal", False),
        ("/v1", "/v1/livez", False),
    ],
)
def test_data_paths_are_told_by_what_follows_the_prefix_of_a_proxy(root_path, path, is_data):
    assert is_data_path({"path": path, "root_path": root_path}) is is_data
