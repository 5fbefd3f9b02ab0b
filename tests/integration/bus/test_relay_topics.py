"""The topics of the relay: made as they must be, and refused if they are not."""

import pytest

from services.bus import topics
from services.bus.client import Client, NewTopic
from services.bus.errors import TopicsUnfit
from services.bus.relay import Relay
from services.bus.settings import BusSettings
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.relaying import PARTITIONS, Filling, on_kafka, relaying, said

pytestmark = pytest.mark.usefixtures("topics_anew")


def test_missing_topics_are_made_as_they_must_be(
    kafka: str, client: Client, settings: BusSettings, relay: Relay
) -> None:
    admin = client.admin()
    missing = [each.name for each in topics.wanted(PARTITIONS)]
    assert [each.topic for each in topics.check(admin, PARTITIONS)] == missing
    assert topics.create(admin, PARTITIONS, settings) == missing
    assert topics.create(admin, PARTITIONS, settings) == []
    assert topics.check(admin, PARTITIONS) == []
    assert relay.check() == []
    until(lambda: topics.check(admin, PARTITIONS) == [], "the brokers agree")


def test_topics_that_are_unfit_or_may_not_be_made_are_refused(
    store: Recorder, empty_database: str, kafka: str, client: Client, settings: BusSettings
) -> None:
    strict = settings.model_copy(update={"create_topics": False})
    relay = Relay(store, empty_database, client, strict, PARTITIONS)
    with pytest.raises(TopicsUnfit, match=r"is missing \(and \d+ more\): make it with"):
        relay.check()
    client.admin().create(
        [NewTopic("vote.cast", PARTITIONS, -1, {"cleanup.policy": "compact"})],
    )
    made = Relay(store, empty_database, client, settings, PARTITIONS)
    with pytest.raises(TopicsUnfit, match=r"topic vote\.cast is compacted"):
        made.check()
    Filling(store).write(100)
    with relaying(store, empty_database, client, settings):
        until(lambda: "vote.cast is compacted" in said(store), "it says so")
    assert not any(on_kafka(kafka).values())


def test_a_topic_that_forgets_is_published_to_and_said_to_forget(
    store: Recorder, kafka: str, client: Client, settings: BusSettings, relay: Relay
) -> None:
    day = {"retention.ms": "86400000"}
    client.admin().create([NewTopic("thought.generated", PARTITIONS, -1, day)])
    [note] = relay.check()
    assert note.topic == "thought.generated"
    assert not note.fatal
    assert "24.0 hours" in note.message
