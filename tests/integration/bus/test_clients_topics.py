"""What we need of a Kafka client holds for every client: topics."""

from uuid import uuid4

import pytest

from services.bus.client import Client, NewTopic, TopicPartition
from services.bus.errors import BusUnavailable
from tests.integration.bus.clients import every_client

pytestmark = every_client


def test_topics_are_made_as_asked_and_described(client: Client) -> None:
    admin, name = client.admin(), f"test-{uuid4().hex}"
    asked = NewTopic(name, 5, 1, {"retention.ms": "-1", "max.message.bytes": "20000000"})
    admin.create([asked])
    found = admin.topics([name, "no-such-topic"])
    assert list(found) == [name]
    assert (found[name].partitions, found[name].replicas) == (5, 1)
    assert asked.configuration.items() <= found[name].configuration.items()
    assert found[name].configuration["cleanup.policy"] == "delete"
    every = [TopicPartition(name, number) for number in range(5)]
    assert admin.first_offsets(every) == admin.last_offsets(every) == dict.fromkeys(every, 0)


def test_a_topic_that_somebody_made_meanwhile_is_left_as_it_is(client: Client) -> None:
    admin, name = client.admin(), f"test-{uuid4().hex}"
    admin.create([NewTopic(name, 2, -1, {})])
    admin.create([NewTopic(name, 7, -1, {}), NewTopic(f"{name}-2", 1, -1, {})])
    found = admin.topics([name, f"{name}-2"])
    assert (found[name].partitions, found[f"{name}-2"].partitions) == (2, 1)


def test_a_topic_that_is_asked_for_is_not_made(client: Client) -> None:
    admin, name = client.admin(), f"test-{uuid4().hex}"
    assert admin.topics([name]) == admin.topics([name]) == {}


def test_a_topic_that_can_not_be_made_says_why(client: Client) -> None:
    with pytest.raises(BusUnavailable, match=r"(?i)replic"):
        client.admin().create([NewTopic(f"test-{uuid4().hex}", 1, 99, {})])
