"""Kafka held against the store: what hangs there is said, and holds nobody up for ever."""

from uuid import uuid4

import pytest

from services.bus import verify as verifying
from services.bus.client import Client, Outgoing, TopicPartition
from services.bus.errors import BusUnavailable
from services.bus.settings import BusSettings
from services.bus.topics import create
from services.bus.verify import verify
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.clients import every_client
from tests.integration.bus.relaying import PARTITIONS

WHERE = TopicPartition("thought.generated", 1)


@pytest.fixture
def made(client: Client, settings: BusSettings, topics_anew: None) -> None:
    """The topics, empty."""
    create(client.admin(), PARTITIONS, settings)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_SILENCE_SECS", 1.0)


@every_client
@pytest.mark.usefixtures("made")
def test_a_transaction_that_does_not_end_is_said(client: Client, store: Recorder) -> None:
    admin, producer = client.admin(), client.producer(uuid4().hex)
    producer.init()
    producer.begin()
    producer.send([Outgoing(*WHERE, None, b"never committed", [])])
    until(lambda: admin.last_offsets([WHERE])[WHERE] == 1, "it has begun")
    with pytest.raises(BusUnavailable, match=r"on thought\.generated, partition 1, does not end"):
        list(verify(client, store, PARTITIONS))
