"""Looking after topics."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from time import monotonic, sleep
from typing import Any, Final

import confluent_kafka
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, admin
from confluent_kafka.admin import AdminClient, ConfigEntry, ConfigResource, OffsetSpec, ResourceType

from services.bus.client import MAKING_SECS, NewTopic, TopicPartition, TopicState
from services.bus.errors import BusUnavailable
from services.bus.librdkafka.connection import PATIENCE_SECS, translated

_LOOK_SECS: Final = 0.05
_MOVING: Final = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.FENCED_LEADER_EPOCH,
    }
)
"""Errors of a partition that is being led by another broker, or of a topic made just now."""


class LibrdkafkaAdmin:
    """An `Admin`."""

    def __init__(self, native: AdminClient) -> None:
        self._admin = native

    @translated
    def topics(self, names: Collection[str]) -> dict[str, TopicState]:
        there = self._there(names)
        wanted = [ConfigResource(ResourceType.TOPIC, name) for name in there]
        asked = self._admin.describe_configs(wanted, request_timeout=PATIENCE_SECS) if there else {}
        found = {each.name: _shown(future) for each, future in asked.items()}
        return {
            name: TopicState(
                len(topic.partitions),
                min(len(partition.replicas) for partition in topic.partitions.values()),
                found[name],
            )
            for name, topic in there.items()
        }

    @translated
    def create(self, topics: Sequence[NewTopic]) -> None:
        wanted = [
            admin.NewTopic(
                each.name, each.partitions, each.replicas, config=dict(each.configuration)
            )
            for each in topics
        ]
        end = monotonic() + MAKING_SECS
        made = self._admin.create_topics(wanted, operation_timeout=PATIENCE_SECS)
        for future in made.values():
            try:
                future.result(2 * PATIENCE_SECS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
        there = self._led({each.name for each in topics}, end)
        every = [TopicPartition(name, n) for name, topic in there.items() for n in topic.partitions]
        self._offsets(every, OffsetSpec.latest(), end - monotonic())

    def first_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return self._offsets(partitions, OffsetSpec.earliest())

    def last_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return self._offsets(partitions, OffsetSpec.latest())

    def close(self) -> None:
        """Drop the library's admin by its last name: it has no end but that."""
        if hasattr(self, "_admin"):
            del self._admin

    def _there(self, names: Collection[str]) -> dict[str, Any]:
        """Return what there is of these, out of all: asked for by name, one might be made."""
        known = self._admin.list_topics(timeout=PATIENCE_SECS).topics
        return {name: known[name] for name in names if name in known and known[name].partitions}

    def _led(self, names: Collection[str], end: float) -> dict[str, Any]:
        """Return topics once all of them have leaders."""
        while len(there := self._there(names)) < len(names) or not _are_led(there):
            if monotonic() > end:
                raise BusUnavailable("topics that were made have no leaders yet", "try again")
            sleep(_LOOK_SECS)
        return there

    @translated
    def _offsets(
        self,
        partitions: Collection[TopicPartition],
        which: OffsetSpec,
        patience_secs: float = PATIENCE_SECS,
    ) -> dict[TopicPartition, int]:
        end = monotonic() + patience_secs
        while partitions:
            found = self._admin.list_offsets(
                {confluent_kafka.TopicPartition(*each): which for each in partitions},
                isolation_level=IsolationLevel.READ_UNCOMMITTED,
                request_timeout=PATIENCE_SECS,
            )
            try:
                offsets = {
                    TopicPartition(e.topic, e.partition): future.result(2 * PATIENCE_SECS).offset
                    for e, future in found.items()
                }
            except KafkaException as error:
                if error.args[0].code() not in _MOVING or monotonic() > end:
                    raise
            else:
                return _answered(offsets)
            sleep(_LOOK_SECS)
        return {}


def _are_led(topics: Mapping[str, Any]) -> bool:
    return all(
        partition.leader >= 0 and partition.error is None
        for topic in topics.values()
        for partition in topic.partitions.values()
    )


def _shown(described: "Future[Mapping[str, ConfigEntry]]") -> dict[str, str]:
    """Return the settings of a topic; none where this user may not see them."""
    try:
        entries = described.result(PATIENCE_SECS)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise
        return {}
    return {name: str(entry.value) for name, entry in entries.items()}


def _answered(offsets: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
    """Return offsets that are some: of a broker that hangs the library makes -1001, no error."""
    if min(offsets.values()) < 0:
        raise BusUnavailable("Kafka does not say how far its topics go", "see whether it hangs")
    return offsets
