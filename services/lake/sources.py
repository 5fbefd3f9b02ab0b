"""The store and Kafka as sources of events, openable in any process that shares the work."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from domain.events import EVENT_CLASSES
from domain.ports import EventSource
from services.bus.connect import client
from services.bus.errors import BusError, ForeignHistory
from services.bus.record import source_of
from services.bus.relay import progress
from services.bus.settings import BusSettings
from services.bus.source import KafkaSource
from services.bus.topics import partitions_there
from services.lake.errors import NothingPublished
from services.lake.exporter import Goal
from services.lake.sink import Sink
from services.store.recorder import Recorder
from services.views.store_source import StoreSource

Broken = Callable[[int, BusError], None]


@dataclass(frozen=True, slots=True)
class Share:
    """Which of several exporters one is."""

    job: int = 0
    jobs: int = 1

    def has(self, partition: int) -> bool:
        """Tell whether a partition is this one's."""
        return partition % self.jobs == self.job


class Origin(Protocol):
    """Where events come from. Can be sent to another process."""

    @property
    def source(self) -> str:
        """Whose they are: the `ce_source` of a store."""
        ...

    @property
    def goal(self) -> Goal:
        """Partition to its last position, when this was made."""
        ...

    def open(self, sink: Sink, share: Share, broken: Broken) -> AbstractContextManager[EventSource]:
        """Read on from where a lake is."""
        ...


@dataclass(frozen=True, slots=True)
class FromStore:
    """The store: each exporter reads partitions of its own."""

    conninfo: str
    source: str
    goal: Goal

    @classmethod
    def now(cls, conninfo: str, recorder: Recorder, partitions: int) -> "FromStore":
        """Aim for what is stored now."""
        source = source_of(recorder.store_id()).decode()
        return cls(conninfo, source, dict.fromkeys(range(partitions), recorder.head()))

    @contextmanager
    def open(self, sink: Sink, share: Share, broken: Broken) -> Iterator[EventSource]:
        """Read on from where a lake is."""
        mine = [number for number in self.goal if share.has(number)]
        with Recorder(self.conninfo) as recorder:
            yield StoreSource(recorder, len(self.goal), EVENT_CLASSES, sink.checkpoints, mine)


@dataclass(frozen=True, slots=True)
class FromKafka:
    """Kafka: the exporters are a group of their own, which shares the partitions."""

    servers: str
    settings: BusSettings
    group: str
    source: str
    goal: Goal

    @classmethod
    def now(cls, servers: str, settings: BusSettings) -> "FromKafka":
        """Aim for what is published now.

        Raises:
            NothingPublished: that is nothing.
            BusError: Kafka is out of reach, or its topics are not as they must be.
        """
        bus = client(servers, settings)
        partitions = range(partitions_there(bus))
        with closing(bus.admin()) as admin, closing(bus.consumer()) as consumer:
            found = progress.read(admin, consumer, partitions, settled=False)
        stores = {each.store_id for each in found.values()}
        if not stores:
            raise NothingPublished("Kafka holds no event yet", "see that a relay publishes there")
        if len(stores) > 1:
            raise ForeignHistory(
                f"Kafka holds the events of several stores: {', '.join(sorted(stores))}",
                "delete all topics and publish anew",
            )
        goal = dict.fromkeys(partitions, 0) | {n: each.position for n, each in found.items()}
        source, group = source_of(stores.pop()).decode(), f"perpetua-lake-{uuid4()}"
        return cls(servers, settings, group, source, goal)

    @contextmanager
    def open(self, sink: Sink, share: Share, broken: Broken) -> Iterator[EventSource]:
        """Read on from where a lake is."""
        bus = client(self.servers, self.settings)
        reading = KafkaSource(bus, self.group, sink.checkpoints, broken, self._must_be_ours)
        with closing(reading):
            yield reading

    def _must_be_ours(self, source: str) -> None:
        if source != self.source:
            raise ForeignHistory(
                f"these are the events of {source}, the lake is of {self.source}",
                "export them into another folder",
            )
