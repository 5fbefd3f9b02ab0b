"""What we need of a Kafka client holds for every client: transactions."""

from collections.abc import Callable
from time import monotonic
from uuid import uuid4

import pytest

from services.bus.client import Client, Outgoing, TopicPartition
from services.bus.errors import BusError, BusUnavailable, ProducerFenced
from services.bus.settings import BusSettings
from tests.integration.bus.clients import (
    PATIENCE_SECS,
    every_client,
    numbered,
    numbers,
    publish,
    read,
    read_to,
)
from tests.integration.bus.refusing import refusing

pytestmark = every_client


def test_what_was_not_committed_is_never_read_and_position_passes_over_it(
    client: Client, topics: list[str]
) -> None:
    where, other = TopicPartition(topics[0], 1), TopicPartition(topics[0], 2)
    name = uuid4().hex
    committed, abandoned = client.producer(name), client.producer(name)
    committed.init()
    committed.begin()
    committed.send(numbered(topics[0], [1, 2], partition=1))
    committed.commit()
    committed.close()
    abandoned.init()
    abandoned.begin()
    abandoned.send(numbered(topics[0], [3, 4], partition=1))
    read_uncommitted_end(client, where, 5)
    abandoned.close()
    client.producer(name).init()
    ends = client.admin().last_offsets([where, other])
    assert ends == {where: 6, other: 0}  # 2 records, their marker, 2 records, their marker
    consumer = client.consumer()
    consumer.assign({where: 0, other: 0})
    assert numbers(read_to(consumer, ends)) == [1, 2]
    publish(client, numbered(topics[0], [5], partition=1))
    assert numbers(read_to(consumer, client.admin().last_offsets([where]))) == [5]


def read_uncommitted_end(client: Client, where: TopicPartition, end: int) -> None:
    """Wait until records that are under way have arrived."""
    admin, deadline = client.admin(), monotonic() + PATIENCE_SECS
    while admin.last_offsets([where])[where] < end:
        assert monotonic() < deadline


def test_a_producer_that_is_closed_early_commits_nothing(client: Client, topics: list[str]) -> None:
    name, where = uuid4().hex, TopicPartition(topics[0], 0)
    producer = client.producer(name)
    producer.init()
    producer.begin()
    producer.send(numbered(topics[0], range(10_000)))
    began = monotonic()
    producer.close()
    producer.close()
    assert monotonic() - began < 5
    client.producer(name).init()
    consumer = client.consumer()
    consumer.assign({where: 0})
    assert read_to(consumer, client.admin().last_offsets([where])) == []


def test_a_transaction_whose_first_batch_is_refused_is_committed_whole_or_not_at_all(
    kafka: str,
    settings: BusSettings,
    client: Client,
    open_client: Callable[[str, BusSettings], Client],
    topics: list[str],
) -> None:
    sent = [Outgoing(topics[0], 0, b"key", digit * 600_000, []) for digit in (b"1", b"2")]
    with refusing(kafka) as address:
        try:
            publish(open_client(address, settings), sent)
        except BusUnavailable:
            sent = []
    consumer = client.consumer()
    consumer.assign({TopicPartition(topics[0], 0): 0})
    found = read_to(consumer, client.admin().last_offsets([TopicPartition(topics[0], 0)]))
    assert [record.value for record in found] == [record.value for record in sent]


def test_who_holds_the_id_last_fences_the_others(client: Client, topics: list[str]) -> None:
    name = uuid4().hex
    first = client.producer(name)
    first.init()
    first.begin()
    first.send(numbered(topics[0], [1]))
    second = client.producer(name)
    second.init()
    with pytest.raises(BusError):  # now and then kafka-python tells only that it can't go on
        first.send(numbered(topics[0], [2]))
        first.commit()
    with pytest.raises(BusError):
        first.begin()
    first.close()
    second.begin()
    second.send(numbered(topics[0], [3]))
    second.commit()
    consumer = client.consumer()
    consumer.assign({TopicPartition(topics[0], 0): 0})
    assert numbers(read(consumer, 1)) == [3]


def test_a_producer_between_transactions_is_fenced_too(client: Client, topics: list[str]) -> None:
    name = uuid4().hex
    first = client.producer(name)
    first.init()
    first.begin()
    first.send(numbered(topics[0], [1]))
    first.commit()
    client.producer(name).init()
    with pytest.raises(ProducerFenced):
        first.begin()
        first.send(numbered(topics[0], [2]))
        first.commit()


def test_nothing_is_written_on_standard_error(
    client: Client, topics: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    name = uuid4().hex
    fenced = client.producer(name)
    fenced.init()
    fenced.begin()
    fenced.send(numbered(topics[0], [1]))
    client.producer(name).init()
    with pytest.raises(ProducerFenced):
        fenced.commit()
    fenced.close()
    consumer = client.consumer(uuid4().hex)
    consumer.subscribe(topics)
    consumer.poll(0.2, 1)
    consumer.close()
    assert capfd.readouterr().err == ""
