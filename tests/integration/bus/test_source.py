"""Kafka as a source of events: each partition in the store's order, whole, each event once."""

import pytest

from domain.ports import Checkpoint
from projections import totals
from projections.view import View
from services.bus.client import Client, TopicPartition
from services.bus.connect import client as client_of
from services.bus.settings import BusSettings
from services.bus.source import KafkaSource
from services.bus.source.merge import WAITING_BYTES, WAITING_EVENTS
from services.store.migrate import migrate
from services.store.reading import BATCH_BYTES
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.bus.publishing import delete_topics
from tests.integration.bus.relaying import PARTITIONS, Filling, relaying
from tests.integration.bus.sourcing import (
    OpenReader,
    make_topics,
    publish,
    read,
    records,
    some,
    stored,
)
from tests.integration.views.keeping import (
    Keeper,
    from_kafka,
    keeping,
    last,
    projected,
    rows,
    stands,
    until_taken_in,
)
from tests.unit.projections.given import History

__all__ = ["read"]

pytestmark = pytest.mark.usefixtures("topics_anew")


def test_what_the_relay_publishes_is_handed_out_as_the_store_has_it(
    empty_database: str, client: Client, settings: BusSettings, read: OpenReader
) -> None:
    migrate(empty_database, PARTITIONS)
    make_topics(client)
    with Recorder(empty_database, poll_seconds=0.5) as store:
        filling, reader = Filling(store), read()
        filling.write(2_000)
        with relaying(store, empty_database, client, settings):
            with filling.under_way():
                reader.take_until(lambda: len(reader.taken[0]) > 600, "some of it")
            reader.take_all(store.read(0, 1_000_000))
        assert not reader.broken
        assert len({e.topic for events in reader.taken.values() for e in events}) > 10


def test_a_reader_goes_on_from_its_checkpoint_or_from_a_position_alone(
    client: Client, read: OpenReader
) -> None:
    events = some()
    half = len(events) // 2
    made = records(events)
    publish(client, [made[each.position] for each in events[:half]])
    first = read()
    first.take_all(events[:half])
    first.source.close()
    publish(client, [made[each.position] for each in events[half:]])
    marked = read(first.checkpoints)
    assert all(each.marks for each in first.checkpoints.values())
    marked.take_all(events[half:])
    taken_over = read(dict.fromkeys(range(PARTITIONS), Checkpoint(half)))
    taken_over.take_all(events[half:])
    assert [each.position for each in taken_over.checkpoints.values()] == [
        each.position for each in marked.checkpoints.values()
    ]


@pytest.mark.parametrize(("count", "size"), [(12_000, 1), (400, 100_000)])
def test_topics_that_run_ahead_are_held_back_and_go_on_when_what_they_wait_for_comes(
    client: Client, kafka: str, settings: BusSettings, read: OpenReader, count: int, size: int
) -> None:
    history = History().spawned("a")
    while len(history.recorded) < count:
        history.thought("a").supposed("a")
    events = stored(history, padding="x" * size)
    [late, *others] = records(events).values()
    make_topics(client)
    patient = settings.model_copy(update={"transaction_timeout_ms": 60_000})
    holder = client_of(kafka, patient).producer("test-holder")
    holder.init()
    holder.begin()
    holder.send([late])  # is on its topic, and can't be read before it is committed
    where = TopicPartition(late.topic, late.partition)
    admin = client.admin()
    while not admin.last_offsets([where])[where]:
        pass
    for first in range(0, len(others), max(1, len(others) // 8)):
        publish(client, others[first : first + max(1, len(others) // 8)])

    reader = read()
    reader.take_until(
        lambda: reader.most_waiting[0] > min(WAITING_EVENTS, count // 10), "much of it waits"
    )
    reader.go_on(1)
    most, most_bytes = reader.most_waiting
    assert not any(reader.taken.values())
    assert not reader.broken
    assert most <= WAITING_EVENTS + 2_000
    assert most_bytes <= WAITING_BYTES + 2 * BATCH_BYTES
    assert most < count - 1  # it was held back
    holder.commit()
    holder.close()
    reader.take_all(events)


def test_a_reader_goes_on_when_all_was_published_anew_with_other_offsets(
    client: Client, kafka: str, read: OpenReader
) -> None:
    events = some()
    half = len(events) // 2
    made = records(events)
    for first in range(0, half, 60):  # every transaction leaves a marker, which has an offset
        publish(client, [made[each.position] for each in events[first : min(half, first + 60)]])
    reader = read()
    reader.take_all(events[:half])
    reader.source.close()
    delete_topics(kafka)
    publish(client, made.values())
    again = read(reader.checkpoints)
    again.take_all(events[half:])
    assert not again.broken


def test_members_share_partitions_and_when_they_come_and_go_nothing_is_lost_or_doubled(
    empty_database: str, database: str, client: Client, settings: BusSettings
) -> None:
    migrate(empty_database, PARTITIONS)
    make_topics(client)
    view = totals.VIEW  # it sums: what is taken in twice shows
    with Recorder(empty_database, poll_seconds=0.5) as store:
        filling = Filling(store)
        filling.write(500)
        with relaying(store, empty_database, client, settings), filling.under_way(0.1):
            source = from_kafka(client)
            with keeping(empty_database, view, source) as stays:
                until(lambda: shares(stays) == [{0, 1, 2, 3}], "one member has all")
                with keeping(empty_database, view, source) as comes:
                    until(lambda: sorted(map(len, shares(stays, comes))) == [2, 2], "shared")
                    assert set().union(*shares(stays, comes)) == {0, 1, 2, 3}
                    until_moved(empty_database, view, store)
                until(lambda: shares(stays) == [{0, 1, 2, 3}], "it left, one has all")
                until_moved(empty_database, view, store)
        with (
            relaying(store, empty_database, client, settings),
            keeping(empty_database, view, source),
        ):
            until_taken_in(empty_database, view, store)
        assert all(error is None for *_, error in stands(empty_database, view).values())
        assert rows(empty_database, view) == projected(store, database, view)


def shares(*keepers: Keeper) -> list[set[int]]:
    return [
        set(each.source.partitions) if isinstance(each.source, KafkaSource) else set()
        for each in keepers
    ]


def until_moved(database: str, view: View, store: Recorder) -> None:
    """Wait until every partition has taken in what is stored now."""
    now = {partition: last(store, partition) for partition in range(PARTITIONS)}
    until(
        lambda: all(at >= now[number] for number, (at, *_) in stands(database, view).items()),
        "every partition is moved on",
        30,
    )
