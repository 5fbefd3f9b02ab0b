"""The client by confluent-kafka (librdkafka): faster, an extra."""

from services.bus.librdkafka.client import Librdkafka

__all__ = ["Librdkafka"]
