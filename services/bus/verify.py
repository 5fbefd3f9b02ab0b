"""Holds what is on Kafka against the store: every event once, in order, to the byte."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Final

from domain.events import EVENT_CLASSES
from domain.recorded import Stored
from services.bus.client import Admin, Client, Consumer, Incoming, TopicPartition
from services.bus.errors import BusUnavailable
from services.bus.record import source_of, to_record
from services.store.recorder import Recorder

_PAGE: Final = 1_000
_AHEAD: Final = 2_000
"""Most records of one topic that are kept while another one is waited for."""
_POLL_SECS: Final = 0.5
_SILENCE_SECS: Final = 30.0
"""How long nothing may come before an end: longer than a dead relay's transaction stays open."""
_LOOKS: Final = 3
"""How often a fault is looked for: the ends of topics that are written to are of no one time."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What one partition of Kafka has of the store's."""

    partition: int
    equal: int
    """Events that are there as they must be."""
    unpublished: int
    """Last events of the store that are not there yet."""
    fault: str | None
    """First thing that is wrong, null if nothing is."""


def verify(client: Client, recorder: Recorder, partitions: int) -> Iterator[Verified]:
    """Compare partition by partition, up to what both have now.

    Raises:
        BusUnavailable: Kafka is out of reach, or a transaction there does not end.
        StoreUnavailable: the store is out of reach.
    """
    source = source_of(recorder.store_id())
    admin, consumer = client.admin(), client.consumer()
    try:
        for partition in range(partitions):
            for _ in range(_LOOKS):
                found = _verify(_Topics(admin, consumer, partition), recorder, source, partition)
                if not found.fault:
                    break
            yield found
    finally:
        consumer.close()
        admin.close()


def _verify(topics: "_Topics", recorder: Recorder, source: bytes, partition: int) -> Verified:
    equal = unpublished = previous = 0
    head = recorder.head()  # after the ends of the topics: what is there by then is stored
    for stored in _events(recorder, partition, head):
        found = topics.next(stored.topic)
        if found is None:
            unpublished += 1
        elif unpublished:
            fault = f"the event before position {stored.position} is missing"
            return Verified(partition, equal, 0, fault)
        elif wrong := _difference(found, stored, previous, source):
            return Verified(partition, equal, 0, wrong)
        else:
            equal += 1
        previous = stored.position
    return Verified(partition, equal, unpublished, topics.left_over())


def _difference(found: Incoming, stored: Stored, previous: int, source: bytes) -> str | None:
    """Say what is not as it was published; None if all is."""
    wanted = to_record(stored, previous, source)
    where = f"offset {found.offset} of {found.topic}, position {stored.position}"
    if found.value != wanted.value:
        return f"other bytes at {where}"
    if list(found.headers) != wanted.headers or found.key != wanted.key:
        return f"other headers at {where}"
    return None


def _events(recorder: Recorder, partition: int, head: int) -> Iterator[Stored]:
    after = 0
    while page := recorder.read(after, _PAGE, [partition], upto=head):
        yield from page
        after = page[-1].position


class _Topics:
    """The topics of one partition, each read in its order up to the end it has now."""

    def __init__(self, admin: Admin, consumer: Consumer, partition: int) -> None:
        every = [TopicPartition(topic, partition) for topic in EVENT_CLASSES]
        self._admin = admin
        self._consumer = consumer
        self._partition = partition
        self._ends = admin.last_offsets(every)
        self._read: defaultdict[str, deque[Incoming]] = defaultdict(deque)
        self._paused: set[TopicPartition] = set()
        consumer.assign(admin.first_offsets(every))

    def next(self, topic: str) -> Incoming | None:
        """Return the next record of a topic, None at its end."""
        wanted = TopicPartition(topic, self._partition)
        before, heard_at = -1, monotonic()
        while not self._read[topic]:
            if (now := self._consumer.position(wanted)) >= self._ends[wanted]:
                return None
            if now != before:
                before, heard_at = now, monotonic()
            elif monotonic() - heard_at > _SILENCE_SECS:
                self._admin.last_offsets([wanted])  # says so if Kafka is out of reach
                raise BusUnavailable(
                    f"a transaction on {topic}, partition {self._partition}, does not end",
                    "start a relay, which ends what a dead one left, then try again",
                )
            self._fetch()
        return self._read[topic].popleft()

    def left_over(self) -> str | None:
        """Say what is there that the store has not; None if nothing is."""
        for topic in EVENT_CLASSES:
            if found := self.next(topic):
                return f"an event too many at offset {found.offset} of {topic}"
        return None

    def _fetch(self) -> None:
        ahead = {
            TopicPartition(topic, self._partition)
            for topic, records in self._read.items()
            if len(records) > _AHEAD
        }
        self._consumer.pause(ahead - self._paused)
        self._consumer.resume(self._paused - ahead)
        self._paused = ahead
        for record in self._consumer.poll(_POLL_SECS, _PAGE):
            if record.offset < self._ends[TopicPartition(record.topic, record.partition)]:
                self._read[record.topic].append(record)
