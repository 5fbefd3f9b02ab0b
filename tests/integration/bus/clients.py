"""How tests of what we need of a Kafka client publish and read: they hold for every client."""

from collections.abc import Sequence
from contextlib import closing
from time import monotonic
from uuid import uuid4

import pytest

from services.bus.client import Client, Consumer, Incoming, Outgoing, TopicPartition

LIBRARIES = ["kafka-python", "librdkafka"]
every_client = pytest.mark.parametrize("settings", LIBRARIES, indirect=True)
"""Runs a test with each client, where one of them could be wrong and the other right."""
PATIENCE_SECS = 60.0


def numbered(topic: str, numbers: Sequence[int], partition: int = 0) -> list[Outgoing]:
    return [Outgoing(topic, partition, b"key", str(number).encode(), []) for number in numbers]


def publish(client: Client, records: Sequence[Outgoing]) -> None:
    with closing(client.producer(uuid4().hex)) as producer:
        producer.init()
        producer.begin()
        producer.send(records)
        producer.commit()


def read(consumer: Consumer, count: int, limit: int = 1_000) -> list[Incoming]:
    """Poll until so many records have come."""
    records: list[Incoming] = []
    end = monotonic() + PATIENCE_SECS
    while len(records) < count and monotonic() < end:
        came = consumer.poll(0.2, limit)
        assert len(came) <= limit
        records += came
    return records


def read_to(consumer: Consumer, ends: dict[TopicPartition, int]) -> list[Incoming]:
    """Poll until all up to these offsets was returned, or was no record."""
    records: list[Incoming] = []
    deadline = monotonic() + PATIENCE_SECS
    while any(consumer.position(each) < end for each, end in ends.items()):
        assert monotonic() < deadline, {each: consumer.position(each) for each in ends}
        records += consumer.poll(0.2, 1_000)
    return records


def numbers(records: Sequence[Incoming]) -> list[int]:
    return [int(record.value or b"-1") for record in records]
