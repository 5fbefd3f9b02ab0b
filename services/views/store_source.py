"""The store as a source of events by partition: an `EventSource`."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from domain.events import EVENT_CLASSES
from domain.ports import Checkpoint, Step, Stretch
from services.store.reading import LAST_POSITION, batch_size
from services.views.events import Events

STRETCH_EVENTS: Final = 1_000
"""Most events read at once, of all partitions together; fewer where they are large."""

Checkpoints = Callable[[Collection[int]], Mapping[int, Checkpoint]]


class StoreSource:
    """Reads the partitions that are furthest behind, only the classes of event asked for.

    Those that stand at the same place are read at once, in the total order.
    """

    def __init__(
        self,
        events: Events,
        of_partitions: int,
        topics: Collection[str],
        checkpoints: Checkpoints,
        share: Collection[int] | None = None,
    ) -> None:
        """Prepare.

        Args:
            events: the recorder.
            of_partitions: how many the store has.
            topics: classes of event to read.
            checkpoints: tells where to go on in partitions.
            share: the partitions to read, if not all.
        """
        self._events = events
        self._of_partitions = of_partitions
        self._topics = None if set(topics) >= EVENT_CLASSES.keys() else sorted(topics)
        self._checkpoints = checkpoints
        self._at: dict[int, Checkpoint] = {}
        self._fresh = set(range(of_partitions) if share is None else share)
        self._limit = 64

    def take(self, timeout_secs: float) -> Sequence[Stretch]:
        """Return what follows what was returned before; wait if there is nothing."""
        if self._fresh:
            self._at |= self._checkpoints(self._fresh)
            self._fresh.clear()
        slowest = min((each.position for each in self._at.values()), default=LAST_POSITION)
        head = self._events.wait_beyond(slowest, lambda: False, timeout_secs) or 0
        if slowest >= head:
            return []
        together = sorted(p for p, at in self._at.items() if at.position == slowest)
        ahead = (at.position for at in self._at.values() if at.position > slowest)
        return self._read(together, slowest, min([head, *ahead]))

    def again(self, partition: int) -> None:
        """Go on in a partition from its checkpoint: somebody else has moved it."""
        self._fresh.add(partition)

    def leave(self, partition: int) -> None:
        """Read no more of a partition: something in it can't be taken in."""
        self._at.pop(partition, None)

    def close(self) -> None:
        """Nothing is held."""

    def _read(self, partitions: Sequence[int], after: int, upto: int) -> list[Stretch]:
        every = len(partitions) == self._of_partitions
        limit = self._limit
        found = self._events.read(
            after, limit, None if every else partitions, self._topics, upto=upto
        )
        if len(found) == limit:
            upto = found[-1].position
        if found:
            mean = sum(len(each.state) for each in found) // len(found)
            self._limit = min(STRETCH_EVENTS, batch_size(limit, mean))
        steps: defaultdict[int, list[Step]] = defaultdict(list)
        for each in found:
            steps[each.partition].append(Step(each))
        return [self._stretch(partition, steps[partition], upto) for partition in partitions]

    def _stretch(self, partition: int, steps: Sequence[Step], upto: int) -> Stretch:
        start = self._at[partition]
        self._at[partition] = Checkpoint(upto, start.marks)
        return Stretch(partition, start, steps, upto)
