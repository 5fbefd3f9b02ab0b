"""One Kafka, spoken to by librdkafka."""

from typing import Any, Final

import confluent_kafka
from confluent_kafka.admin import AdminClient

from services.bus.librdkafka.admin import LibrdkafkaAdmin
from services.bus.librdkafka.connection import connection, reach, translated
from services.bus.librdkafka.consumer import LibrdkafkaConsumer
from services.bus.librdkafka.heard import Heard
from services.bus.librdkafka.producer import LibrdkafkaProducer
from services.bus.settings import BusSettings

LARGEST_REQUEST: Final = 32 * 1024 * 1024
"""Bytes of one request: the largest dead letter with room to spare."""
_NO_GROUP: Final = "perpetua-no-group"
"""The library wants a name even of who neither joins a group nor commits."""


class Librdkafka:
    """Speaks to one Kafka by librdkafka."""

    name = "librdkafka"

    def __init__(self, servers: str, settings: BusSettings) -> None:
        self._servers = servers
        self._settings = settings

    @translated
    def producer(self, transactional_id: str) -> LibrdkafkaProducer:
        """Make a producer."""
        timeout_ms = self._settings.transaction_timeout_ms
        patience_ms = self._settings.connect_timeout_ms
        configuration, heard = self._common()
        configuration |= {
            "transactional.id": transactional_id,
            "transaction.timeout.ms": timeout_ms,
            "acks": "all",
            "linger.ms": 2,
            "message.max.bytes": LARGEST_REQUEST,
        }
        return LibrdkafkaProducer(configuration, heard, transactional_id, timeout_ms, patience_ms)

    @translated
    def consumer(self, group: str | None = None) -> LibrdkafkaConsumer:
        """Make a consumer, of a group if it is to share topics."""
        configuration, heard = self._common()
        configuration |= {
            "group.id": group or _NO_GROUP,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "range",
            "session.timeout.ms": self._settings.session_timeout_ms,
            "heartbeat.interval.ms": 2_000,
            "fetch.wait.max.ms": 100,
            "enable.partition.eof": True,
            "allow.auto.create.topics": False,
        }
        consumer = confluent_kafka.Consumer(configuration)
        reach(consumer, heard, self._settings.connect_timeout_ms)
        return LibrdkafkaConsumer(consumer, heard)

    @translated
    def admin(self) -> LibrdkafkaAdmin:
        """Make an admin."""
        configuration, heard = self._common()
        admin = AdminClient(configuration)
        reach(admin, heard, self._settings.connect_timeout_ms)
        return LibrdkafkaAdmin(admin)

    def _common(self) -> tuple[dict[str, Any], Heard]:
        heard = Heard()
        return connection(self._servers, self._settings, heard), heard
