"""Between stored events and Kafka records: CloudEvents 1.0, Kafka binding, binary mode.

The value is the stored bytes, unchanged. What belongs to the store travels as headers.
"""

from collections.abc import Mapping
from functools import lru_cache
from time import gmtime, strftime
from typing import Final, NamedTuple

from domain.recorded import Stored
from services.bus.client import Incoming, Outgoing
from services.store.heading import heading

CONTENT_TYPE: Final = b"application/avro"
"""Of the value: the Avro single-object encoding."""
SPECVERSION: Final = b"1.0"
_SAME: Final = [("content-type", CONTENT_TYPE), ("ce_specversion", SPECVERSION)]
"""Headers that are the same for every event."""


class Published(NamedTuple):
    """An event as Kafka has it."""

    stored: Stored
    previous: int
    """Position of the event before it in its partition, 0 for the first."""
    offset: int


class NotAnEvent(ValueError):
    """A record on an event topic that nobody of ours wrote."""


def source_of(store_id: str) -> bytes:
    """Return the `ce_source` of a store's events, a URI reference."""
    return f"/perpetua/{store_id}".encode()


def to_record(stored: Stored, previous: int, source: bytes) -> Outgoing:
    """Make the record of a stored event; `previous` is the position before it in its partition."""
    event_id, occurred_at_us, swarm_id = heading(stored.state)
    return Outgoing(
        stored.topic,
        stored.partition,
        swarm_id,
        stored.state,
        [
            *_SAME,
            ("ce_id", event_id.encode()),
            ("ce_type", stored.topic.encode()),
            ("ce_source", source),
            ("ce_time", rfc3339(occurred_at_us)),
            ("ce_subject", stored.stream.encode()),
            ("ce_streamversion", b"%d" % stored.version),
            ("ce_position", b"%d" % stored.position),
            ("ce_previous", b"%d" % previous),
        ],
    )


def from_record(record: Incoming) -> Published:
    """Read the record of an event.

    Raises:
        NotAnEvent: it lacks a header, or has a number that is none.
    """
    headers: Mapping[str, bytes | None] = dict(record.headers)
    try:
        stored = Stored(
            int(headers["ce_position"] or b""),
            (headers["ce_subject"] or b"").decode(),
            int(headers["ce_streamversion"] or b""),
            record.topic,
            record.partition,
            record.value or b"",
        )
        return Published(stored, int(headers["ce_previous"] or b""), record.offset)
    except (KeyError, ValueError) as wrong:
        raise NotAnEvent(
            f"offset {record.offset} of {record.topic}, partition {record.partition}: {wrong!r}"
        ) from wrong


def rfc3339(micros: int) -> bytes:
    """Write a time in microseconds since the Unix epoch, UTC."""
    seconds, rest = divmod(micros, 1_000_000)
    return b"%s.%06dZ" % (_second(seconds), rest)


@lru_cache(maxsize=4_096)
def _second(seconds: int) -> bytes:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds)).encode()
