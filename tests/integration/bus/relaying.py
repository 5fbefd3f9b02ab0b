"""How tests of the relay fill a store, have it published, and hold Kafka against it."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random
from uuid import uuid4

import kafka as kafka_python

from domain.events import EVENT_CLASSES
from domain.partition import partition_of
from domain.recorded import StreamEvent
from services.bus.client import Client
from services.bus.relay import Relay
from services.bus.settings import BusSettings
from services.bus.standing import relay_standing
from services.bus.verify import verify
from services.store.mapper import AvroMapper
from services.store.recorder import Recorder
from services.store.save import Save
from tests.e2e.process import until
from tests.unit.projections.given import History

PARTITIONS = 4
SAVE_EVENTS = 40
PATIENCE_SECS = 60.0
"""How long it may take until all is published."""
CLASSES = 16
"""How many classes of events a history of some length has."""

Relaying = Callable[[], AbstractContextManager[Relay]]
"""Publishes for as long as a block lasts."""


class Filling:
    """Fills a store with events of many classes, of swarms that take turns at random."""

    def __init__(self, store: Recorder, name: str = "swarm", seed: int | None = None) -> None:
        swarms = [f"{name}-{number}" for number in range(24)]
        assert {partition_of(each, PARTITIONS) for each in swarms} == set(range(PARTITIONS))
        self.ids: list[str] = []
        """Of every event, in the order of their positions."""
        self._store = store
        self._random = Random(seed)
        self._told = History()
        self._mapper = AvroMapper(PARTITIONS)
        self._lives = [self._live(swarm) for swarm in swarms]

    def write(self, count: int) -> None:
        """Store so many events, in saves of any size."""
        events = [self._next() for _ in range(count)]
        while events:
            size = self._random.randint(1, SAVE_EVENTS)
            save, events = events[:size], events[size:]
            self._store.submit(Save([self._mapper.to_stored_event(e) for e in save])).result()
            self.ids += [each.event.event_id for each in save]

    @contextmanager
    def under_way(self, pause_secs: float = 0.02) -> Iterator[Callable[[], None]]:
        """Store some events again and again; the block is given what ends it early."""
        ended = threading.Event()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                while not ended.wait(pause_secs):
                    self.write(self._random.randint(1, SAVE_EVENTS))
            except BaseException as error:
                failed.append(error)

        def end() -> None:
            ended.set()
            thread.join()

        thread = threading.Thread(target=run, name="filling")
        thread.start()
        try:
            yield end
        finally:
            end()
        assert not failed, failed

    def _next(self) -> StreamEvent:
        next(self._random.choice(self._lives))
        last = self._told.recorded[-1]
        event = last.event.model_copy(update={"event_id": uuid4().hex})
        return StreamEvent(last.stream, last.version, event)

    def _live(self, swarm: str) -> Iterator[object]:
        """Tell the lives of one persona of a swarm after the other, an event at a time."""
        told, number = self._told, 0
        while True:
            number += 1
            who, what = f"{swarm}-persona-{number}", f"{swarm}-proposal-{number}"
            yield told.spawned(who, swarm)
            yield told.observed(f"source-{number}", 3, 0, swarm=swarm)
            yield told.thought(who)
            yield told.supposed(who)
            yield told.checked(who)
            yield told.proposed(what, who)
            yield told.verified(what)
            yield told.voted(what, who, "yes")
            yield told.decided(what, "allow")
            yield told.approved(what)
            yield told.started(what)
            yield told.executed(what)
            yield told.paused(who)
            yield told.resumed(who)
            yield told.distilled(who)
            yield told.reaped(who)


@contextmanager
def relaying(
    store: Recorder, conninfo: str, client: Client, settings: BusSettings
) -> Iterator[Relay]:
    """Publish in this process for as long as the block lasts."""
    relay = Relay(store, conninfo, client, settings, PARTITIONS)
    others = threads()
    relay.start()
    try:
        yield relay
    finally:
        relay.stop(PATIENCE_SECS)
        assert threads() <= others, "the relay does not end"


def threads() -> set[threading.Thread]:
    """Return the relay's threads in this process."""
    return {each for each in threading.enumerate() if each.name.startswith("perpetua-relay")}


def all_published(client: Client, store: Recorder, seconds: float = PATIENCE_SECS) -> int:
    """Wait until the relay says that all is published; then see; return how many events it is.

    On Kafka must be each event once, in order, to the byte.
    """
    until(lambda: relay_standing(store).lag == 0, "the relay says that all is published", seconds)
    found = list(verify(client, store, PARTITIONS))
    assert [each.partition for each in found] == list(range(PARTITIONS))
    assert not [each for each in found if each.fault or each.unpublished], found
    return sum(each.equal for each in found)


def on_kafka(bootstrap: str) -> dict[tuple[str, int], list[tuple[int, str, bytes]]]:
    """Read position, id and value of all that is committed, in the order of each partition."""
    consumer = kafka_python.KafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False
    )
    every = [kafka_python.TopicPartition(t, p) for t in EVENT_CLASSES for p in range(PARTITIONS)]
    consumer.assign(every)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(every)
    found = defaultdict(list)
    while any(consumer.position(each) < end for each, end in ends.items()):
        for (topic, partition), came in consumer.poll(500).items():
            for record in came:
                told = dict(record.headers)
                found[topic, partition].append(
                    (int(told["ce_position"]), told["ce_id"].decode(), record.value)
                )
    consumer.close()
    return found


def said(store: Recorder) -> str:
    """Return what holds the relay up."""
    return next((each.error or "" for each in relay_standing(store).holders), "")


def published_more(store: Recorder, seconds: float = PATIENCE_SECS) -> None:
    """Wait until more is published than was, or would be by what is under way."""
    head = store.head()
    until(lambda: relay_standing(store).published > head, "events are published", seconds)
