"""How tests of a source publish histories of their own making, and take in what it hands out."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from domain.partition import partition_of
from domain.ports import Checkpoint
from domain.recorded import Stored
from services.bus import topics
from services.bus.client import Client, Outgoing
from services.bus.record import source_of, to_record
from services.bus.settings import BusSettings
from services.bus.source import KafkaSource
from services.store.codec import encode
from tests.integration.bus.relaying import PARTITIONS
from tests.unit.projections.given import History

PATIENCE_SECS = 60.0
TAKE_SECS = 0.1
SWARMS = [f"swarm-{number}" for number in range(16)]


def stored(history: History, padding: str = "correlation") -> list[Stored]:
    """Return a history as a store would have it, each event as large as the padding makes it."""
    return [
        Stored(
            each.position,
            each.stream,
            each.version,
            each.event.topic,
            partition_of(each.event.swarm_id, PARTITIONS),
            encode(each.event.model_copy(update={"correlation_id": padding})),
        )
        for each in history.recorded
    ]


def records(events: Iterable[Stored], store: str = "a-store") -> dict[int, Outgoing]:
    """Return the records of events by position, as the relay would make them."""
    lasts: defaultdict[int, int] = defaultdict(int)
    made: dict[int, Outgoing] = {}
    for each in events:
        made[each.position] = to_record(each, lasts[each.partition], source_of(store))
        lasts[each.partition] = each.position
    return made


def publish(client: Client, made: Iterable[Outgoing]) -> None:
    """Publish records in one transaction, on topics that are made if they are missing."""
    make_topics(client)
    producer = client.producer(f"test-{uuid4().hex}")
    producer.init()
    producer.begin()
    producer.send(list(made))
    producer.commit()
    producer.close()


def make_topics(client: Client) -> None:
    admin = client.admin()
    topics.create(admin, PARTITIONS, BusSettings())
    admin.close()


def by_partition(events: Iterable[Stored]) -> dict[int, list[Stored]]:
    found: dict[int, list[Stored]] = {number: [] for number in range(PARTITIONS)}
    for each in events:
        found[each.partition].append(each)
    return found


def anybody(source: str) -> None:
    """Let the events of every store pass."""


class Reader:
    """Takes in what a source hands out as a view does: with each stretch its checkpoint."""

    def __init__(
        self,
        client: Client,
        checkpoints: dict[int, Checkpoint] | None = None,
        belongs: Callable[[str], None] = anybody,
    ) -> None:
        self.checkpoints = checkpoints or dict.fromkeys(range(PARTITIONS), Checkpoint())
        self.taken = by_partition(())
        self.broken: dict[int, Exception] = {}
        self.most_waiting = (0, 0)
        """Most events that waited at once, and most bytes."""
        self._stands = lambda of: {number: self.checkpoints[number] for number in of}
        self.source = KafkaSource(
            client, uuid4().hex, self._stands, self.broken.__setitem__, belongs
        )

    def take(self) -> None:
        for stretch in self.source.take(TAKE_SECS):
            number = stretch.partition
            assert stretch.start.position == self.checkpoints[number].position
            self.checkpoints[number] = stretch.end
            self.taken[number] += [step.stored for step in stretch.steps]
        events, size = self.source.waiting
        self.most_waiting = max(self.most_waiting[0], events), max(self.most_waiting[1], size)

    def take_until(
        self, holds: Callable[[], bool], what: str, seconds: float = PATIENCE_SECS
    ) -> float:
        """Take in what comes until something holds; return how many seconds it took."""
        began = monotonic()
        while not holds():
            assert monotonic() < began + seconds, f"waited {seconds:.0f} s in vain: {what}"
            self.take()
        return monotonic() - began

    def take_all(self, events: Sequence[Stored], seconds: float = PATIENCE_SECS) -> None:
        """Take in all these events, each once and in order."""
        count = len(events)
        self.take_until(
            lambda: sum(map(len, self.taken.values())) >= count, f"{count} events", seconds
        )
        assert self.taken == by_partition(events)

    def go_on(self, seconds: float = 1.0) -> None:
        """Take in what comes for a while."""
        end = monotonic() + seconds
        while monotonic() < end:
            self.take()


OpenReader = Callable[..., Reader]


@pytest.fixture
def read(client: Client) -> Iterator[OpenReader]:
    """Opens readers; closed at the end."""
    opened: list[Reader] = []

    def open_one(checkpoints: dict[int, Checkpoint] | None = None, **options: Any) -> Reader:
        opened.append(Reader(client, checkpoints, **options))
        return opened[-1]

    yield open_one
    for reader in opened:
        reader.source.close()


def some(count: int = 600, seed: int = 1) -> list[Stored]:
    """A history of many classes of event, in every partition."""
    history, dice = History(), Random(seed)
    for swarm in SWARMS:
        history.spawned(swarm, swarm)
    steps: list[Callable[[str], object]] = [
        history.thought, history.supposed, history.checked, history.paused, history.resumed,
        history.distilled,
    ]  # fmt: skip
    while len(history.recorded) < count:
        dice.choice(steps)(dice.choice(SWARMS))
    return stored(history)
