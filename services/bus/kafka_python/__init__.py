"""The client by kafka-python: pure Python, the default."""

from services.bus.kafka_python.client import KafkaPython

__all__ = ["KafkaPython"]
