"""What is wrong with a history on Kafka is found, and what is not wrong goes on."""

import pytest
from kafka import TopicPartition as KafkaTopicPartition
from kafka.admin import KafkaAdminClient

from domain.events import EVENT_CLASSES
from services.bus.client import Client, Outgoing, TopicPartition
from services.bus.errors import BrokenHistory, ForeignHistory, HistoryDoubled, HistoryMissing
from tests.integration.bus.relaying import PARTITIONS
from tests.integration.bus.sourcing import (
    OpenReader,
    by_partition,
    make_topics,
    publish,
    read,
    records,
    some,
    stored,
)
from tests.unit.projections.given import History

__all__ = ["read"]

pytestmark = pytest.mark.usefixtures("topics_anew")

SOON_SECS = 30.0


def all_but(partition: int) -> list[int]:
    return [number for number in range(PARTITIONS) if number != partition]


def test_events_that_are_not_there_are_missed_soon_and_only_their_partitions_are_left(
    client: Client, read: OpenReader
) -> None:
    events = some()
    whole = by_partition(events)
    places = {1: 0, 2: len(whole[2]) // 2, 3: len(whole[3]) - 2}
    gone = {number: whole[number][place].position for number, place in places.items()}
    made = records(events)
    publish(client, [made[each.position] for each in events if each.position not in gone.values()])
    reader = read()
    reader.take_until(lambda: len(reader.broken) == len(gone), "all are missed", SOON_SECS)
    expected = whole | {number: whole[number][:place] for number, place in places.items()}
    for number, place in places.items():
        last = expected[number][-1].position if expected[number] else 0
        behind = whole[number][place + 1].position
        assert isinstance(reader.broken[number], HistoryMissing)
        assert f"between the positions {last} and {behind}" in str(reader.broken[number])
    reader.take_until(lambda: reader.taken == expected, "the other goes on")
    reader.go_on(0.5)
    assert reader.taken == expected
    assert reader.broken.keys() == gone.keys()


@pytest.mark.parametrize("at_once", [True, False])
def test_an_event_that_is_there_twice_is_found_and_only_its_partition_is_left(
    client: Client, read: OpenReader, at_once: bool
) -> None:
    events = some()
    own = by_partition(events)[2]
    doubled = own[len(own) // 2]
    made = records(events)
    make_topics(client)
    reader = read()
    if at_once:
        again = [made[doubled.position]] * 2
        publish(client, [e for p, each in made.items()
                         for e in (again if p == doubled.position else [each])])  # fmt: skip
    else:
        publish(client, made.values())
        reader.take_all(events)
        publish(client, [made[doubled.position]])
    reader.take_until(lambda: bool(reader.broken), "it is found", SOON_SECS)
    assert list(reader.broken) == [2]
    assert isinstance(reader.broken[2], HistoryDoubled)
    others = {number: by_partition(events)[number] for number in all_but(2)}
    reader.take_until(
        lambda: {n: reader.taken[n] for n in all_but(2)} == others, "the others go on"
    )
    assert reader.taken[2] == own[: len(reader.taken[2])]


@pytest.mark.parametrize(
    "headers", [[], [("ce_source", b"/perpetua/a-store"), ("ce_position", b"x")]]
)
def test_a_record_that_nobody_of_ours_wrote_is_named_and_only_its_partition_is_left(
    client: Client, read: OpenReader, headers: list[tuple[str, bytes]]
) -> None:
    events = some()
    publish(client, records(events).values())
    reader = read()
    reader.take_all(events)
    publish(client, [Outgoing("thought.generated", 3, b"key", b"by somebody else", headers)])
    reader.take_until(lambda: bool(reader.broken), "it is found", SOON_SECS)
    assert list(reader.broken) == [3]
    assert isinstance(reader.broken[3], BrokenHistory)
    assert "of thought.generated, partition 3" in str(reader.broken[3])
    late = read()
    late.take_until(lambda: bool(late.broken), "it is found by another", SOON_SECS)
    late.take_until(
        lambda: all(late.taken[n] == reader.taken[n] for n in all_but(3)), "the others go on"
    )


def test_topics_whose_first_events_were_deleted_say_so_unless_they_were_taken_in_before(
    client: Client, kafka: str, read: OpenReader
) -> None:
    events = some()
    half = len(events) // 2
    made = records(events)
    publish(client, [made[each.position] for each in events[:half]])
    early = read()
    early.take_all(events[:half])
    early.source.close()
    delete_up_to_now(client, kafka, 0)
    publish(client, [made[each.position] for each in events[half:]])
    late = read()
    late.take_until(lambda: bool(late.broken), "it is missed", SOON_SECS)
    assert "lacks an event between the positions 0 and" in str(late.broken[0])
    expected = by_partition(events) | {0: []}
    late.take_until(lambda: late.taken == expected, "the others go on")
    goes_on = read(early.checkpoints)
    goes_on.take_all(events[half:])


def delete_up_to_now(client: Client, bootstrap: str, partition: int) -> None:
    """Delete all that one partition of every event topic has."""
    ends = client.admin().last_offsets([TopicPartition(each, partition) for each in EVENT_CLASSES])
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.delete_records({KafkaTopicPartition(*each): end for each, end in ends.items() if end})
    admin.close()


def test_the_events_of_another_store_are_not_handed_out(client: Client, read: OpenReader) -> None:
    def belongs(source: str) -> None:
        if source != "/perpetua/a-store":
            raise ForeignHistory(f"these are of {source}", "take the right ones")

    events = some()
    publish(client, records(events).values())
    reader = read(belongs=belongs)
    reader.take_all(events)
    history = History().spawned("b", "swarm-0")
    [foreign] = stored(history)
    publish(client, records([foreign], "another").values())
    reader.take_until(lambda: bool(reader.broken), "it is found", SOON_SECS)
    assert list(reader.broken) == [foreign.partition]
    assert "these are of /perpetua/another" in str(reader.broken[foreign.partition])
    assert reader.taken == by_partition(events)
