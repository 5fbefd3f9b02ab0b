"""Looking after topics."""

from collections.abc import Collection, Sequence

import kafka
from kafka import errors
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec

from services.bus.client import MAKING_SECS, NewTopic, TopicPartition, TopicState
from services.bus.kafka_python.connection import translated, unavailable


class KafkaPythonAdmin:
    """An `Admin`."""

    def __init__(self, admin: KafkaAdminClient) -> None:
        self._admin = admin

    @translated
    def topics(self, names: Collection[str]) -> dict[str, TopicState]:
        there = [each for each in self._admin.describe_topics() if each["name"] in set(names)]
        wanted = [ConfigResource(ConfigResourceType.TOPIC, each["name"]) for each in there]
        found = self._admin.describe_configs(wanted, config_filter="all") if wanted else {}
        return {
            each["name"]: TopicState(
                len(each["partitions"]),
                min(len(partition["replica_nodes"]) for partition in each["partitions"]),
                # the library passes over a refusal: then there is nothing
                {name: str(v["value"]) for name, v in found["topic"][each["name"]].items()},
            )
            for each in there
        }

    @translated
    def create(self, topics: Sequence[NewTopic]) -> None:
        wanted = {
            each.name: {
                "num_partitions": each.partitions,
                "replication_factor": each.replicas,
                "configs": dict(each.configuration),
            }
            for each in topics
        }
        made = self._admin.create_topics(wanted, raise_errors=False)
        for topic in made["topics"]:
            error = errors.for_code(topic["error_code"])
            if error not in (errors.NoError, errors.TopicAlreadyExistsError):
                raise unavailable(error(f"{topic['name']}: {topic['error_message'] or error()}"))
        making_ms = int(MAKING_SECS * 1_000)
        self._admin.wait_for_topics(list(wanted), timeout_ms=making_ms)
        found = self._admin.describe_topics(list(wanted))
        every = [
            kafka.TopicPartition(each["name"], partition["partition_index"])
            for each in found
            for partition in each["partitions"]
        ]
        # a leader that is named may not know yet that it is one
        latest = dict.fromkeys(every, OffsetSpec.LATEST)
        self._admin.list_partition_offsets(latest, timeout_ms=making_ms)

    def first_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return self._offsets(partitions, OffsetSpec.EARLIEST)

    def last_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return self._offsets(partitions, OffsetSpec.LATEST)

    @translated
    def close(self) -> None:
        self._admin.close()

    @translated
    def _offsets(
        self, partitions: Collection[TopicPartition], which: OffsetSpec
    ) -> dict[TopicPartition, int]:
        asked = {kafka.TopicPartition(*each): which for each in partitions}
        found = self._admin.list_partition_offsets(asked) if asked else {}
        return {TopicPartition(*each): at.offset for each, at in found.items()}
