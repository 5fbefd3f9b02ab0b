"""The ends of partitions: what was committed last, and whether a transaction is open there."""

from collections.abc import Collection, Iterator, Mapping
from time import monotonic
from typing import Final

from services.bus.client import Admin, Consumer, Incoming, TopicPartition
from services.bus.errors import BusUnavailable

_FIRST_LOOK: Final = 100
"""Offsets from the end that are read first; further back if no record is found there."""
_SETTLED_SECS: Final = 10.0
"""How long nothing may come, where no transaction can be under way any more."""
_UNSETTLED_SECS: Final = 1.5
"""The same where one may be, that ends who knows when."""
_POLL_SECS: Final = 0.2

Offsets = Mapping[TopicPartition, int]


def newest(
    admin: Admin, consumer: Consumer, asked: Collection[TopicPartition], *, settled: bool
) -> dict[TopicPartition, Incoming]:
    """Return the last committed record of each partition; those that have none are left out.

    Args:
        admin: to ask for the ends.
        consumer: to read with; what it is assigned is lost.
        asked: which partitions.
        settled: whether every transaction there has ended; else it is the last so far.

    Raises:
        BusUnavailable: Kafka is out of reach, or a transaction has not ended.
    """
    firsts, ends = admin.first_offsets(asked), admin.last_offsets(asked)
    found: dict[TopicPartition, Incoming] = {}
    missing, look = [each for each in asked if firsts[each] < ends[each]], _FIRST_LOOK
    while missing:
        starts = {each: max(firsts[each], ends[each] - look) for each in missing}
        patience = _SETTLED_SECS if settled else _UNSETTLED_SECS
        for record in _read(consumer, starts, ends, patience):
            found[TopicPartition(record.topic, record.partition)] = record
        if settled and (unread := _before(consumer, starts, ends)):
            raise hanging(unread)
        missing = [e for e in missing if e not in found and starts[e] > firsts[e]]
        look *= 16
    return found


def open_ended(
    admin: Admin, consumer: Consumer, asked: Collection[TopicPartition]
) -> set[TopicPartition]:
    """Return the partitions where a transaction is open."""
    firsts, ends = admin.first_offsets(asked), admin.last_offsets(asked)
    starts = {each: end - 1 for each, end in ends.items() if firsts[each] < end}
    if starts:
        for _ in _read(consumer, starts, ends, _UNSETTLED_SECS):
            pass
    return _before(consumer, starts, ends)


def hanging(partitions: Collection[TopicPartition]) -> BusUnavailable:
    """Say that a transaction does not end, and what helps."""
    topic, number = min(partitions)
    more = f" (and {len(partitions) - 1} more)" if len(partitions) > 1 else ""
    return BusUnavailable(
        f"a transaction on {topic}, partition {number}{more}, does not end",
        "end it with Kafka's `kafka-transactions.sh abort`, or delete all topics and publish anew;"
        " trying again",
    )


def _read(
    consumer: Consumer, starts: Offsets, ends: Offsets, patience_secs: float
) -> Iterator[Incoming]:
    """Yield what was committed from the starts to the ends, or to where an open transaction is."""
    consumer.assign(starts)
    before, deadline = dict(starts), monotonic() + patience_secs
    while any(at < ends[each] for each, at in before.items()) and monotonic() < deadline:
        yield from consumer.poll(_POLL_SECS, 10_000)
        now = {each: consumer.position(each) for each in starts}
        if now != before:
            before, deadline = now, monotonic() + patience_secs


def _before(consumer: Consumer, starts: Offsets, ends: Offsets) -> set[TopicPartition]:
    """Return the partitions that were not read to their ends."""
    return {each for each in starts if consumer.position(each) < ends[each]}
