"""A fabric that takes commands by Kafka, and an agent that sends them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services.api.server import build
from services.bus.client import NewTopic
from services.bus.connect import client as client_of
from services.bus.record import source_of
from services.bus.settings import BusSettings
from services.bus.topics import COMMANDS, DEAD_LETTERS, REPLIES, wanted
from services.ingest import Ingest
from services.ingest.deciding import Decider
from tests.integration.api.conftest import shared_database
from tests.integration.api.serving import Served, serving, settings_for
from tests.integration.bus.conftest import topics_anew
from tests.integration.bus.publishing import delete_topics
from tests.integration.ingest.speaking import Speaker, speaking

__all__ = ["shared_database", "topics_anew"]

PARTITIONS = 4
OURS = (COMMANDS, REPLIES, DEAD_LETTERS)
LIBRARIES = ["kafka-python", "librdkafka"]


@dataclass(frozen=True)
class House:
    """A fabric with its gate at work, that takes commands by Kafka."""

    served: Served
    speaker: Speaker
    operator: httpx.Client
    """Speaks HTTP with it."""
    home: Path

    @property
    def head(self) -> int:
        """How many events are stored."""
        return self.served.app.recorder.head()


@pytest.fixture(scope="module")
def topics(kafka: str) -> None:
    """The topics of commands, empty."""
    delete_topics(kafka)
    admin = client_of(kafka, BusSettings()).admin()
    ours = [each for each in wanted(PARTITIONS) if each.name in OURS]
    admin.create([NewTopic(e.name, e.partitions, -1, e.configuration) for e in ours])
    admin.close()


@pytest.fixture(scope="module", params=LIBRARIES)
def house(
    request: pytest.FixtureRequest,
    kafka: str,
    topics: None,
    shared_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """A fabric that ingests with each client."""
    home = tmp_path_factory.mktemp("home")
    with (
        ingesting(home, shared_database, kafka, request.param) as served,
        served.client() as operator,
        speaking(kafka) as speaker,
    ):
        yield House(served, speaker, operator, home)


@contextmanager
def ingesting(home: Path, database: str, bootstrap: str, library: str) -> Iterator[Served]:
    """Ingest in the loop of a served app for as long as the block lasts."""
    bus = BusSettings.model_validate({"client": library})
    with serving(settings_for(home, database, kafka=bootstrap, bus=bus)) as served:
        app = served.app
        assert app.bus
        decider = Decider(build(app))
        ingest = Ingest(app.bus, decider, source_of(app.recorder.store_id()))
        running = asyncio.run_coroutine_threadsafe(ingest.run(), served.loop)
        try:
            yield served
            assert not running.done(), running.exception()
        finally:
            running.cancel()
            asyncio.run_coroutine_threadsafe(ended(decider), served.loop).result(20)


async def ended(decider: Decider) -> None:
    """Wait until nobody ingests any more in this loop."""
    ingests = [task for task in asyncio.all_tasks() if "Ingest.run" in str(task.get_coro())]
    await asyncio.gather(*ingests, return_exceptions=True)
    await decider.close()
