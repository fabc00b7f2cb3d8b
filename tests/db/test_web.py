"""The client is polite: paced, patient up to a point, and obedient to what a source asks for."""

import gzip
import json
import tracemalloc
import zlib
from datetime import UTC, datetime

import pytest

from db.errors import SourceAnswerError, SourceError, SourceUnavailableError
from db.ingest.sources.bodies import retry_after
from db.ingest.sources.manners import Manners
from db.ingest.sources.validators import Validators
from db.ingest.sources.web import WebClient
from tests.data.fake_worldbank import BOMB, bomb, ever_from, once
from tests.data.iati import hasty, serving

COUNT = 3


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.time, self.naps = 100.0, []

    def sleep(self, seconds):
        self.naps.append(seconds)
        self.time += seconds

    def now(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


def ask(api, clock, times=1, known=None, **manners):
    with WebClient(api.address, Manners(**manners), clock.sleep, clock.now) as client:
        return [client.get({"rows": 3}, lambda answer: answer, "JSON", known) for _ in range(times)]


def test_requests_are_spaced(api, clock):
    ask(api, clock, times=3, per_second=2.0)
    assert clock.naps == [0.5, 0.5]


def test_waits_grow_and_vary_and_end(api, clock):
    api.fault = ever_from(1, "500")
    with pytest.raises(SourceUnavailableError, match="answers 500; asked 5 times") as caught:
        ask(api, clock, per_second=1_000, first_wait=1.0, longest_wait=5.0)
    assert (caught.value.attempts, len(api.requests)) == (5, 5)
    first, second, third, fourth = clock.naps
    assert 1 <= first <= 2 <= second <= 3 < third <= 5
    assert fourth == 5.0


@pytest.mark.parametrize(("asked", "waited"), [("7", 7.0), ("0", 0.0)])
def test_a_wait_that_is_asked_for_is_kept(api, clock, asked, waited):
    api.fault, api.retry_after = once(1, "429"), asked
    ask(api, clock, per_second=1_000)
    assert clock.naps[0] == waited


def test_a_storm_of_refusals_ends_the_run(api, clock):
    api.fault, api.retry_after = ever_from(1, "429"), "3"
    with pytest.raises(SourceUnavailableError, match="answers 429; asked 5 times"):
        ask(api, clock)
    assert clock.naps == [3.0] * 4


NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("Sun, 01 Feb 2026 12:02:00 GMT", 120.0),
        ("Sun, 01 Feb 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wait_is_read_as_seconds_or_a_date(value, seconds):
    assert retry_after(value, NOW) == seconds


def test_what_is_known_is_asked_for_by_its_tag(api, clock):
    (answer,) = ask(api, clock)
    assert json.loads(answer.body)["total"] == "3"
    (again,) = ask(api, clock, known=answer.validators)
    assert (again.unchanged, again.body) == (True, b"")
    api.projects.popitem()
    (changed,) = ask(api, clock, known=answer.validators)
    assert (changed.unchanged, json.loads(changed.body)["total"]) == (False, "2")
    assert Validators("a", "b").headers() == {"If-None-Match": "a", "If-Modified-Since": "b"}


def test_too_much_is_not_read(api, clock):
    with pytest.raises(SourceAnswerError, match="more than 100 bytes; expected less"):
        ask(api, clock, max_bytes=100)
    assert len(api.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_was_packed_small_is_bounded_before_it_is_unpacked(api, clock, encoding):
    api.fault = ever_from(1, f"bomb:{encoding}")
    bomb(encoding)  # made before, by the same process
    tracemalloc.start()
    with pytest.raises(SourceAnswerError, match="more than 1,000,000 bytes; expected less"):
        ask(api, clock, max_bytes=1_000_000)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found < BOMB / 4
    assert len(api.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip, deflate", "br", "zstd", "aws-chunked, br"])
def test_only_gzip_is_asked_for_and_no_other_compression_taken_than_it_and_deflate(api, clock, encoding):
    api.fault = ever_from(1, f"bomb:{encoding}")
    with pytest.raises(SourceAnswerError) as caught:
        ask(api, clock)
    assert f"answered 200 with the Content-Encoding '{encoding}'; expected gzip, deflate or none" in str(caught.value)
    assert [headers["Accept-Encoding"] for _, headers in api.requests] == ["gzip"]


@pytest.mark.parametrize(("fault", "words"), [("cut-gzip", "ends too early"), ("no-gzip", "no gzip")])
def test_gzip_that_is_cut_off_or_none_is_asked_for_again(api, clock, tmp_path, fault, words):
    api.fault = once(1, fault)
    (answer,) = ask(api, clock)
    assert json.loads(answer.body)["total"] == "3"
    api.fault = ever_from(1, fault)
    with pytest.raises(SourceUnavailableError, match=rf"cannot be read .*{words}.*asked twice"):
        ask(api, clock, attempts=2)
    client = WebClient(api.address, Manners(attempts=2), clock.sleep, clock.now)
    with client, pytest.raises(SourceUnavailableError, match=words):
        client.download(tmp_path / "file", "*/*", "a file", 1_000_000)


TEXT = b'{"total": "0"}' * 10
ZIPPED = gzip.compress(TEXT, mtime=0)
BARE = zlib.compress(TEXT, wbits=-15)
READ_WHOLE = [
    *((word, TEXT) for word in ("utf-8", "none", "binary", "aws-chunked", "identity", ",")),
    *((words, ZIPPED) for words in ("gzip,aws-chunked", "gzip, identity", "X-GZIP")),
    *(("deflate", body) for body in (zlib.compress(TEXT), BARE)),
    *(("gzip", ZIPPED + behind) for behind in (bytes(16), b"\r\n", b"\x1f", bytes(200_000) + b"rubbish" * 100_000)),
    ("gzip", gzip.compress(TEXT[:9], mtime=0) + bytes(4) + gzip.compress(TEXT[9:], mtime=0)),
    ("deflate", zlib.compress(TEXT) + b"\r\n"),
]


@pytest.mark.parametrize(("encoding", "body"), READ_WHOLE, ids=range(len(READ_WHOLE)))
def test_words_that_name_no_compression_and_what_stands_behind_the_end_cost_no_answer(tmp_path, encoding, body):
    with serving([(200, {"Content-Encoding": encoding}, body)]) as (address, _), hasty(address) as client:
        client.download(tmp_path / "file", "*/*", "a file", len(TEXT))
    assert (tmp_path / "file").read_bytes() == TEXT


def test_deflate_that_is_cut_off_is_told(tmp_path):
    cut = (200, {"Content-Encoding": "deflate"}, BARE[:-3])
    with (
        serving([cut]) as (address, _),
        WebClient(address, Manners(attempts=1)) as client,
        pytest.raises(SourceUnavailableError, match="deflate that ends too early"),
    ):
        client.download(tmp_path / "file", "*/*", "a file", 1_000)


def test_an_answer_that_drips_is_given_up(api, clock):
    with pytest.raises(SourceUnavailableError, match="does not answer in time"):
        ask(api, clock, longest_answer=-1, attempts=2)


def test_a_source_that_is_not_there_is_told(clock):
    client = WebClient("http://127.0.0.1:9/", Manners(attempts=2), clock.sleep, clock.now)
    with client, pytest.raises(SourceUnavailableError, match=r"http://127.0.0.1:9/\?a=1 cannot be read .*asked twice"):
        client.get({"a": 1}, lambda answer: answer, "JSON")


def test_a_user_in_the_address_is_not_told(api, clock):
    api.fault = ever_from(1, "500")
    address = api.address.replace("//", "//user:s3cret@")
    with (
        WebClient(address, Manners(attempts=2), clock.sleep, clock.now) as client,
        pytest.raises(SourceUnavailableError) as caught,
    ):
        client.get({"rows": 3}, lambda answer: answer, "JSON")
    assert str(caught.value) == f"{api.address}?rows=3 answers 500; asked twice"
    assert "s3cret" not in caught.value.address
    assert "user" not in client.hosts


@pytest.mark.parametrize("value", ['"é"', '"\udce9"', '"\x00"', '"a\nb"', ""])
def test_a_validator_that_no_header_may_hold_is_not_sent(api, clock, value):
    known = Validators(value, "Sun, 01 Feb 2026 12:02:00 GMT")
    assert list(known.headers()) == ["If-Modified-Since"]
    (answer,) = ask(api, clock, known=known)
    assert answer.status == 200


NO_HOSTS = ("documents1..worldbank.org", f"{'a' * 64}.worldbank.org", ".worldbank.org", "xn--.worldbank.org", "")


@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_host_whose_name_is_none_is_not_asked(clock, tmp_path, host):
    address = f"http://{host}/P163018.txt"
    with WebClient("http://127.0.0.1:9/", publisher="worldbank.org") as client:
        assert not client.may_ask(address)
        assert client.may_ask("http://documents1.worldbank.org/x")
    with WebClient(address, Manners(), clock.sleep, clock.now) as client:
        with pytest.raises(SourceError, match="is no address that can be asked"):
            client.get({}, lambda answer: answer, "JSON")
        with pytest.raises(SourceError, match="is no address that can be asked"):
            client.download(tmp_path / "file", "*/*", "a file", 1_000)


@pytest.mark.parametrize(
    ("host", "words"),
    [("a..b", "answered 302 with a redirect to a..b"), ("xn--", "leads to a host whose name is none; asked once")],
)
def test_a_redirect_to_a_host_whose_name_is_none_is_told(api, clock, host, words):
    api.fault = ever_from(1, f"redirect:http://{host}/x")
    with pytest.raises(SourceError, match=words):
        ask(api, clock)
    assert len(api.requests) == 1
