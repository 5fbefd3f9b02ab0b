"""A Kafka that is slow or away: commands wait, and are all answered in the end."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import cast

import pytest

from services.bus.client import Client, Consumer, Incoming, Outgoing, Producer, TopicPartition
from services.bus.errors import BusUnavailable
from services.ingest import Ingest, ingest
from services.ingest.deciding import Decider
from tests.unit.ingest.commands import record

WHERE = TopicPartition("perpetua.commands", 3)
COMMANDS = 500
MOST = 7
"""Answers that fit into one transaction."""


class SlowKafka:
    """A broker that holds commands and what was committed, and its client."""

    def __init__(self) -> None:
        self.answers: list[Outgoing] = []
        self.next = 0
        self.largest = 0
        """Most answers of a transaction that was committed."""
        self.away = 0
        """How often it is still out of reach."""

    def consumer(self, group: str | None = None) -> Consumer:
        if self.away:
            self.away -= 1
            raise BusUnavailable("Kafka is out of reach", "check that it runs")
        return cast("Consumer", Reader(self))

    def producer(self, transactional_id: str) -> Producer:
        return cast("Producer", Writer(self))


class Reader:
    """One member of the group, alone."""

    def __init__(self, kafka: SlowKafka) -> None:
        self._kafka = kafka
        self._at: int | None = None

    def subscribe(self, topics: Collection[str]) -> None:
        assert list(topics) == [WHERE.topic]

    def waiting(self) -> frozenset[TopicPartition]:
        return frozenset([WHERE] if self._at is None else [])

    def committed(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        return {WHERE: self._kafka.next}

    def start(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._at = offsets[WHERE]

    def poll(self, timeout_secs: float, limit: int) -> Sequence[Incoming]:
        if self._at is None:
            return []
        first, self._at = self._at, min(COMMANDS, self._at + limit)
        return [record(b"no command", offset=n) for n in range(first, self._at)]

    def close(self) -> None:
        self._at = None


class Writer:
    """Commits no more at once than there is time for."""

    def __init__(self, kafka: SlowKafka) -> None:
        self._kafka = kafka

    def init(self) -> None:
        pass

    def begin(self) -> None:
        self._sent: list[Outgoing] = []
        self._next = 0

    def send(self, records: Sequence[Outgoing]) -> None:
        self._sent += records

    def send_offsets(self, offsets: Mapping[TopicPartition, int], consumer: Consumer) -> None:
        self._next = offsets[WHERE]

    def commit(self) -> None:
        if len(self._sent) > MOST:
            raise BusUnavailable("the transaction took too long", "try again")
        self._kafka.answers += self._sent
        self._kafka.next = self._next
        self._kafka.largest = max(self._kafka.largest, len(self._sent))

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "_AGAIN_SECS", 0)


async def until_all_is_answered(kafka: SlowKafka) -> None:
    """Ingest until every command is; none of them is one, so that nobody decides."""
    nobody = cast("Decider", None)
    running = asyncio.create_task(Ingest(cast("Client", kafka), nobody, b"/perpetua/x").run())
    async with asyncio.timeout(20):
        while kafka.next < COMMANDS:
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    offsets = [dict(each.headers)["source-offset"] for each in kafka.answers]
    assert offsets == [b"%d" % n for n in range(COMMANDS)], "each once, in order"


async def test_commands_that_are_too_many_for_one_transaction_are_answered_in_several() -> None:
    kafka = SlowKafka()
    await until_all_is_answered(kafka)
    assert 1 < kafka.largest <= MOST


async def test_a_kafka_that_is_away_for_long_is_warned_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ingest, "TAKEN", MOST)
    kafka = SlowKafka()
    kafka.away = 5
    caplog.set_level("INFO")
    await until_all_is_answered(kafka)
    assert [each.levelname for each in caplog.records] == ["WARNING", *["INFO"] * 4]
