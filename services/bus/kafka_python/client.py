"""One Kafka, spoken to by kafka-python."""

from typing import Final

import kafka
from kafka.admin import KafkaAdminClient
from kafka.coordinator.assignors.range import RangePartitionAssignor

from services.bus.kafka_python.admin import KafkaPythonAdmin
from services.bus.kafka_python.connection import PATIENCE_MS, connection, made, translated
from services.bus.kafka_python.consumer import KafkaPythonConsumer
from services.bus.kafka_python.producer import KafkaPythonProducer
from services.bus.settings import BusSettings

LARGEST_REQUEST: Final = 32 * 1024 * 1024
"""Bytes of one request: the largest dead letter with room to spare."""


class KafkaPython:
    """Speaks to one Kafka by kafka-python."""

    name = "kafka-python"

    def __init__(self, servers: str, settings: BusSettings) -> None:
        self._timeout_ms = settings.transaction_timeout_ms
        self._servers = servers
        self._settings = settings

    @translated
    def producer(self, transactional_id: str) -> KafkaPythonProducer:
        """Make a producer."""
        return KafkaPythonProducer(
            made(
                kafka.KafkaProducer,
                **connection(self._servers, self._settings),
                transactional_id=transactional_id,
                transaction_timeout_ms=self._timeout_ms,
                delivery_timeout_ms=4 * self._timeout_ms,
                request_timeout_ms=2 * self._timeout_ms,
                max_block_ms=4 * self._timeout_ms,
                batch_size=256 * 1024,
                max_request_size=LARGEST_REQUEST,
                retry_backoff_ms=20,
                allow_auto_create_topics=False,
            ),
            transactional_id,
        )

    @translated
    def consumer(self, group: str | None = None) -> KafkaPythonConsumer:
        """Make a consumer, of a group if it is to share topics."""
        return KafkaPythonConsumer(
            made(
                kafka.KafkaConsumer,
                **connection(self._servers, self._settings),
                group_id=group,
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                partition_assignment_strategy=[RangePartitionAssignor],
                fetch_max_wait_ms=100,
                max_poll_records=5_000,
                session_timeout_ms=self._settings.session_timeout_ms,
                heartbeat_interval_ms=2_000,
                allow_auto_create_topics=False,
            )
        )

    @translated
    def admin(self) -> KafkaPythonAdmin:
        """Make an admin."""
        return KafkaPythonAdmin(
            made(
                KafkaAdminClient,
                **connection(self._servers, self._settings),
                request_timeout_ms=PATIENCE_MS,
            )
        )
