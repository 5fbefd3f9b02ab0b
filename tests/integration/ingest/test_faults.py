"""Whatever is killed in between: each command is done once, and answered once."""

import gc
import logging
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.bus.broker.local_broker import LocalBroker
from services.bus.connect import client as client_of
from services.bus.settings import BusSettings
from services.bus.topics import create
from services.store.embedded import EmbeddedPostgres
from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.ingest.conftest import LIBRARIES
from tests.integration.ingest.elsewhere import PARTITIONS, Elsewhere, Stream
from tests.integration.ingest.speaking import speaking

SILENCE_SECS = 45.0
"""More than sessions and transactions of the dead take to run out."""
LONGER_THAN_A_WRITE_WAITS_SECS = 34
"""Then the API answers 503."""

pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning"  # kafka-python's, for each attempt in vain
)


@contextmanager
def streaming(
    folder: Path, database: str, kafka: str, library: str
) -> Iterator[tuple[Elsewhere, Stream, Recorder]]:
    """Give processes that ingest into a database, and a stream of commands for them."""
    migrate(database, PARTITIONS)
    admin = client_of(kafka, BusSettings()).admin()
    create(admin, PARTITIONS, BusSettings())
    admin.close()
    elsewhere = Elsewhere(folder, database, kafka, library)
    with Recorder(database, poll_seconds=0.5) as store, speaking(kafka) as speaker:
        try:
            yield elsewhere, Stream(speaker), store
        finally:
            elsewhere.kill()


@pytest.fixture(autouse=True)
def _collected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a test leaves is collected while its warnings are still filtered: no log keeps it."""
    caplog.set_level(logging.CRITICAL, "kafka")
    yield
    gc.collect()


def killing(folder: Path, database: str, broker: LocalBroker, library: str, kills: int) -> None:
    """Kill one of two members at random moments, and the broker once in between."""
    dice = random.Random()
    with streaming(folder, database, broker.bootstrap, library) as (elsewhere, stream, store):
        members = [elsewhere.start().ready() for _ in range(2)]
        with stream.under_way():
            for number in range(kills):
                time.sleep(dice.uniform(0.2, 4))
                members.pop(dice.randrange(2)).kill()
                members.append(elsewhere.start().ready())
                if number == kills // 2:
                    broker.kill()
                    time.sleep(dice.uniform(0.1, 2))
                    broker.start()
        stream.is_done_once(store, SILENCE_SECS)
        assert stream.sent > 100
        for each in members:
            assert each.process.poll() is None, each.perpetua.errors


@pytest.mark.parametrize("library", LIBRARIES[:1])
def test_nothing_is_lost_or_done_twice_when_members_and_the_broker_are_killed(
    tmp_path: Path, empty_database: str, own_broker: LocalBroker, library: str
) -> None:
    killing(tmp_path, empty_database, own_broker, library, 4)


@pytest.mark.soak
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("library", LIBRARIES)
def test_nothing_is_lost_or_done_twice_in_thirty_kills(
    tmp_path: Path, empty_database: str, own_broker: LocalBroker, library: str
) -> None:
    killing(tmp_path, empty_database, own_broker, library, 30)


@pytest.mark.parametrize(
    ("crash", "seconds"),
    [(False, 3), pytest.param(True, LONGER_THAN_A_WRITE_WAITS_SECS, marks=pytest.mark.soak)],
)
def test_commands_wait_while_the_store_is_away(
    tmp_path: Path, home: Path, kafka: str, topics_anew: None, crash: bool, seconds: float
) -> None:
    server = EmbeddedPostgres(home)
    with streaming(tmp_path, server.start(), kafka, "kafka-python") as (elsewhere, stream, store):
        member = elsewhere.start().ready()
        with stream.under_way():
            stream.speaker.until(lambda: len(stream.speaker.replies) > 30)
            stop(server, crash=crash)
            time.sleep(seconds)
            server.start()
            time.sleep(2)
        stream.is_done_once(store, SILENCE_SECS)
        assert member.process.poll() is None, member.perpetua.errors
        assert "Traceback" not in member.perpetua.errors
        server.leave()


def stop(server: EmbeddedPostgres, *, crash: bool) -> None:
    """End the server, by its process id; return when it has."""
    pid = server.pid
    assert pid
    os.kill(pid, signal.SIGQUIT if crash else signal.SIGINT)
    until(lambda: server.pid is None, "PostgreSQL has ended")
