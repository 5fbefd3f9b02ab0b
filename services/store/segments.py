"""Segmented logs in the store: how long one is, found without reading it, and parts of it."""

from typing import Protocol

from domain.recorded import Stored
from domain.segments import Log
from domain.streams import SEGMENT_SIZE


class Heads(Protocol):
    """Tells the version a stream stands at."""

    def stream_head(self, stream: str) -> int:
        """Return the version of a stream's last event, 0 if there is none."""
        ...


class Spans(Protocol):
    """Reads a stream from one version to another."""

    def span(self, stream: str, first: int, last: int) -> list[Stored]:
        """Return the events of a stream from one version to another, both included."""
        ...


def cut(store: Spans, log: Log, begin: int, end: int) -> list[Stored]:
    """Return the events of a log from index `begin` up to `end`, which is not included."""
    found: list[Stored] = []
    end = min(end, log.length)
    while begin < end:
        segment = begin // SEGMENT_SIZE
        upto = min(end, (segment + 1) * SEGMENT_SIZE)
        first, last = begin % SEGMENT_SIZE + 1, (upto - 1) % SEGMENT_SIZE + 1
        found += store.span(log.segment(segment), first, last)
        begin = upto
    return found


def log_length(store: Heads, prefix: str) -> int:
    """Return the number of events of a log; asks for about 2 log2(segments) stream heads."""
    log = Log(prefix, 0)

    def is_full(number: int) -> bool:
        return store.stream_head(log.segment(number)) == SEGMENT_SIZE

    if not is_full(0):
        return store.stream_head(log.segment(0))
    full, beyond = 0, 1
    while is_full(beyond):
        full, beyond = beyond, beyond * 2
    while beyond - full > 1:
        middle = (full + beyond) // 2
        full, beyond = (middle, beyond) if is_full(middle) else (full, middle)
    return (full + 1) * SEGMENT_SIZE + store.stream_head(log.segment(full + 1))
