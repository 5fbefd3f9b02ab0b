"""Of two relays one publishes, and another takes over: Kafka has every event once."""

import random
import signal
import time
from pathlib import Path

import pytest

from services.bus.client import Client
from services.bus.relay.layout import SILENCE_SECS
from services.bus.settings import BusSettings
from services.store.recorder import Recorder
from tests.e2e.process import SOON_SECS, until
from tests.integration.bus.elsewhere import Elsewhere
from tests.integration.bus.relaying import Filling, all_published, published_more

TAKEOVER_SECS = 30
"""Five are usual, of one that is gone; the machine of a test may be busy."""

pytestmark = pytest.mark.usefixtures("topics_anew")


def test_one_relay_publishes_and_the_next_takes_over_when_it_ends_or_is_killed(
    store: Recorder,
    empty_database: str,
    kafka: str,
    client: Client,
    settings: BusSettings,
    tmp_path: Path,
) -> None:
    elsewhere = Elsewhere(tmp_path / "home", empty_database, kafka, settings)
    filling = Filling(store)
    with elsewhere.running() as first, filling.under_way(0.1) as end_writing:
        until(lambda: first.holds(store), "the first publishes")
        with elsewhere.running() as second:
            until(second.has_begun, "the second stands by")
            time.sleep(1.5)
            assert first.holds(store)
            assert second.lives()
            assert first.interrupt() < SOON_SECS
            assert first.process.returncode == 0
            until(lambda: second.holds(store), "the second takes over", TAKEOVER_SECS)
            with elsewhere.running() as third:
                until(third.has_begun, "the third stands by")
                second.kill()
                until(lambda: third.holds(store), "the third takes over", TAKEOVER_SECS)
                end_writing()
                all_published(client, store)


def test_two_relays_that_begin_at_once_double_nothing(
    elsewhere: Elsewhere, store: Recorder, client: Client
) -> None:
    filling = Filling(store)
    filling.write(2_000)
    with (
        filling.under_way(0.1) as end_writing,
        elsewhere.running() as one,
        elsewhere.running() as two,
    ):
        until(lambda: one.has_begun() and two.has_begun(), "both have begun")
        published_more(store)
        end_writing()
        assert all_published(client, store) == len(filling.ids)
        until(lambda: one.holds(store) != two.holds(store), "one of them publishes")


def test_a_relay_that_wakes_after_another_took_over_doubles_nothing(
    tmp_path: Path,
    empty_database: str,
    kafka: str,
    impatient: BusSettings,
    topics_anew: None,
    store: Recorder,
    client: Client,
) -> None:
    elsewhere = Elsewhere(tmp_path / "home", empty_database, kafka, impatient)
    seed = random.randrange(10**6)
    filling = Filling(store, seed=seed)
    with elsewhere.running() as zombie, filling.under_way(0.1) as end_writing:
        until(lambda: zombie.holds(store), "it publishes")
        with elsewhere.running() as heir:
            until(heir.has_begun, "the other stands by")
            published_more(store)
            time.sleep(random.Random(seed).uniform(0, 1))
            zombie.process.send_signal(signal.SIGSTOP)
            until(lambda: heir.holds(store), "the other takes over", SILENCE_SECS + TAKEOVER_SECS)
            published_more(store)
            zombie.process.send_signal(signal.SIGCONT)
            published_more(store)
            time.sleep(1)
            published_more(store)
            until(lambda: heir.holds(store), "the other publishes on")
            assert zombie.lives()
            end_writing()
            assert all_published(client, store) == len(filling.ids), f"seed {seed}"
            heir.kill()
            filling.write(100)
            until(lambda: zombie.holds(store), "the zombie stood by, and takes over", TAKEOVER_SECS)
            assert all_published(client, store) == len(filling.ids), f"seed {seed}"
