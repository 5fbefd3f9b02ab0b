"""How the relay stands, and what holds it up, is told."""

from datetime import UTC, datetime, timedelta

import pytest

from services.bus import topics
from services.bus.client import Client, Outgoing, TopicPartition
from services.bus.settings import BusSettings
from services.bus.standing import relay_standing
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.relaying import PARTITIONS, Filling, Relaying, all_published, said

pytestmark = pytest.mark.usefixtures("topics_anew")


def test_what_is_told_of_the_relay_is_how_it_stands(
    store: Recorder, client: Client, published: Relaying
) -> None:
    filling = Filling(store)
    filling.write(50)
    standing = relay_standing(store)
    assert (standing.lag, standing.holders) == (50, ())
    assert "nobody publishes slot 0" in str(standing.problem(datetime.now(UTC)))
    with published():
        all_published(client, store)
        until(lambda: relay_standing(store).lag == 0, "it is told to be up to date")
        standing = relay_standing(store)
        assert (standing.published, standing.slots) == (50, 1)
        assert standing.problem(datetime.now(UTC)) is None
        assert "nobody" in str(standing.problem(datetime.now(UTC) + timedelta(minutes=1)))
        filling.write(25)
        until(lambda: relay_standing(store).published == 75, "what was published is told")
    assert relay_standing(store).holders[0].state == "ended"
    assert "nobody publishes slot 0" in str(relay_standing(store).problem(datetime.now(UTC)))
    filling.write(5)
    assert relay_standing(store).lag == 5


def test_what_is_published_anew_is_told_from_its_beginning(
    store: Recorder, kafka: str, client: Client, published: Relaying
) -> None:
    from tests.integration.bus.publishing import delete_topics

    Filling(store).write(50)
    with published():
        all_published(client, store)
    delete_topics(kafka)
    with published():
        until(lambda: relay_standing(store).holders[0].state == "publishing", "it begins")
        assert all_published(client, store) == 50


def test_a_transaction_of_somebody_else_that_does_not_end_is_said_to_hold_it_up(
    store: Recorder, client: Client, settings: BusSettings, published: Relaying
) -> None:
    topics.create(client.admin(), PARTITIONS, settings)
    other = client.producer("somebody-else")
    other.init()
    other.begin()
    where = TopicPartition("vote.cast", 0)
    other.send([Outgoing(*where, b"", b"", [])])
    until(lambda: client.admin().last_offsets([where])[where] > 0, "its record is there")
    Filling(store).write(20)
    with published():
        until(lambda: said(store), "it says so")
        assert "a transaction on vote.cast, partition 0, does not end" in said(store)
        other.close()
        assert all_published(client, store) == 20
