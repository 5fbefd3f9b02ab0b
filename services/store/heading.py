"""Reads the beginning of an encoded event without decoding the rest.

The envelope comes first in every schema, in the same order, so that its first fields are found in
the bytes of any version: an Avro string is its length and its UTF-8, a long is a zigzag varint.
"""

from typing import NamedTuple

_BODY = 10
"""Marker and fingerprint come before the body."""


class Heading(NamedTuple):
    """Who and when, of an event that was not decoded."""

    event_id: str
    occurred_at_us: int
    """UTC, microseconds since the Unix epoch."""
    swarm_id: bytes
    """UTF-8."""


def heading(state: bytes) -> Heading:
    """Return the heading of an encoded event."""
    size, start = _long(state, _BODY)
    event_id = state[start : (end := start + size)].decode()
    occurred_at_us, at = _long(state, end)
    size, start = _long(state, at)
    return Heading(event_id, occurred_at_us, state[start : start + size])


def _long(data: bytes, at: int) -> tuple[int, int]:
    """Return the zigzag varint at a place, and the place after it."""
    value = data[at]
    at += 1
    if value & 0x80:  # not so for the length of most texts, for which the rest is not begun
        value, shift = value & 0x7F, 7
        while (byte := data[at]) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            at += 1
        value |= byte << shift
        at += 1
    return (value >> 1) ^ -(value & 1), at
