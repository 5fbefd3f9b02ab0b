"""What we need of a Kafka client holds for every client: a broker that is away is said in time."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import active_count
from time import monotonic
from typing import Any
from uuid import uuid4

import psutil
import pytest

from services.bus.broker.local_broker import LocalBroker
from services.bus.client import Client, Consumer, NewTopic, TopicPartition
from services.bus.connect import client as client_of
from services.bus.errors import BusUnavailable
from services.bus.kafka_python import consumer
from services.bus.settings import BusSettings
from tests.e2e.process import until
from tests.integration.bus.clients import LIBRARIES, every_client, numbered, numbers, publish, read

SHORT_MS = 2_000
"""Longest transaction."""


@every_client
def test_a_broker_out_of_reach_is_said_in_one_line_and_soon(settings: BusSettings) -> None:
    client = client_of("127.0.0.1:1", settings.model_copy(update={"connect_timeout_ms": 2_000}))

    def init() -> None:
        producer = client.producer("nobody")
        try:
            producer.init()
        finally:
            producer.close()

    threads = active_count()
    began = monotonic()
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(call) for call in (init, client.admin, client.consumer)]
        for call in calls:
            with pytest.raises(BusUnavailable, match="and PERPETUA_KAFKA") as said:
                call.result()
            assert "\n" not in str(said.value)
    assert monotonic() - began < 9
    assert active_count() == threads


class UnderWay:
    """A client with a reader, and with two transactions it has begun."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.admin = client.admin()
        self.where = TopicPartition(uuid4().hex, 0)
        self.names = uuid4().hex, uuid4().hex
        self.admin.create([NewTopic(self.where.topic, 1, -1, {})])
        publish(client, numbered(self.where.topic, [1]))
        self.reader = client.consumer(uuid4().hex)
        self.reader.subscribe([self.where.topic])
        until(self._has_joined, "the reader is in its group")
        self.reader.committed([self.where])  # no answer of before is left to be taken for a new one
        self.producer, self.dropped = map(client.producer, self.names)
        for each in (self.producer, self.dropped):
            each.init()
            each.begin()
            each.send(numbered(self.where.topic, [2]))

    def is_told_that_the_broker_hangs(self) -> None:
        with ThreadPoolExecutor() as pool:
            calls: dict[str, Future[Any]] = {
                "ends": pool.submit(self.admin.last_offsets, [self.where]),
                "committed": pool.submit(self.reader.committed, [self.where]),
                "commit": pool.submit(self.producer.commit),
            }
        told = {name: type(call.exception()) for name, call in calls.items()}
        assert told == dict.fromkeys(calls, BusUnavailable)
        self._close()

    def is_answered_again(self) -> bool:
        with suppress(BusUnavailable):  # the leaders were elected anew
            return self.admin.last_offsets([self.where])[self.where] >= 2
        return False

    def end_what_was_dropped(self) -> None:
        self.client.producer(self.names[1]).init()

    def is_told_that_the_broker_died(self) -> None:
        with pytest.raises(BusUnavailable):
            self.producer.send(numbered(self.where.topic, [3]))
            self.producer.commit()
        self._close()

    def goes_on(self) -> None:
        again = self.client.producer(self.names[0])
        again.init()
        again.begin()
        again.send(numbered(self.where.topic, [4]))
        again.commit()
        consumer = self.client.consumer()
        consumer.assign({self.where: 0})
        found = numbers(read(consumer, 2))
        if found[-1] != 4:  # of what was under way a broker that restarts may forget the end
            found += numbers(read(consumer, 1))  # (ADR 8): then the next commit takes it along
        assert (found[0], found[-1]) == (1, 4)

    def _has_joined(self) -> bool:
        self.reader.poll(0.1, 1)
        return bool(self.reader.assigned())

    def _close(self) -> None:
        for handle in (self.producer, self.dropped, self.reader):
            handle.close()


@pytest.fixture
def all_under_way(
    frail: LocalBroker, open_client: Callable[[str, BusSettings], Client]
) -> list[UnderWay]:
    """Every client on one broker: each waits as long as it is patient, and they wait together."""
    every = [BusSettings(client=name, transaction_timeout_ms=SHORT_MS) for name in LIBRARIES]
    return [UnderWay(open_client(frail.bootstrap, settings)) for settings in every]


def together(call: Callable[[UnderWay], None], every: list[UnderWay]) -> float:
    """Call for every client at once; return how many seconds it took."""
    began = monotonic()
    with ThreadPoolExecutor() as pool:
        list(pool.map(call, every))
    return monotonic() - began


def test_a_broker_that_hangs_before_it_says_where_a_topic_begins_is_told(
    frail: LocalBroker,
    open_client: Callable[[str, BusSettings], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """kafka-python then knows no position; librdkafka's are kept by ourselves."""
    monkeypatch.setattr(consumer, "PATIENCE_MS", 500)
    client = open_client(frail.bootstrap, BusSettings())
    where = TopicPartition(uuid4().hex, 0)
    client.admin().create([NewTopic(where.topic, 1, -1, {})])
    reader = client.consumer()
    reader.assign({where: 0})
    assert reader.position(where) == 0
    assert frail.pid
    broker = psutil.Process(frail.pid)
    broker.suspend()
    try:
        until(lambda: broker.status() == psutil.STATUS_STOPPED, "it hangs")
        reader.native.seek_to_beginning()
        with pytest.raises(BusUnavailable, match="does not say where its topics begin"):
            reader.position(where)
    finally:
        broker.resume()
    until(lambda: is_known(reader, where), "it is told again")


def is_known(reader: Consumer, where: TopicPartition) -> bool:
    with suppress(BusUnavailable):
        return reader.position(where) == 0
    return False


@pytest.mark.soak
def test_a_broker_that_hangs_is_said_in_time(
    frail: LocalBroker, all_under_way: list[UnderWay]
) -> None:
    assert frail.pid
    broker = psutil.Process(frail.pid)
    broker.suspend()
    try:
        until(lambda: broker.status() == psutil.STATUS_STOPPED, "it hangs")
        assert together(UnderWay.is_told_that_the_broker_hangs, all_under_way) < 20
    finally:
        broker.resume()
    until(lambda: all(each.is_answered_again() for each in all_under_way), "all are answered")


def test_a_broker_that_dies_under_a_transaction_is_said_in_time(
    frail: LocalBroker, all_under_way: list[UnderWay]
) -> None:
    together(UnderWay.end_what_was_dropped, all_under_way)
    frail.kill()
    assert together(UnderWay.is_told_that_the_broker_died, all_under_way) < 15
    frail.start()
    together(UnderWay.goes_on, all_under_way)
