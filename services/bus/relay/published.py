"""What is on Kafka already, seen to be of this store and of no other."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from time import monotonic, sleep
from typing import Final

from domain.events import EVENT_CLASSES
from services.bus.client import Admin, Client, Consumer, Outgoing, Producer, TopicPartition
from services.bus.errors import ForeignHistory
from services.bus.record import from_record
from services.bus.relay import progress
from services.bus.relay.progress import Progress
from services.bus.relay.tail import hanging, newest, open_ended
from services.bus.topics import RELAY
from services.store.heading import heading
from services.store.recorder import Recorder

_VOID_SECS: Final = 10.0
_LOOK_SECS: Final = 0.05


class Published:
    """Reads how far a store is published."""

    def __init__(self, admin: Admin, consumer: Consumer, recorder: Recorder) -> None:
        self._admin = admin
        self._consumer = consumer
        self._recorder = recorder

    def lasts(self, partitions: Sequence[int], *, settled: bool) -> dict[int, Progress | None]:
        """Return the last event on Kafka of each partition.

        If not every transaction has ended, it is the last so far.

        Raises:
            ForeignHistory: what is there is not of this store, or nobody knows what it is.
            BusUnavailable, StoreUnavailable: try again.
        """
        found = self._progress(partitions, settled=settled)
        unknown = [each for each in partitions if each not in found]
        events = newest(self._admin, self._consumer, _event_topics(unknown), settled=settled)
        for topic, partition in events:
            # one that publishes right now may have come to tell by now
            found |= self._progress([partition], settled=settled)
            if partition not in found:
                raise ForeignHistory(
                    f"{topic} has events in partition {partition}, and {RELAY} does not say which:"
                    " they would be published twice",
                    "delete all topics and publish anew",
                )
        ours = self._recorder.store_id()
        for each in found.values():
            self._must_be_ours(each, ours)
        return {partition: found.get(partition) for partition in partitions}

    def open_ended(self, partitions: Sequence[int]) -> set[TopicPartition]:
        """Return where a transaction is open, of the topics of events and of the progress."""
        return open_ended(self._admin, self._consumer, _topics(partitions))

    def tails(self, lasts: Mapping[int, Progress | None]) -> dict[TopicPartition, int]:
        """Return the position of the last event on each topic, whatever the progress says.

        Each topic has the first events of its class and partition, all up to there.

        Raises:
            ForeignHistory: an event there is not of this store.
            BusUnavailable, StoreUnavailable: try again.
        """
        wanted = _event_topics(list(lasts))
        firsts = self._admin.first_offsets(wanted)
        found = newest(self._admin, self._consumer, wanted, settled=True)
        events = {where: from_record(record).stored for where, record in found.items()}
        ours = self._recorder.read_positions([each.position for each in events.values()])
        for other in set(events.values()) - set(ours):
            raise _not_there(other.position)
        tails = {where: event.position for where, event in events.items()}
        for where in wanted:
            if where not in tails and firsts[where]:  # none is kept: believe the progress
                last = lasts[where.partition]
                tails[where] = last.position if last else 0
        return tails

    def void(self, producer: Producer, open_: Collection[TopicPartition]) -> None:
        """Begin a transaction wherever one is open, so that whoever fences us ends all of them."""
        ends = self._admin.last_offsets(open_)
        producer.begin()
        producer.send([Outgoing(*where, b"void", b"", []) for where in open_])
        deadline = monotonic() + _VOID_SECS
        while any(self._admin.last_offsets(open_)[each] == end for each, end in ends.items()):
            if monotonic() > deadline:
                raise hanging(open_)
            sleep(_LOOK_SECS)

    def _progress(self, partitions: Sequence[int], *, settled: bool) -> dict[int, Progress]:
        return progress.read(self._admin, self._consumer, partitions, settled=settled)

    def _must_be_ours(self, last: Progress, ours: str) -> None:
        if last.store_id != ours:
            raise ForeignHistory(
                f"the topics hold the events of the store {last.store_id}, this one is {ours}",
                "use the store they came from, another Kafka, or delete all topics and publish"
                " anew",
            )
        found = self._recorder.read_positions([last.position])
        if not found or heading(found[0].state).event_id != last.event_id:
            raise _not_there(last.position)


def _not_there(position: int) -> ForeignHistory:
    return ForeignHistory(
        f"Kafka has an event at position {position} that the store has not: was the store restored"
        " from an older copy?",
        "restore the newest copy, or delete all topics and publish anew",
    )


@contextmanager
def published(client: Client, recorder: Recorder) -> Iterator[Published]:
    """Look at Kafka for as long as the block lasts."""
    with closing(client.admin()) as admin, closing(client.consumer()) as consumer:
        yield Published(admin, consumer, recorder)


def _event_topics(partitions: Sequence[int]) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic in EVENT_CLASSES for number in partitions]


def _topics(partitions: Sequence[int]) -> list[TopicPartition]:
    return [*_event_topics(partitions), *(TopicPartition(RELAY, each) for each in partitions)]
