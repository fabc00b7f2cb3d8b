"""How much each client may ask, so that a script that went wild does not take the service from all others (ADR 42)."""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Network, ip_address
from time import monotonic_ns
from typing import NamedTuple

from api.http.replies import RawHeaders

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
CLIENTS = 100_000
"""Clients that are remembered; who sends from still more addresses is not held by a quota for each."""


class Share(NamedTuple):
    """What a client has left after a request: `wait` seconds until the next is answered, where this one is not."""

    headers: RawHeaders
    wait: int = 0


class Quota:
    """So many requests a minute for each client, as a bucket that fills evenly (generic cell rate algorithm).

    Of a client one number is kept: the moment at which its whole quota will be there again. It belongs to an event loop,
    and each process has its own.
    """

    def __init__(self, a_minute: int, clock: Callable[[], int] = monotonic_ns) -> None:
        self.a_minute = a_minute
        self._each = MINUTE // a_minute
        self._room = self._each * a_minute
        self._policy = (b"ratelimit-policy", b'"minute";q=%d;w=60' % a_minute)
        self._clock = clock
        self._full_again: dict[str, int] = {}

    def take(self, host: str) -> Share:
        """Count a request of a client, unless its quota is used up, and tell what is left.

        Source of the headers: draft-ietf-httpapi-ratelimit-headers; `r` is how many are left, `t` the seconds until all
        are there again.
        """
        client, now = client_of(host), self._clock()
        if len(self._full_again) >= CLIENTS:
            self._forget(now)
        before = max(self._full_again.get(client, now), now)
        full = before + self._each
        beyond = full - now - self._room
        if beyond > 0:
            full = before
        else:
            self._full_again[client] = full
        left = (self._room - (full - now)) // self._each
        now_left = (b"ratelimit", b'"minute";r=%d;t=%d' % (left, _seconds(full - now)))
        return Share([self._policy, now_left], _seconds(beyond) if beyond > 0 else 0)

    def _forget(self, now: int) -> None:
        """Forget who has its whole quota again; if that is nobody, all."""
        waiting = {client: full for client, full in self._full_again.items() if full > now}
        self._full_again = waiting if len(waiting) < CLIENTS else {}


def _seconds(span: int) -> int:
    """Whole seconds after which a span is over."""
    return -(-span // SECOND)


@lru_cache(10_000)
def client_of(host: str) -> str:
    """Who an address stands for. A household or a machine has a whole network of 64 bits of IPv6, and counts once."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
