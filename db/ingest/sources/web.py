"""Asks a source on the web politely: slowly, with patience, by name, and never for what is here already."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_not_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from db.errors import SourceAnswerError, SourceError, SourceUnavailableError
from db.ingest.sources.bodies import length_of, retry_after, unpacked
from db.ingest.sources.manners import Manners
from db.ingest.sources.validators import Validators
from db.moments import now
from db.progress import Position, anywhere
from models.versions import PROGRAM_VERSION

USER_AGENT = f"migration-finance-api/{PROGRAM_VERSION}"
OK = 200
NOT_MODIFIED, NOT_FOUND, REQUEST_TIMEOUT, TOO_MANY = 304, 404, 408, 429
PASSING = {REQUEST_TIMEOUT, 425, TOO_MANY, 500, 502, 503, 504}
"""Statuses after which the same question may well be answered (RFC 9110, section 15; RFC 6585; RFC 8470)."""

MOST_REDIRECTS = 5
WEB = {"http", "https"}
NO_ADDRESS = "is no address that can be asked"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came. `unchanged`: the source confirms what the validators stand for, and sends no body."""

    address: str
    status: int
    body: bytes
    retrieved_at: datetime
    validators: Validators = field(default_factory=Validators)

    @property
    def unchanged(self) -> bool:
        """True where nothing changed since the answer that the validators were given with."""
        return self.status == NOT_MODIFIED


class WrongAnswerError(Exception):
    """Raised by who reads an answer: what was found in it, in words that hold none of its content."""


class _AgainError(Exception):
    """One attempt failed in a way that may pass. Carries what is said if it never does."""

    def __init__(self, final: Callable[[int], Exception], wait: float | None = None) -> None:
        super().__init__()
        self.final = final
        self.wait = wait


class _EnoughError(_AgainError):
    """One attempt failed in a way that forbids the next."""


