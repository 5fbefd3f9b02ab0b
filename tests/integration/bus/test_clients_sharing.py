"""What we need of a Kafka client holds for every client: sharing partitions in a group."""

from collections.abc import Callable, Collection, Iterator, Sequence
from time import monotonic, sleep
from typing import Protocol
from uuid import uuid4

import pytest

from services.bus.client import Client, Outgoing, TopicPartition
from services.bus.settings import BusSettings
from tests.integration.bus.clients import every_client
from tests.integration.bus.member import Member

pytestmark = every_client

PATIENCE_SECS = 45.0
SESSION_MS = 90_000
PARTITIONS = range(4)


def every(topics: Sequence[str], partitions: Collection[int] = PARTITIONS) -> set[TopicPartition]:
    return {TopicPartition(topic, number) for topic in topics for number in partitions}


def publish(client: Client, topics: Sequence[str], numbers: Sequence[int]) -> None:
    """Publish the same numbers on every partition of every topic, in one transaction."""
    producer = client.producer(uuid4().hex)
    producer.init()
    producer.begin()
    producer.send(
        [
            Outgoing(topic, partition, None, str(number).encode(), [])
            for topic, partition in every(topics)
            for number in numbers
        ]
    )
    producer.commit()
    producer.close()


@pytest.fixture
def client(
    kafka: str, settings: BusSettings, open_client: Callable[[str, BusSettings], Client]
) -> Client:
    """A client whose sessions last longer than any test of ours waits."""
    patient = settings.model_copy(update={"session_timeout_ms": SESSION_MS})
    return open_client(kafka, patient)


class Join(Protocol):
    """Makes a member of a group."""

    def __call__(self, group: str, **pace: float) -> Member: ...


@pytest.fixture
def join(client: Client, topics: list[str]) -> Iterator[Join]:
    """Makes members of a group on the topics; they end with the test."""
    members: list[Member] = []

    def join(group: str, **pace: float) -> Member:
        members.append(Member(client, group, topics, **pace))
        return members[-1]

    yield join
    for member in members:
        member.stop()


def until(reached: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_SECS
    while not reached():
        assert monotonic() < deadline
        sleep(0.02)


def test_members_share_partitions_by_number_across_topics(join: Join, topics: list[str]) -> None:
    group = uuid4().hex
    members = [join(group) for _ in range(3)]
    until(lambda: sorted(each.shares() for each in members) == [1, 1, 2])
    shares = [each.consumer.assigned() for each in members]
    assert frozenset().union(*shares) == every(topics)
    assert all(share == every(topics, {each.partition for each in share}) for share in shares)


def test_nothing_is_read_before_it_is_started_and_then_from_where_it_was_told(
    client: Client, join: Join, topics: list[str]
) -> None:
    publish(client, topics, range(20))
    member = join(uuid4().hex)
    until(lambda: member.shares() == 4)
    sleep(0.5)
    assert not any(member.numbers(each) for each in every(topics))
    some, others = every(topics[:2]), every(topics[2:])
    member.start({each: 5 + each.partition for each in some})
    until(lambda: all(19 in member.numbers(each) for each in some))
    sleep(0.3)
    assert all(member.numbers(each) == list(range(5 + each.partition, 20)) for each in some)
    with member.quiet() as consumer:
        assert consumer.waiting() == others
    member.start(dict.fromkeys(others, 19))
    until(lambda: all(member.numbers(each) == [19] for each in others))


def test_what_a_member_keeps_waits_too_when_another_joins(
    client: Client, join: Join, topics: list[str]
) -> None:
    group = uuid4().hex
    publish(client, topics, range(10))
    stays = join(group)
    until(lambda: stays.shares() == 4)
    stays.start()
    until(lambda: all(len(stays.numbers(each)) == 10 for each in every(topics)))
    joins = join(group)
    until(lambda: stays.shares() == 2 and joins.shares() == 2)
    publish(client, topics, range(10, 20))
    sleep(0.5)
    assert all(len(stays.numbers(each)) == 10 for each in every(topics))
    kept = stays.consumer.assigned()
    stays.start(dict.fromkeys(kept, 8))
    again = [*range(10), 8, 9, *range(10, 20)]
    until(lambda: all(len(stays.numbers(each)) >= len(again) - 1 for each in kept))
    assert all(stays.numbers(each)[:12] == again[:12] for each in kept)
    assert not any(joins.numbers(each) for each in every(topics))


def test_when_a_member_leaves_the_other_gets_all_and_nothing_is_lost(
    client: Client, join: Join, topics: list[str]
) -> None:
    group = uuid4().hex
    publish(client, topics, range(50))
    stays, leaves = join(group), join(group)
    until(lambda: stays.shares() == 2 and leaves.shares() == 2)
    for member in (stays, leaves):
        member.start()
    until(lambda: any(leaves.numbers(each) for each in every(topics)))
    leaves.stop()
    leaves.consumer.close()
    until(lambda: stays.shares() == 4)  # it left; its session did not have to run out
    done = {each: leaves.numbers(each) + stays.numbers(each) for each in every(topics)}
    stays.start({each: len(numbers) for each, numbers in done.items()})
    until(lambda: all(49 in stays.numbers(each) + done[each] for each in done))
    for each in done:
        assert leaves.numbers(each) + stays.numbers(each) == list(range(50))


def test_members_that_are_busy_between_short_polls_settle_all_the_same(join: Join) -> None:
    group = uuid4().hex
    one, two = join(group, poll_secs=0, busy_secs=0.1), join(group, poll_secs=0, busy_secs=0.1)
    until(lambda: one.shares() == 2 and two.shares() == 2)


def test_a_group_goes_on_where_a_transaction_said(
    client: Client, join: Join, topics: list[str]
) -> None:
    group, name, said = uuid4().hex, uuid4().hex, TopicPartition(topics[0], 1)
    publish(client, topics, range(5))
    member = join(group)
    until(lambda: member.shares() == 4)
    producer = client.producer(name)
    producer.init()
    with member.quiet() as consumer:
        assert consumer.committed(every(topics)) == {}
        producer.begin()
        producer.send([Outgoing(topics[0], 0, None, b"5", [])])
        producer.send_offsets({said: 3}, consumer)
        producer.commit()
        assert consumer.committed(every(topics)) == {said: 3}
        producer.begin()
        producer.send_offsets({said: 4}, consumer)
        producer.close()
        client.producer(name).init()
        assert consumer.committed([said]) == {said: 3}
