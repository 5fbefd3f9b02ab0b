"""Reading what was committed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import kafka

from services.bus.client import Incoming, TopicPartition
from services.bus.errors import BusUnavailable
from services.bus.kafka_python.connection import PATIENCE_MS, translated
from services.bus.kafka_python.hold import Hold

_JOIN_MS: Final = 3_000
"""Time for the other members to hear that a group is joined anew, and to do so too."""


class KafkaPythonConsumer:
    """A `Consumer`."""

    def __init__(self, consumer: kafka.KafkaConsumer) -> None:
        self._consumer = consumer
        self._hold = Hold(consumer)

    @property
    def native(self) -> Any:
        return self._consumer

    @translated
    def assign(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._consumer.assign([kafka.TopicPartition(*each) for each in offsets])
        self.start(offsets)

    @translated
    def subscribe(self, topics: Collection[str]) -> None:
        self._consumer.subscribe(list(topics), listener=self._hold)

    def assigned(self) -> frozenset[TopicPartition]:
        return frozenset(TopicPartition(*each) for each in self._consumer.assignment())

    def waiting(self) -> frozenset[TopicPartition]:
        held = self._consumer.assignment() & self._hold.held
        return frozenset(TopicPartition(*each) for each in held)

    @translated
    def start(self, offsets: Mapping[TopicPartition, int]) -> None:
        for each, offset in offsets.items():
            partition = kafka.TopicPartition(*each)
            self._consumer.seek(partition, offset)
            self._consumer.resume(partition)
            self._hold.held.discard(partition)

    @translated
    def poll(self, timeout_secs: float, limit: int) -> Sequence[Incoming]:
        self._settle()
        self._take_up()
        found = self._consumer.poll(int(timeout_secs * 1000), limit)
        return [
            Incoming(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers)
            for partition, records in found.items()
            for r in records
            if partition not in self._hold.held
        ]

    @translated
    def position(self, partition: TopicPartition) -> int:
        where = kafka.TopicPartition(*partition)
        found: int | None = self._consumer.position(where, timeout_ms=PATIENCE_MS)
        if (
            found is None
        ):  # it was to begin anew at the oldest record, and nobody says where that is
            raise BusUnavailable(
                "Kafka does not say where its topics begin", "see whether it hangs"
            )
        return found

    @translated
    def committed(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        found = ((each, self._committed(each)) for each in partitions)
        return {each: offset for each, offset in found if offset is not None}

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        self._consumer.pause(*(kafka.TopicPartition(*each) for each in partitions))

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        self._consumer.resume(*(kafka.TopicPartition(*each) for each in partitions))

    @translated
    def close(self) -> None:
        self._consumer.close(autocommit=False, timeout_ms=2_000)

    def _committed(self, partition: TopicPartition) -> int | None:
        where = kafka.TopicPartition(*partition)
        offset: int | None = self._consumer.committed(where, timeout_ms=PATIENCE_MS)
        return offset

    def _settle(self) -> None:
        """Wait for the group, if the last poll went to join it and could not wait so long.

        kafka-python 3.0.12 forgets an answer that comes between two polls. Then it joins anew, and
        so do all members, for ever if polls are short; or it takes itself for a member and is none.
        """
        coordinator = self._consumer._coordinator
        if coordinator.rejoining:
            coordinator.request_rejoin()
            coordinator.ensure_active_group(timeout_ms=_JOIN_MS)

    def _take_up(self) -> None:
        """Make room for what was fetched of a partition before it was paused.

        kafka-python 3.0.12 takes it up again in the place of what is being returned, if nothing is
        there, and leaves there what is used up: the partition would wait for ever.
        """
        fetcher = self._consumer._fetcher
        if not fetcher._next_partition_records:
            fetcher._next_partition_records = None
