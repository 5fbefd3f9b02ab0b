"""Reading what was committed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, Final

import confluent_kafka
from confluent_kafka import KafkaError

from services.bus.client import Incoming, TopicPartition
from services.bus.librdkafka.connection import PATIENCE_SECS, translated, unavailable
from services.bus.librdkafka.heard import Heard

_PASSING: Final = frozenset(
    {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._RESOLVE}
)
"""Errors during which the library goes on trying."""
_MOST: Final = 1_000_000
"""Messages the library takes for a limit."""


class LibrdkafkaConsumer:
    """A `Consumer`. The library is given only what was started, so that it can't read more.

    Where each goes on is kept here: the library is told anew whenever what is started changes.
    """

    def __init__(self, consumer: confluent_kafka.Consumer, heard: Heard) -> None:
        self._consumer = consumer
        self._heard = heard
        self._assigned: frozenset[TopicPartition] = frozenset()
        self._at: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._ended: set[TopicPartition] = set()

    @property
    def native(self) -> Any:
        return self._consumer

    @translated
    def assign(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._hold(offsets)
        self.start(offsets)

    @translated
    def subscribe(self, topics: Collection[str]) -> None:
        self._consumer.subscribe(list(topics), on_assign=self._take, on_revoke=self._give)

    def assigned(self) -> frozenset[TopicPartition]:
        return self._assigned

    def waiting(self) -> frozenset[TopicPartition]:
        return self._assigned - self._at.keys()

    @translated
    def start(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._at.update(offsets)
        self._paused.difference_update(offsets)
        self._read()

    @translated
    def poll(self, timeout_secs: float, limit: int) -> Sequence[Incoming]:
        end = monotonic() + timeout_secs
        records: list[Incoming] = []
        while not records:
            left = max(0.0, end - monotonic())
            came = self._consumer.consume(1, left)  # asked for more, it would wait for them all
            if came and limit > 1:
                came += self._consumer.consume(min(limit, _MOST) - 1, 0)
            records = self._records(came)
            if not left or self._heard.lasting or (came and self._at.keys() <= self._ended):
                break
        if not records and (wrong := self._heard.take_lasting()):
            raise unavailable(wrong)
        return records

    def position(self, partition: TopicPartition) -> int:
        return self._at[partition]

    @translated
    def committed(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        found = self._consumer.committed(_native(partitions), PATIENCE_SECS)
        return {TopicPartition(e.topic, e.partition): e.offset for e in found if e.offset >= 0}

    @translated
    def pause(self, partitions: Collection[TopicPartition]) -> None:
        self._paused.update(partitions)
        self._consumer.pause(_native(self._at.keys() & set(partitions)))

    @translated
    def resume(self, partitions: Collection[TopicPartition]) -> None:
        self._paused.difference_update(partitions)
        self._consumer.resume(_native(self._at.keys() & set(partitions)))

    @translated
    def close(self) -> None:
        self._consumer.close()

    def _records(self, messages: Sequence[Any]) -> list[Incoming]:
        """Take out the records, and keep how far all leads, which may be to no record."""
        records = []
        for message in messages:
            error, offset = message.error(), message.offset()
            where = TopicPartition(message.topic(), message.partition())
            if error and error.code() != KafkaError._PARTITION_EOF:
                self._heard.error(error, lasting=error.code() not in _PASSING)
            elif where not in self._at:
                continue  # of an assignment that is over
            elif error:
                self._at[where] = offset
                self._ended.add(where)
            else:
                self._at[where] = offset + 1
                self._ended.discard(where)
                records.append(_incoming(where, message))
        return records

    def _read(self) -> None:
        """Have the library read what was started, from where it was read to, and nothing else."""
        started = [confluent_kafka.TopicPartition(*each, at) for each, at in self._at.items()]
        self._ended.clear()
        self._consumer.assign(started)
        self._consumer.pause(_native(self._paused & self._at.keys()))

    def _hold(self, assigned: Iterable[TopicPartition]) -> None:
        """Take in what is assigned now; none of it is started."""
        self._assigned = frozenset(assigned)
        self._at.clear()
        self._paused.clear()

    def _take(self, _consumer: object, assigned: Sequence[confluent_kafka.TopicPartition]) -> None:
        self._hold(TopicPartition(each.topic, each.partition) for each in assigned)
        self._read()

    def _give(self, _consumer: object, _revoked: object) -> None:
        """Give up all: so the range assignor has it, before it assigns anew."""
        self._hold([])
        self._consumer.unassign()


def _incoming(where: TopicPartition, message: Any) -> Incoming:
    _, timestamp_ms = message.timestamp()
    try:
        headers = message.headers() or ()
    except UnicodeDecodeError:  # a name that is no text: nothing of ours, and no reason to stop
        headers = ()
    return Incoming(*where, message.offset(), timestamp_ms, message.key(), message.value(), headers)


def _native(partitions: Iterable[TopicPartition]) -> list[confluent_kafka.TopicPartition]:
    return [confluent_kafka.TopicPartition(*each) for each in partitions]
