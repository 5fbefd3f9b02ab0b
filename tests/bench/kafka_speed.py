"""Kafka at full speed: the relay beside a bare producer of the same library, and reading back."""

import asyncio
import gc
import statistics
import time
from collections.abc import Collection, Iterator, Sequence
from uuid import uuid4

from domain.ports import Checkpoint
from services.bus import topics
from services.bus.client import Client, Outgoing, Producer
from services.bus.connect import client as client_of
from services.bus.errors import BusError
from services.bus.record import to_record
from services.bus.relay.layout import Layout
from services.bus.relay.session import begin
from services.bus.settings import BusSettings
from services.bus.source import KafkaSource
from services.store.recorder import Recorder
from tests.bench import fabric
from tests.integration.bus.publishing import delete_topics
from tests.kafka import local_broker

CLIENTS = ("kafka-python", "librdkafka")
SWARMS = (1, 24)
EVENTS = 40_000
PARTITIONS = 12
BATCH = 2_000
"""Events of a transaction, as many as the relay takes when it is far behind."""
ROUNDS = 3
PATIENCE_SECS = 60.0


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal); what is compared takes turns in one run."""
    with fabric.server() as conninfo, local_broker() as broker:
        for swarms in SWARMS:
            with Recorder(_filled(conninfo, swarms)) as recorder:
                reference = 0.0
                for name in CLIENTS:
                    client = client_of(broker.bootstrap, BusSettings(client=name))
                    bench = Bench(client, broker.bootstrap, recorder)
                    yield from bench.rows(f"{name}, {swarms} swarm{'s' * (swarms > 1)}", reference)
                    reference = reference or bench.bare


def _filled(conninfo: str, swarms: int) -> str:
    """Make a store of so many swarms; return its URL."""
    name = fabric.database(conninfo, f"kafka_{swarms}")
    with fabric.executor(name, 48, swarms) as made:
        while made.recorder.head() < EVENTS:
            asyncio.run(fabric.storm(made, 48, 10, 0.5))
    return name


class Bench:
    """One client library on one store and one broker."""

    def __init__(self, client: Client, bootstrap: str, recorder: Recorder) -> None:
        self._client = client
        self._bootstrap = bootstrap
        self._recorder = recorder
        self._records = _records(recorder)
        self.bare = 0.0
        """Events a second of the bare producer, once it was measured."""
        gc.freeze()  # what only the bare producer needs must not cost the relay's collections

    def rows(self, who: str, reference: float) -> Iterator[tuple[str, str, str]]:
        """Yield (what, figure, goal); `reference` is kafka-python's bare producer, if known."""
        count = len(self._records) - BATCH
        ours, bare, read = [], [], []
        for _ in range(ROUNDS):
            bare.append(count / self._bare())
            ours.append(count / self._relayed())
            read.append(count / self._read_back())
        ratio = statistics.median(our / their for our, their in zip(ours, bare, strict=True))
        self.bare, rate = statistics.median(bare), statistics.median(ours)
        beside = f"; {rate / reference:.2f} of one of kafka-python" if reference else ""
        yield (
            f"relay, {who}",
            f"{rate:,.0f} events/s; {ratio:.2f} of a bare transactional producer"
            f" ({self.bare:,.0f}){beside}",
            "0.7 of kafka-python's",
        )
        yield f"read back in order, {who}", f"{statistics.median(read):,.0f} events/s", ""

    def _bare(self) -> float:
        """Return the seconds a producer takes that does nothing else, warm."""
        self._renew()
        producer = self._client.producer("bench")
        producer.init()
        _publish(producer, self._records[:BATCH])
        began = time.perf_counter()
        for first in range(BATCH, len(self._records), BATCH):
            _publish(producer, self._records[first : first + BATCH])
        seconds = time.perf_counter() - began
        producer.close()
        return seconds

    def _relayed(self) -> float:
        """Return the seconds the relay takes to read, make and publish the same, warm."""
        self._renew()
        session = begin(self._client, self._recorder, 0, Layout(), PARTITIONS)
        session.publish(self._recorder.read(0, BATCH))
        after, head = BATCH, self._recorder.head()
        began = time.perf_counter()
        while after < head:
            batch = self._recorder.read(after, BATCH, upto=head)
            session.publish(batch)
            after = batch[-1].position
        seconds = time.perf_counter() - began
        session.close()
        return seconds

    def _read_back(self) -> float:
        """Return the seconds from the first to the last event a group's only member is handed."""
        source = KafkaSource(self._client, f"bench-{uuid4().hex}", _from_the_first, _broken)
        first = began = time.perf_counter()
        taken = 0
        while taken < len(self._records):
            assert time.perf_counter() - began < PATIENCE_SECS, f"only {taken} events came"
            for stretch in source.take(0.1):
                first = first if taken else time.perf_counter()
                taken += len(stretch.steps)
        seconds = time.perf_counter() - first
        source.close()
        return seconds

    def _renew(self) -> None:
        """Delete all topics and make them anew."""
        delete_topics(self._bootstrap)
        admin = self._client.admin()
        topics.create(admin, PARTITIONS, BusSettings())
        admin.close()


def _records(recorder: Recorder) -> list[Outgoing]:
    found: list[Outgoing] = []
    after = 0
    while batch := recorder.read(after, BATCH):
        found += [to_record(each, 0, b"/bench") for each in batch]
        after = batch[-1].position
    return found


def _publish(producer: Producer, records: Sequence[Outgoing]) -> None:
    producer.begin()
    producer.send(records)
    producer.commit()


def _from_the_first(partitions: Collection[int]) -> dict[int, Checkpoint]:
    return {each: Checkpoint() for each in partitions}


def _broken(partition: int, wrong: BusError) -> None:
    raise wrong