class WebClient:
    """Asks one source, under one base address; use it as a context manager.

    `publisher` is a domain whose hosts may be asked besides the one of the base address. `sleep` and `clock` are handed
    in by tests, which do not wait.
    """

    def __init__(
        self,
        base_url: str,
        manners: Manners | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        publisher: str | None = None,
    ) -> None:
        self.base_url = base_url
        self.publisher = publisher
        self.manners = manners or Manners()
        self._sleep = sleep
        self._clock = clock
        self._next = 0.0
        timeout = httpx.Timeout(self.manners.read_timeout, connect=self.manners.connect_timeout)
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}
        self._client = httpx.Client(timeout=timeout, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._client.close()

    @property
    def hosts(self) -> str:
        """Which hosts may be asked, in words."""
        own = _place(httpx.URL(self.base_url))
        return f"{own} or a host of {self.publisher}" if self.publisher else own

    def may_ask(self, address: str | httpx.URL) -> bool:
        """Tell whether an address is one of the source's own.

        Others are not asked: an address in an answer, or one that it redirects to, must not lead a server into a network
        of its owner's. What is no address is none of the source's.
        """
        try:
            url, base = httpx.URL(address), httpx.URL(self.base_url)
            host = url.host.casefold()
        except (httpx.InvalidURL, ValueError):
            return False
        publishers = self.publisher and url.port is None and f".{host}".endswith(f".{self.publisher}")
        return url.scheme in WEB and _is_name(url) and bool(publishers or (host and url.netloc == base.netloc))

    def get(
        self,
        params: Mapping[str, str | int],
        read: Callable[[Answer], T],
        expected: str,
        known: Validators | None = None,
        address: str | None = None,
    ) -> T:
        """Ask, read the answer, and ask again where it did not come or cannot be read.

        `read` gets answers of status 200, 304 (only where `known` validators were sent) and 404, which some sources
        give with a good body that says "none"; it raises `WrongAnswerError` where the answer is not `expected`.
        `address` names a text elsewhere than under the base address.

        Raises:
            SourceUnavailableError: if no answer came, or the source asks to wait longer than is waited.
            SourceAnswerError: if an answer came that is not what was asked for.
        """
        request = self._request(params, known or Validators(), address)
        return self._patiently(lambda: self._attempt(request, read, expected, known or Validators()))

    def download(
        self, target: Path, accept: str, expected: str, max_bytes: int, position: Position = anywhere
    ) -> datetime:
        """Write what stands under the base address into a file, piece by piece, and ask again where it breaks off.

        `position` is the one in the answer as it comes, which may be packed.

        Returns:
            When it was asked, in UTC.

        Raises:
            SourceUnavailableError: if no answer came, or the source asks to wait longer than is waited.
            SourceAnswerError: if the answer has another status than 200, or more than `max_bytes` when unpacked.
        """
        request = self._build(self.base_url, None, {"Accept": accept})

        def attempt() -> datetime:
            self._pace()
            with _passing_troubles(self.base_url), target.open("wb") as file:
                answer = self._send(request, file.write, max_bytes, position)
            if answer.status != OK:
                raise SourceAnswerError(self.base_url, answer.status, "no file", expected)
            return answer.retrieved_at

        return self._patiently(attempt)

    def _patiently(self, attempt: Callable[[], T]) -> T:
        """Try as often, and wait between as long, as manners and the source say."""
        waits = wait_exponential_jitter(
            self.manners.first_wait, self.manners.longest_wait, jitter=self.manners.first_wait
        )

        def wait(state: RetryCallState) -> float:
            asked = getattr(state.outcome.exception(), "wait", None) if state.outcome else None
            return float(asked) if asked is not None else waits(state)

        attempts = Retrying(
            stop=stop_after_attempt(self.manners.attempts),
            wait=wait,
            retry=retry_if_exception_type(_AgainError) & retry_if_not_exception_type(_EnoughError),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            result: T = attempts(attempt)
        except _AgainError as error:
            raise error.final(int(attempts.statistics["attempt_number"])) from None
        return result

    def _request(self, params: Mapping[str, str | int], known: Validators, address: str | None) -> httpx.Request:
        headers = known.headers() | ({"Accept": "text/plain, */*;q=0.1"} if address else {})
        return self._build(address or self.base_url, dict(params) or None, headers)

    def _build(self, address: str, params: Mapping[str, str | int] | None, headers: Mapping[str, str]) -> httpx.Request:
        try:
            request = self._client.build_request("GET", address, params=params, headers=headers)
        except (httpx.InvalidURL, ValueError):
            raise SourceError(address, NO_ADDRESS) from None
        if not _is_name(request.url):
            raise SourceError(address, NO_ADDRESS)
        return request

    def _attempt(self, request: httpx.Request, read: Callable[[Answer], T], expected: str, known: Validators) -> T:
        self._pace()
        address = str(request.url)
        pieces: list[bytes] = []
        with _passing_troubles(address):
            answer = self._send(request, pieces.append, self.manners.max_bytes)
        answer = replace(answer, body=b"".join(pieces))
        try:
            self._check_status(answer, known, expected)
            return read(answer)
        except WrongAnswerError as error:
            found = str(error)  # a good status with a bad body passes as often as a bad status does
            raise _AgainError(lambda _: SourceAnswerError(address, answer.status, found, expected)) from None

    def _pace(self) -> None:
        """Wait until the next request may go out."""
        if (ahead := self._next - self._clock()) > 0:
            self._sleep(ahead)
        self._next = self._clock() + 1 / self.manners.per_second

    def _send(
        self, request: httpx.Request, keep: Callable[[bytes], object], max_bytes: int, position: Position = anywhere
    ) -> Answer:
        """Send a request and hand each piece of its answer to `keep`."""
        address = str(request.url)
        until = self._clock() + self.manners.longest_answer
        response = self._follow(request)
        try:
            if response.status_code in PASSING:
                raise self._again_later(address, response)
            size, length = 0, length_of(response)
            for piece in unpacked(address, response):
                size += len(piece)
                if size > max_bytes:
                    found = f"more than {max_bytes:,} bytes"
                    raise SourceAnswerError(address, response.status_code, found, "less")
                if self._clock() > until:
                    raise httpx.ReadTimeout("the answer drips in too slowly")
                keep(piece)
                position(response.num_bytes_downloaded, length)
        finally:
            response.close()
        given = Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        return Answer(address, response.status_code, b"", now(), given)

    def _follow(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and follow redirects within the source's own hosts; the bodies of redirects are not read."""
        address = str(request.url)
        for _ in range(MOST_REDIRECTS + 1):
            response = self._client.send(request, stream=True)
            if response.next_request is None:
                return response
            response.close()
            request, status = response.next_request, response.status_code
            if not self.may_ask(request.url):
                raise SourceAnswerError(address, status, f"a redirect to {_place(request.url)}", self.hosts)
        raise SourceAnswerError(address, status, f"more than {MOST_REDIRECTS} redirects", "an answer")

    def _again_later(self, address: str, response: httpx.Response) -> Exception:
        status, wait = response.status_code, retry_after(response.headers.get("Retry-After"))
        if wait is not None and wait > self.manners.longest_request:
            words = f"answers {status} and asks to be left alone for {wait:.0f} s"
            return _EnoughError(lambda times: SourceUnavailableError(address, words, times, rest=True))
        return _AgainError(lambda times: SourceUnavailableError(address, f"answers {status}", times), wait)

    def _check_status(self, answer: Answer, known: Validators, expected: str) -> None:
        if answer.unchanged and not known.headers():
            raise WrongAnswerError("not modified, though nothing was known")
        if answer.status not in {OK, NOT_MODIFIED, NOT_FOUND}:
            found = "a refusal" if 400 <= answer.status < 500 else "a status that says nothing here"
            raise SourceAnswerError(answer.address, answer.status, found, expected)


@contextmanager
def _passing_troubles(address: str) -> Iterator[None]:
    """Turn what the network does into something that is tried again."""
    try:
        yield
    except httpx.TimeoutException as error:
        reason = "cannot be reached in time" if isinstance(error, httpx.ConnectTimeout) else "does not answer in time"
        raise _AgainError(lambda times: SourceUnavailableError(address, reason, times)) from None
    except httpx.HTTPError as error:
        words = f"cannot be read ({type(error).__name__}: {error})"
        raise _AgainError(lambda times: SourceUnavailableError(address, words, times)) from None
    except UnicodeError:  # of a redirect that httpx itself cannot read
        words = "leads to a host whose name is none"
        raise _EnoughError(lambda times: SourceUnavailableError(address, words, times)) from None


def _is_name(url: httpx.URL) -> bool:
    """Tell whether the parts of a host's name are as long as they may be (RFC 1035, section 2.3.4); none else is looked up."""
    return all(0 < len(part) < 64 for part in url.raw_host.removesuffix(b".").split(b"."))


def _place(url: httpx.URL) -> str:
    """Name the host and the port of an address on the web, without the name of a user; else its scheme."""
    return url.netloc.decode("ascii", "replace") if url.scheme in WEB else f"{url.scheme}:"
