"""The number of slots changes while they publish: Kafka has every event once and in order."""

from functools import partial

import pytest

from services.bus import topics
from services.bus.client import Client
from services.bus.errors import ProducerFenced
from services.bus.relay import Relay, layout
from services.bus.relay.session import LayoutChanged, begin
from services.bus.settings import BusSettings
from services.bus.standing import relay_standing
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.elsewhere import Elsewhere, Running
from tests.integration.bus.relaying import (
    PARTITIONS,
    Filling,
    all_published,
    published_more,
    relaying,
)

pytestmark = pytest.mark.usefixtures("topics_anew")


def test_slots_change_while_two_relays_publish(
    elsewhere: Elsewhere,
    store: Recorder,
    empty_database: str,
    client: Client,
    settings: BusSettings,
) -> None:
    filling = Filling(store)
    filling.write(500)
    with elsewhere.running() as one, elsewhere.running() as two:
        with filling.under_way(0.1) as end_writing:
            published_more(store)
            for slots in (3, 2):
                Relay(store, empty_database, client, settings, PARTITIONS).change_slots(slots)
                until(partial(all_held, store, slots, one, two), "all are held")
                published_more(store)
            end_writing()
        assert all_published(client, store) == len(filling.ids)


def test_slots_change_though_who_wanted_it_died_and_nothing_is_stored(
    store: Recorder,
    empty_database: str,
    client: Client,
    settings: BusSettings,
    topics_anew: None,
) -> None:
    filling = Filling(store)
    filling.write(200)
    with relaying(store, empty_database, client, settings):
        all_published(client, store)
        for slots in (3, 1):
            layout.change(empty_database, slots)
            until(lambda: layout.read(store).fenced, "the relay fences the old slots")
            until(partial(all_publish, store, slots), "the new slots publish")
            filling.write(100)
            all_published(client, store)


def test_a_change_that_is_asked_of_the_command_is_made_while_another_publishes(
    elsewhere: Elsewhere, store: Recorder, client: Client
) -> None:
    filling = Filling(store)
    with elsewhere.running() as one, filling.under_way(0.1) as end_writing:
        published_more(store)
        with elsewhere.running("--slots", "4") as two:
            until(lambda: all_held(store, 4, one, two), "all are held")
            published_more(store)
            one.kill()
            until(lambda: all_held(store, 4, two), "all are taken over")
            end_writing()
            assert all_published(client, store) == len(filling.ids)


def test_a_slot_that_was_begun_under_another_layout_can_not_publish(
    store: Recorder, empty_database: str, client: Client, settings: BusSettings, topics_anew: None
) -> None:
    topics.create(client.admin(), PARTITIONS, settings)
    Filling(store).write(100)
    before = layout.read(store)
    old = begin(client, store, 0, before, PARTITIONS)
    layout.change(empty_database, 2)
    with pytest.raises(LayoutChanged):
        begin(client, store, 0, before, PARTITIONS)
    layout.fence(empty_database, store, client, lambda: False)
    with pytest.raises(ProducerFenced):
        old.publish(store.read(0, 10))
    for slots in (1, 2):
        layout.change(empty_database, slots)
        layout.fence(empty_database, store, client, lambda: False)
    assert layout.read(store) != before  # though it has as many slots, it is another
    old.close()
    with relaying(store, empty_database, client, settings):
        assert all_published(client, store) == 100


def all_held(store: Recorder, slots: int, *by: Running) -> bool:
    """Tell whether each of the slots is published by one of these."""
    now = layout.read(store)
    return (now.slots, now.fenced) == (slots, True) and all(
        any(each.holds(store, slot) for each in by) for slot in range(slots)
    )


def all_publish(store: Recorder, slots: int) -> bool:
    standing = relay_standing(store)
    assert standing.slots == slots
    return len(standing.holders) == slots and all(
        each.state == "publishing" for each in standing.holders
    )
