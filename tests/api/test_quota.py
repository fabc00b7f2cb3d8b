"""RATE_LIMIT: so many requests a minute for each client, whatever layer answers them."""

import anyio
import httpx
import pytest

from api.http.quota import SECOND, Quota, client_of
from api.main import create_service
from db.settings import get_settings
from tests.api.test_errors import problem
from tests.conftest import app_of


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return int(self.seconds * SECOND)


def left(share):
    return dict(share.headers)[b"ratelimit"].decode()


def test_a_whole_quota_can_be_asked_at_once_and_comes_back_evenly():
    clock = Clock()
    quota = Quota(60, clock)
    assert [quota.take("a").wait for _ in range(60)] == [0] * 60
    refused = quota.take("a")
    assert (refused.wait, left(refused)) == (1, '"minute";r=0;t=60')
    assert quota.take("a").wait == 1  # what is refused costs nothing
    clock.seconds = 1.5
    assert (quota.take("a").wait, quota.take("a").wait) == (0, 1)
    clock.seconds = 120
    assert left(quota.take("a")) == '"minute";r=59;t=1'


@pytest.mark.parametrize("a_minute", [1, 7, 60, 999, 1_000_000_000])
def test_no_more_than_the_quota_is_answered_whatever_it_is(a_minute):
    clock = Clock()
    quota = Quota(a_minute, clock)
    answered = sum(not quota.take("a").wait for _ in range(2_000))
    assert answered == min(a_minute, 2_000)
    clock.seconds = 60
    assert quota.take("a").wait == 0


def test_each_client_has_its_own():
    quota = Quota(1, Clock())
    assert [quota.take(host).wait > 0 for host in ("192.0.2.1", "192.0.2.2", "192.0.2.1")] == [False, False, True]


def test_clients_are_forgotten_that_have_their_whole_quota_again(monkeypatch):
    monkeypatch.setattr("api.http.quota.CLIENTS", 3)
    clock = Clock()
    quota = Quota(1, clock)
    assert [quota.take(host).wait for host in "ab"] == [0, 0]
    clock.seconds = 61
    assert [quota.take(host).wait for host in "cd"] == [0, 0]  # of the first two nothing has to be known
    assert quota.take("c").wait > 0
    assert [quota.take(host).wait for host in "efg"] == [0, 0, 0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),  # one network of 64 bits
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("testclient", "testclient", True),
    ],
)
def test_a_client_is_an_address_or_a_network_of_ipv6(one, other, same):
    assert (client_of(one) == client_of(other)) is same


@pytest.fixture
def ask(loaded, monkeypatch):
    """Ask a service that answers each client three times a minute."""
    monkeypatch.setenv("RATE_LIMIT", "3")
    get_settings.cache_clear()
    service = create_service(app_of(loaded))
    monkeypatch.undo()
    get_settings.cache_clear()
    service.quota = Quota(service.quota.a_minute, Clock())  # that stands still

    def send(path, client="192.0.2.1", **headers):
        async def one():
            transport = httpx.ASGITransport(app=service, client=(client, 5))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
                return await http.get(path, headers=headers)

        return anyio.run(one)

    return send


def test_answers_tell_what_is_left_and_beyond_it_is_a_problem(ask):
    """The second answer is one that was kept, the third has no body."""
    first, again = ask("/v1/headline"), ask("/v1/headline")
    third = ask("/v1/headline", **{"if-none-match": first.headers["etag"]})
    assert [answer.status_code for answer in (first, again, third)] == [200, 200, 304]
    assert [answer.headers["ratelimit"] for answer in (first, again, third)] == [
        f'"minute";r={n};t={t}' for n, t in ((2, 20), (1, 40), (0, 60))
    ]
    assert first.headers["ratelimit-policy"] == '"minute";q=3;w=60'
    refused = ask("/v1/headline")
    body = problem(refused, 429)
    assert body["type"].endswith("/problems/too-many-requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert refused.headers["ratelimit"].startswith('"minute";r=0;')
    assert "RateLimit" in refused.headers["access-control-expose-headers"]
    assert ask("/v1/headline", client="192.0.2.2").status_code == 200
    assert ask("/no/such/path").status_code == 429


def test_who_has_the_answer_already_is_refused_beyond_the_quota_too(ask):
    held = {"if-none-match": ask("/v1/headline").headers["etag"]}
    assert [ask("/v1/headline", **held).status_code for _ in range(4)] == [304, 304, 429, 429]


def test_addresses_that_are_too_long_count_too(ask):
    path = f"/v1/spend?q={'a' * 20_000}"
    assert [ask(path).status_code for _ in range(4)] == [414, 414, 414, 429]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/problems", "/problems/too-many-requests"])
def test_health_and_explanations_are_not_limited(ask, path):
    answers = [ask(path) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("ratelimit" in answer.headers for answer in answers)


def test_without_a_limit_nothing_is_said_of_one(get):
    assert not [name for name in get("/v1/headline").headers if name.startswith("ratelimit")]
