"""A real Kafka, the clients we have of it, and relays that publish to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from services.bus.client import Admin, Client, Consumer, NewTopic, Producer
from services.bus.connect import client as client_of
from services.bus.relay import Relay
from services.bus.settings import BusSettings
from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.integration.bus.elsewhere import Elsewhere
from tests.integration.bus.publishing import delete_topics
from tests.integration.bus.relaying import PARTITIONS, Relaying, relaying


class Opened:
    """A client all of whose connections are closed at the end."""

    def __init__(self, client: Client, stack: ExitStack) -> None:
        self.name = client.name
        self._client = client
        self._stack = stack

    def producer(self, transactional_id: str) -> Producer:
        producer = self._client.producer(transactional_id)
        self._stack.callback(producer.close)
        return producer

    def consumer(self, group: str | None = None) -> Consumer:
        consumer = self._client.consumer(group)
        self._stack.callback(consumer.close)
        return consumer

    def admin(self) -> Admin:
        admin = self._client.admin()
        self._stack.callback(admin.close)
        return admin


@pytest.fixture(params=["kafka-python", pytest.param("librdkafka", marks=pytest.mark.soak)])
def settings(request: pytest.FixtureRequest) -> BusSettings:
    """Settings of the default client; of every one in a soak, or where a test asks for it."""
    return BusSettings(client=request.param)


@pytest.fixture
def open_client() -> Iterator[Callable[[str, BusSettings], Client]]:
    """Makes clients all of whose connections are closed at the end."""
    with ExitStack() as stack:
        yield lambda servers, settings: Opened(client_of(servers, settings), stack)


@pytest.fixture
def client(
    kafka: str, settings: BusSettings, open_client: Callable[[str, BusSettings], Client]
) -> Client:
    """The client of those settings on the session's Kafka."""
    return open_client(kafka, settings)


@pytest.fixture
def topics(client: Client) -> list[str]:
    """Three new topics of four partitions."""
    names = [f"test-{uuid4().hex}" for _ in range(3)]
    client.admin().create([NewTopic(name, 4, -1, {}) for name in names])
    return names


@pytest.fixture
def topics_anew(kafka: str) -> None:
    """The topics of the relay have fixed names: what another test left of them is deleted."""
    delete_topics(kafka)


@pytest.fixture
def store(empty_database: str) -> Iterator[Recorder]:
    """A store of as many partitions as the tests of the relay have."""
    migrate(empty_database, PARTITIONS)
    with Recorder(empty_database, poll_seconds=0.5) as recorder:
        yield recorder


@pytest.fixture
def relay(store: Recorder, empty_database: str, client: Client, settings: BusSettings) -> Relay:
    """A relay that is not started."""
    return Relay(store, empty_database, client, settings, PARTITIONS)


@pytest.fixture
def published(
    store: Recorder, empty_database: str, client: Client, settings: BusSettings
) -> Relaying:
    """Publishes the store in this process for as long as a block lasts."""
    return lambda: relaying(store, empty_database, client, settings)


@pytest.fixture
def elsewhere(
    tmp_path: Path, empty_database: str, kafka: str, settings: BusSettings, topics_anew: None
) -> Elsewhere:
    """Relays as processes on the session's Kafka."""
    return Elsewhere(tmp_path / "home", empty_database, kafka, settings)


@pytest.fixture
def impatient(settings: BusSettings) -> BusSettings:
    """Settings with short transactions, which fit still where a machine has much else to do."""
    return settings.model_copy(update={"transaction_timeout_ms": 3_000})
