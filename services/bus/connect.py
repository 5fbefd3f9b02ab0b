"""Chooses the library that speaks to Kafka; it is imported when it is needed."""

from services.bus.client import Client
from services.bus.errors import BusUnavailable
from services.bus.settings import BusSettings


def client(servers: str, settings: BusSettings) -> Client:
    """Return a client for a Kafka; nothing is connected yet.

    Raises:
        BusUnavailable: the library the settings name is not installed.
    """
    if settings.client == "kafka-python":
        from services.bus.kafka_python import KafkaPython  # noqa: PLC0415  slow to import

        return KafkaPython(servers, settings)
    try:
        from services.bus.librdkafka import Librdkafka  # noqa: PLC0415  an extra
    except ImportError as missing:
        raise BusUnavailable(
            "confluent-kafka is not installed",
            "install perpetua with the extra librdkafka, or set bus.client to kafka-python",
        ) from missing
    return Librdkafka(servers, settings)
