"""Whatever is killed, and when: Kafka has every event once and in order."""

import os
import random
import signal
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from services.bus.broker.local_broker import LocalBroker
from services.bus.client import Client
from services.bus.connect import client as client_of
from services.bus.relay import layout
from services.bus.settings import BusSettings
from services.bus.standing import relay_standing
from services.store.embedded import EmbeddedPostgres
from services.store.errors import StoreUnavailable
from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.elsewhere import Elsewhere
from tests.integration.bus.relaying import (
    PARTITIONS,
    Filling,
    all_published,
    published_more,
    relaying,
)


def test_a_relay_that_is_killed_at_any_moment_loses_and_doubles_nothing(
    elsewhere: Elsewhere, store: Recorder, client: Client
) -> None:
    kill_again_and_again(3, elsewhere, store, client, random.randrange(10**6))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_thirty_kills_lose_and_double_nothing(
    elsewhere: Elsewhere, store: Recorder, client: Client
) -> None:
    kill_again_and_again(30, elsewhere, store, client, random.randrange(10**6))


def kill_again_and_again(
    times: int, elsewhere: Elsewhere, store: Recorder, client: Client, seed: int
) -> None:
    moment = random.Random(seed)
    filling = Filling(store, seed=seed)
    filling.write(2_000)
    with filling.under_way(0.1) as end_writing:
        for _ in range(times):
            with elsewhere.running() as process:
                until(partial(process.holds, store), "it publishes")
                time.sleep(moment.uniform(0, 1))
                process.kill()
        end_writing()
        with elsewhere.running():
            assert all_published(client, store) == len(filling.ids), f"seed {seed}"


def test_a_broker_that_is_killed_in_mid_transaction_loses_and_doubles_nothing(
    own_broker: LocalBroker, store: Recorder, empty_database: str, impatient: BusSettings
) -> None:
    client = client_of(own_broker.bootstrap, impatient)
    seed = random.randrange(10**6)
    moment, filling = random.Random(seed), Filling(store, seed=seed)
    filling.write(500)
    with relaying(store, empty_database, client, impatient):
        with filling.under_way(0.1):
            published_more(store)
            time.sleep(moment.uniform(0, 1))
            own_broker.kill()
            until(lambda: "check that it runs" in problem(store), "it says that Kafka is away")
            assert relay_standing(store).lag
            own_broker.start()
            published_more(store, 150)  # a mending may have to begin again and again
        assert all_published(client, store) == len(filling.ids), f"seed {seed}"
        until(lambda: not problem(store), "it is well again")


@pytest.mark.soak
def test_a_broker_that_is_back_before_anybody_misses_it_loses_and_doubles_nothing(
    own_broker: LocalBroker, store: Recorder, empty_database: str, impatient: BusSettings
) -> None:
    client = client_of(own_broker.bootstrap, impatient)
    seed = random.randrange(10**6)
    moment, filling = random.Random(seed), Filling(store, seed=seed)
    with relaying(store, empty_database, client, impatient):
        with filling.under_way(0.1):
            for _ in range(3):
                published_more(store)
                time.sleep(moment.uniform(0, 1))
                own_broker.kill()
                own_broker.start()
        assert all_published(client, store) == len(filling.ids), f"seed {seed}"


def problem(store: Recorder) -> str:
    return relay_standing(store).problem(datetime.now(UTC)) or ""


def test_a_store_that_is_killed_while_it_is_published_loses_and_doubles_nothing(
    home: Path, client: Client, settings: BusSettings, topics_anew: None
) -> None:
    server = EmbeddedPostgres(home)
    conninfo = server.start()
    migrate(conninfo, PARTITIONS)
    seed = random.randrange(10**6)
    moment = random.Random(seed)
    with Recorder(conninfo, poll_seconds=0.5, revive=server.start) as store:
        filling = Filling(store, seed=seed)
        filling.write(500)
        with relaying(store, conninfo, client, settings):
            with filling.under_way(0.1) as end_writing:
                for _ in range(2):
                    published_more(store)
                    time.sleep(moment.uniform(0, 1))
                    kill_postgres(server)
                    published_more(store)
                end_writing()
            assert all_published(client, store) == len(filling.ids), f"seed {seed}"
    server.leave()


def kill_postgres(server: EmbeddedPostgres) -> None:
    pid = server.pid
    assert pid
    os.kill(pid, signal.SIGKILL)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_everything_is_killed_again_and_again_and_nothing_is_lost_or_doubled(
    home: Path, tmp_path: Path, own_broker: LocalBroker, impatient: BusSettings
) -> None:
    server = EmbeddedPostgres(home)
    conninfo = server.start()
    migrate(conninfo, PARTITIONS)
    client = client_of(own_broker.bootstrap, impatient)
    elsewhere = Elsewhere(tmp_path / "home", conninfo, own_broker.bootstrap, impatient)
    seed = random.randrange(10**6)
    moment = random.Random(seed)
    with (
        ExitStack() as stack,
        Recorder(conninfo, poll_seconds=0.5, revive=server.start) as store,
    ):
        filling = Filling(store, seed=seed)
        relays = [stack.enter_context(elsewhere.running()) for _ in range(2)]
        with filling.under_way(0.1) as end_writing:
            published_more(store)
            for _ in range(20):
                time.sleep(moment.uniform(0, 3))
                match moment.choice(["broker", "store", "relay", "relay", "slots"]):
                    case "broker":
                        own_broker.kill()
                        time.sleep(moment.uniform(0, 2))
                        own_broker.start()
                    case "store":
                        kill_postgres(server)
                    case "relay":
                        relays.pop(moment.randrange(2)).kill()
                        relays.append(stack.enter_context(elsewhere.running()))
                    case "slots":
                        until(lambda: changed(conninfo, moment.randint(1, 4)), "slots change")
            end_writing()
        assert all_published(client, store, 120) == len(filling.ids), f"seed {seed}"
    server.leave()


def changed(conninfo: str, slots: int) -> bool:
    """Write another number of slots, if the store can be reached."""
    with suppress(StoreUnavailable):
        layout.change(conninfo, slots)
        return True
    return False
