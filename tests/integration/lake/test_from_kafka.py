"""The lake from Kafka is the lake from the store, row for row."""

from pathlib import Path

import pytest

from services.bus.connect import client as client_of
from services.bus.settings import BusSettings
from services.bus.standing import relay_standing
from services.lake.sources import FromKafka, FromStore
from services.store.migrate import migrate
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.relaying import PARTITIONS, Filling, relaying
from tests.integration.bus.sourcing import make_topics
from tests.integration.lake.telling import every_event, expected, exported, manifest_of, rows


@pytest.mark.usefixtures("topics_anew", "quick_disk")
def test_exported_from_kafka_in_steps_it_equals_the_store(
    tmp_path: Path, empty_database: str, kafka: str
) -> None:
    migrate(empty_database, PARTITIONS)
    settings = BusSettings()
    client = client_of(kafka, settings)
    make_topics(client)
    lake = tmp_path / "from-kafka"
    with Recorder(empty_database, poll_seconds=0.5) as store:
        filling = Filling(store, seed=1)
        for count in (120, 80):
            filling.write(count)
            with relaying(store, empty_database, client, settings):
                until(lambda: relay_standing(store).lag == 0, "all is published")
            exported(lake, FromKafka.now(kafka, settings))
            assert rows(lake) == expected(every_event(store))
        assert all(at.marks for at in manifest_of(lake).partitions.values())
        other = tmp_path / "from-store"
        exported(other, FromStore.now(empty_database, store, PARTITIONS))
        assert rows(other) == rows(lake)
        # the one goes on where the other was: positions are the same, marks are found anew
        filling.write(20)
        exported(lake, FromStore.now(empty_database, store, PARTITIONS))
        assert rows(lake) == expected(every_event(store))
