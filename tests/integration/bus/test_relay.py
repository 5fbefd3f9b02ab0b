"""The relay: all that is stored is on Kafka, once and in order, and nothing else is."""

from collections import defaultdict

import psycopg
import pytest

from domain.events import EVENT_CLASSES
from services.bus.client import Client, Outgoing
from services.bus.record import source_of, to_record
from services.bus.relay import Relay, layout, mending, progress
from services.bus.relay.progress import Progress
from services.bus.standing import relay_standing
from services.bus.verify import verify
from services.store.heading import heading
from services.store.recorder import Recorder
from tests.e2e.process import SOON_SECS, until
from tests.integration.bus.relaying import (
    CLASSES,
    PARTITIONS,
    Filling,
    Relaying,
    all_published,
    on_kafka,
)

pytestmark = pytest.mark.usefixtures("topics_anew")


def test_an_old_store_is_published_from_its_beginning_and_what_follows_at_once(
    store: Recorder, client: Client, published: Relaying
) -> None:
    filling = Filling(store)
    filling.write(3_000)
    with published():
        assert all_published(client, store) == 3_000
        filling.write(1)
        until(lambda: relay_standing(store).lag == 0, "the new event is published", SOON_SECS)
        assert all_published(client, store) == 3_001


def test_kafka_has_the_stores_events_by_another_measure_than_our_own(
    store: Recorder, kafka: str, empty_database: str, client: Client, published: Relaying
) -> None:
    filling = Filling(store)
    filling.write(700)
    with published(), filling.under_way():
        until(lambda: relay_standing(store).published > 700, "events are published under way")
    with published():
        all_published(client, store)
    stored = defaultdict(list)
    with psycopg.connect(empty_database) as connection:
        for position, partition, topic, state in connection.execute(
            "select position, partition, topic, state from events order by position"
        ):
            stored[topic, partition].append((position, filling.ids[position - 1], state))
    found = on_kafka(kafka)
    assert len({topic for topic, _ in stored}) >= CLASSES
    assert {partition for _, partition in stored} == set(range(PARTITIONS))
    assert sum(map(len, found.values())) == len(filling.ids)
    assert found == stored


def test_a_relay_that_is_stopped_publishes_what_is_stored_by_then(
    store: Recorder, client: Client, relay: Relay
) -> None:
    filling = Filling(store)
    relay.start()
    until(lambda: relay_standing(store).lag == 0, "it publishes")
    filling.write(300)  # as it stops, no less; far from what takes as long as it would wait
    relay.stop(30)
    found = list(verify(client, store, PARTITIONS))
    assert [each.unpublished for each in found] == [0] * PARTITIONS
    assert sum(each.equal for each in found) == store.head()


def test_a_relay_that_ends_and_begins_again_doubles_nothing(
    store: Recorder, client: Client, published: Relaying
) -> None:
    filling = Filling(store)
    for _ in range(2):
        with published():
            filling.write(200)
    with published():
        assert all_published(client, store) == 400
    with published():
        until(lambda: relay_standing(store).holders[0].state == "publishing", "it begins again")
        filling.write(1)
        assert all_published(client, store) == 401


def test_what_kafka_left_half_done_of_a_transaction_is_made_whole(
    store: Recorder, client: Client, published: Relaying
) -> None:
    """As a broker leaves it that forgot to end a transaction on partitions without a leader."""
    filling = Filling(store)
    filling.write(200)
    with published():
        all_published(client, store)
    filling.write(100)
    producer = client.producer(layout.transactional_id(0))
    producer.init()
    producer.begin()
    producer.send(half_of(store, 200))
    producer.commit()
    producer.close()
    mending.mark(store, range(PARTITIONS))
    with published():
        assert all_published(client, store) == 300
        filling.write(50)
        assert all_published(client, store) == 350
    assert not mending.is_due(store, range(PARTITIONS))


def half_of(store: Recorder, after: int) -> list[Outgoing]:
    """Make records of what was stored after a position, for half of the topics and partitions."""
    before = store.read(0, after)
    lasts = {each.partition: each for each in before}
    records: list[Outgoing] = []
    source = source_of(store.store_id())
    for each in store.read(after, 1_000):
        if (list(EVENT_CLASSES).index(each.topic) + each.partition) % 2:
            records.append(to_record(each, lasts[each.partition].position, source))
        lasts[each.partition] = each
    for partition in (0, 3):  # of these it was told that they are published
        last = lasts[partition]
        event_id = heading(last.state).event_id
        records.append(
            progress.to_record(Progress(store.store_id(), partition, last.position, event_id))
        )
    return records
