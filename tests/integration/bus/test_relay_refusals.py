"""What the relay does not publish to: a history on Kafka that is not this store's."""

import psycopg
import pytest
from kafka.admin import KafkaAdminClient

from services.bus import topics
from services.bus.client import Client
from services.bus.errors import ForeignHistory
from services.bus.relay import Relay
from services.bus.settings import BusSettings
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.relaying import (
    PARTITIONS,
    Filling,
    Relaying,
    all_published,
    on_kafka,
    relaying,
    said,
)

pytestmark = pytest.mark.usefixtures("topics_anew")


def test_the_topics_of_another_store_are_refused_and_left_as_they_are(
    store: Recorder,
    postgres: str,
    template: str,
    database: str,
    client: Client,
    settings: BusSettings,
    published: Relaying,
) -> None:
    filling = Filling(store)
    filling.write(100)
    with published():
        all_published(client, store)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("update meta set value = '4' where name = 'partitions'")
        with Recorder(database) as other:
            Filling(other).write(200)
            foreign = Relay(other, database, client, settings, PARTITIONS)
            with pytest.raises(ForeignHistory, match="hold the events of the store"):
                foreign.check()
            with relaying(other, database, client, settings):
                until(lambda: said(other), "it says so")
                assert "use the store they came from" in said(other)
                filling.write(100)
                assert all_published(client, store) == 200  # the right one is not disturbed


def test_a_store_restored_from_an_older_copy_publishes_nothing(
    store: Recorder,
    empty_database: str,
    client: Client,
    settings: BusSettings,
    kafka: str,
    published: Relaying,
) -> None:
    Filling(store).write(300)
    with published():
        all_published(client, store)
    store.close()
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("delete from events where position > 250")
    before = on_kafka(kafka)
    with Recorder(empty_database) as restored:
        relay = Relay(restored, empty_database, client, settings, PARTITIONS)
        with pytest.raises(ForeignHistory, match="that the store has not"):
            relay.check()
        Filling(restored, "after").write(200)  # other events at the positions Kafka has
        with pytest.raises(ForeignHistory, match="restored from an older copy"):
            relay.check()
        with relaying(restored, empty_database, client, settings):
            until(lambda: said(restored), "it says so")
            assert "restore the newest copy" in said(restored)
    assert on_kafka(kafka) == before


def test_events_of_which_nobody_knows_how_far_they_go_are_not_published_again(
    store: Recorder, client: Client, kafka: str, relay: Relay, published: Relaying
) -> None:
    Filling(store).write(300)
    with published():
        all_published(client, store)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_topics([topics.RELAY])
    until(lambda: topics.RELAY not in admin.list_topics(), "it is gone")
    admin.close()
    with pytest.raises(ForeignHistory, match="would be published twice"):
        relay.check()
    with published():
        until(lambda: said(store), "it says so")
        assert "delete all topics and publish anew" in said(store)
    assert all_published(client, store) == 300
