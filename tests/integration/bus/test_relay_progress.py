"""How far the relay is, as Kafka has it, whatever else is there."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import kafka as kafka_python
import pytest
from kafka.admin import ConfigResource, KafkaAdminClient

from services.bus import topics
from services.bus.client import Client, NewTopic, Outgoing, TopicPartition
from services.bus.connect import client as client_of
from services.bus.errors import ForeignHistory
from services.bus.relay import Relay, layout, progress
from services.bus.relay.progress import Progress
from services.bus.settings import BusSettings
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.relaying import PARTITIONS, Filling, Relaying, all_published, said

LASTS_MS = 90_000
"""A transaction that nobody ends."""

pytestmark = pytest.mark.usefixtures("topics_anew")


def told(position: int, partition: int = 1) -> Outgoing:
    return progress.to_record(Progress("store", partition, position, f"event-{position}"))


def publish(client: Client, *records: Outgoing, commit: bool = True) -> None:
    producer = client.producer("test-relay")
    producer.init()
    producer.begin()
    producer.send(records)
    if commit:
        producer.commit()
    else:
        until(lambda: end_of(client, records[0].partition) >= len(records), "they are there")
    producer.close()


def end_of(client: Client, partition: int) -> int:
    where = TopicPartition(topics.RELAY, partition)
    return client.admin().last_offsets([where])[where]


def read(client: Client) -> dict[int, int]:
    """Return the position of every partition that has one."""
    found = progress.read(client.admin(), client.consumer(), range(PARTITIONS), settled=True)
    return {partition: each.position for partition, each in found.items()}


def test_progress_is_found_however_much_of_no_account_came_after_it(
    client: Client, settings: BusSettings
) -> None:
    topics.create(client.admin(), PARTITIONS, settings)
    assert read(client) == {}
    publish(client, told(5), told(7), told(3, partition=3))
    assert read(client) == {1: 7, 3: 3}
    publish(client, *(told(position) for position in range(100, 5_100)), commit=False)
    publish(client, *(told(position, 2) for position in range(100, 300)), commit=False)
    publish(client, told(4, partition=3))
    assert end_of(client, 1) > 5_000
    assert read(client) == {1: 7, 3: 4}  # partition 2 has records, and none was committed


def test_progress_is_found_in_a_topic_that_was_compacted(kafka: str) -> None:
    every = [client_of(kafka, BusSettings(client=name)) for name in ("kafka-python", "librdkafka")]
    quick = {
        "cleanup.policy": "compact",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "delete.retention.ms": "0",
    }
    admin = every[0].admin()
    admin.create([NewTopic(topics.RELAY, PARTITIONS, -1, quick)])
    producer = every[0].producer("test-relay")
    producer.init()
    for position in range(1, 41):
        producer.begin()
        producer.send([told(position), told(position + 1_000, partition=2)])
        producer.commit()
        time.sleep(0.02)
    producer.close()
    with compacting_often(kafka):
        until(lambda: kept(kafka) < 40, "it is compacted")
    for client in every:
        assert read(client) == {1: 40, 2: 1_040}
    publish(every[0], told(41))
    for client in every:
        assert read(client) == {1: 41, 2: 1_040}
    admin.close()


@contextmanager
def compacting_often(bootstrap: str) -> Iterator[None]:
    """Have the brokers look for what to compact again and again, not every 15 s only."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    brokers = [str(each["broker_id"]) for each in admin.describe_cluster()["brokers"]]

    def look_every(ms: str) -> None:
        setting = {"log.cleaner.backoff.ms": ms}
        admin.alter_configs([ConfigResource("BROKER", each, setting) for each in brokers])

    look_every("100")
    try:
        yield
    finally:
        look_every("15000")
        admin.close()


def kept(bootstrap: str) -> int:
    """Count the records of one partition that compaction has left."""
    consumer = kafka_python.KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    where = kafka_python.TopicPartition(topics.RELAY, 1)
    consumer.assign([where])
    consumer.seek_to_beginning()
    end, count = consumer.end_offsets([where])[where], 0
    while consumer.position(where) < end:
        count += sum(map(len, consumer.poll(500).values()))
    consumer.close()
    return count


def test_a_progress_record_that_is_not_ours_is_said_to_be_so(
    client: Client, settings: BusSettings, store: Recorder, relay: Relay, published: Relaying
) -> None:
    topics.create(client.admin(), PARTITIONS, settings)
    publish(client, Outgoing(topics.RELAY, 0, b"0", b"by somebody else", []))
    Filling(store).write(10)
    with pytest.raises(ForeignHistory, match=r"offset 0 of perpetua\.relay, partition 0"):
        relay.check()
    with published():
        until(lambda: "offset 0 of perpetua.relay" in said(store), "it says so")


def test_a_transaction_that_was_left_open_holds_nobody_up(
    store: Recorder,
    kafka: str,
    open_client: Callable[[str, BusSettings], Client],
    client: Client,
    settings: BusSettings,
    relay: Relay,
    published: Relaying,
) -> None:
    topics.create(client.admin(), PARTITIONS, settings)
    patient = settings.model_copy(update={"transaction_timeout_ms": LASTS_MS})
    killed = open_client(kafka, patient).producer(layout.transactional_id(0))
    killed.init()
    killed.begin()
    killed.send([told(7, partition) for partition in range(PARTITIONS)])
    until(lambda: end_of(client, PARTITIONS - 1) > 0, "its records are there")
    killed.close()
    Filling(store).write(20)
    began = time.monotonic()
    assert relay.check() == []
    with published():
        assert all_published(client, store) == 20
    assert time.monotonic() - began < LASTS_MS / 1_000
