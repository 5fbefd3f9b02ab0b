"""Reads events from Kafka: shares partitions in a group, restores their order, finds gaps."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from time import monotonic
from typing import Final

from domain.events import EVENT_CLASSES
from domain.ports import Checkpoint, Stretch
from services.bus.client import Client, Incoming, TopicPartition
from services.bus.errors import BrokenHistory, BusError, ForeignHistory, HistoryMissing
from services.bus.record import NotAnEvent, from_record
from services.bus.source.gap import Gap
from services.bus.source.merge import Merge
from services.bus.source.origin import Origin
from services.store.reading import batch_size

FIRST_POLL: Final = 64
"""Most records of the first poll; later ones go by how large they are."""
STRETCH_EVENTS: Final = 1_000
"""Most events handed out of a partition at once."""

Broken = Callable[[int, BusError], None]


class KafkaSource:
    """An `EventSource`: the partitions this process has of a consumer group."""

    def __init__(
        self,
        client: Client,
        group: str,
        checkpoints: Callable[[Collection[int]], Mapping[int, Checkpoint]],
        broken: Broken,
        belongs: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Join the group.

        Args:
            client: speaks to Kafka.
            group: whom partitions are shared with.
            checkpoints: tells where to go on in partitions; asked on every assignment.
            broken: told of a partition whose history on Kafka is not whole; it is left.
            belongs: asked of the `ce_source` of events before any of them is handed out; raises
                ForeignHistory if they are of a store that was not meant.
        """
        self._checkpoints = checkpoints
        self._broken = broken
        self._origin = Origin(belongs)
        self._merges: dict[int, Merge] = {}
        self._wrong: dict[int, BusError] = {}
        self._paused: set[TopicPartition] = set()
        self._gaps: dict[int, Gap] = {}
        self._limit = FIRST_POLL
        with ExitStack() as opening:
            self._admin = client.admin()
            opening.callback(self._admin.close)
            self._consumer = client.consumer(group)
            opening.callback(self._consumer.close)
            self._consumer.subscribe(EVENT_CLASSES)
            self._opened = opening.pop_all()

    @property
    def partitions(self) -> list[int]:
        """The partitions this process reads now."""
        return sorted(self._merges)

    @property
    def waiting(self) -> tuple[int, int]:
        """How many events wait for others before them, and their bytes."""
        merges = self._merges.values()
        return sum(m.waiting.total() for m in merges), sum(m.waiting_bytes for m in merges)

    def take(self, timeout_secs: float) -> Sequence[Stretch]:
        """Return what follows what was returned before; wait if there is nothing."""
        self._leave_broken()
        ready = sum(merge.ready for merge in self._merges.values())
        room = max(1, self._limit - ready)
        records = self._consumer.poll(0 if ready else timeout_secs, room)
        if records:
            mean = sum(len(record.value or b"") for record in records) // len(records)
            self._limit = batch_size(self._limit, mean)
        self._follow_assignment()
        for record in records:
            self._add(record)
        self._hold_back()
        self._look_for_gaps()
        found = [merge.take(STRETCH_EVENTS) for merge in self._merges.values()]
        return [stretch for stretch in found if stretch]

    def again(self, partition: int) -> None:
        """Go on in a partition from its checkpoint: somebody else has moved it."""
        if partition in self._merges:
            self._begin([partition])

    def leave(self, partition: int) -> None:
        """Read no more of a partition: something in it can't be taken in."""
        self._drop(partition)
        topics = self._topics(partition)
        self._paused -= topics
        self._consumer.pause(topics)

    def close(self) -> None:
        """Give its partitions to others."""
        self._opened.close()

    def _add(self, record: Incoming) -> None:
        partition = record.partition
        merge = self._merges.get(partition)
        if merge is None or partition in self._wrong:
            return
        try:
            self._origin.see(record)
            merge.add(from_record(record))
        except NotAnEvent as wrong:
            text = f"a record is no event of ours: {wrong}"
            self._wrong[partition] = BrokenHistory(text, BrokenHistory.remedy)
        except (BrokenHistory, ForeignHistory) as wrong:
            self._wrong[partition] = wrong

    def _leave_broken(self) -> None:
        """Leave what is wrong, once all before it was handed out and its taker has come back."""
        for partition, wrong in list(self._wrong.items()):
            if not self._merges[partition].ready:
                self.leave(partition)
                self._broken(partition, wrong)

    def _follow_assignment(self) -> None:
        assigned = {each.partition for each in self._consumer.assigned()}
        for lost in self._merges.keys() - assigned:
            self._drop(lost)
        if waiting := {each.partition for each in self._consumer.waiting()}:
            self._begin(waiting)

    def _begin(self, partitions: Collection[int]) -> None:
        for partition, checkpoint in self._checkpoints(partitions).items():
            self._begin_at(partition, checkpoint)

    def _begin_at(self, partition: int, checkpoint: Checkpoint) -> None:
        topics = self._topics(partition)
        self._drop(partition)
        self._paused -= topics
        self._merges[partition] = Merge(partition, checkpoint)
        self._consumer.start({each: checkpoint.marks.get(each.topic, 0) for each in topics})

    def _drop(self, partition: int) -> None:
        self._merges.pop(partition, None)
        self._wrong.pop(partition, None)
        self._gaps.pop(partition, None)

    def _topics(self, partition: int) -> set[TopicPartition]:
        return {each for each in self._consumer.assigned() if each.partition == partition}

    def _hold_back(self) -> None:
        """Pause topics whose events wait for one of another topic, where too much waits.

        The topic of the event that is waited for has nothing waiting, so it is never paused.
        """
        held = {
            TopicPartition(topic, partition)
            for partition, merge in self._merges.items()
            for topic in merge.ahead
        }
        if resumed := self._paused - held:
            self._consumer.resume(resumed & self._consumer.assigned())
        if paused := held - self._paused:
            self._consumer.pause(paused)
        self._paused = held

    def _look_for_gaps(self) -> None:
        for partition, merge in list(self._merges.items()):
            nearest = merge.nearest
            if nearest is None or merge.ready or partition in self._wrong:
                self._gaps.pop(partition, None)
                continue
            gap = self._gaps.get(partition)
            if gap is None or gap.after != merge.last:
                self._gaps[partition] = Gap(merge.last, monotonic())
                continue
            empty = [t for t in self._topics(partition) if not merge.waiting[t.topic]]
            if not gap.is_certain(self._admin, self._consumer, empty):
                continue
            if merge.marked:  # the topics may have been published anew, with other offsets
                self._begin_at(partition, Checkpoint(merge.last))
            else:
                self._wrong[partition] = HistoryMissing(partition, merge.last, nearest)
