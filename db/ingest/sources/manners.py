"""How politely a source is asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manners:
    """How a source is treated. Times are in seconds, sizes in bytes after decompression."""

    per_second: float = 2.0
    attempts: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_request: float = 120.0
    """A source that asks to be left alone for longer (`Retry-After`) is left alone: the run ends and says so."""
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    longest_answer: float = 600.0
    """One answer may drip in for this long, however often a byte of it comes."""
    max_bytes: int = 128 * 1024 * 1024
