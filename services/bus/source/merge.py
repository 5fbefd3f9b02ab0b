"""Restores the order of one partition from the topics its events are on.

Each record names the position before its own (`ce_previous`), so that the next event is known when
it is there, and a gap shows as soon as anything behind it comes.
"""

from collections import Counter, deque
from typing import Final

from domain.ports import Checkpoint, Step, Stretch
from services.bus.errors import HistoryDoubled
from services.bus.record import Published

WAITING_EVENTS: Final = 5_000
WAITING_BYTES: Final = 8_000_000
"""What may wait of one partition before the topics that run ahead are held back."""


class Merge:
    """What has come of one partition, and how far it follows on."""

    def __init__(self, partition: int, checkpoint: Checkpoint) -> None:
        self.partition = partition
        self.checkpoint = checkpoint
        """Where a reader goes on that took in all that was handed out."""
        self.waiting: Counter[str] = Counter()
        """Topic to the number of its events that wait for another before them."""
        self.waiting_bytes = 0
        self.marked = bool(checkpoint.marks)
        """Whether topics are read from the checkpoint's marks, not from their beginning."""
        self._by_previous: dict[int, Published] = {}
        self._newest: dict[str, tuple[int, int]] = {}
        self._ready: deque[Step] = deque()
        self._last = checkpoint.position
        self._moved = False

    @property
    def last(self) -> int:
        """Position up to which all is here."""
        return self._last

    @property
    def nearest(self) -> int | None:
        """Lowest position that waits for another before it; None if nothing waits."""
        return min((each.stored.position for each in self._by_previous.values()), default=None)

    @property
    def ahead(self) -> list[str]:
        """Topics that are to be held back: too much waits, and of these."""
        if self.waiting.total() <= WAITING_EVENTS and self.waiting_bytes <= WAITING_BYTES:
            return []
        return [topic for topic, count in self.waiting.items() if count]

    def add(self, event: Published) -> None:
        """Take in a record; what was handed out before is passed over.

        Raises:
            HistoryDoubled: another event follows the same one, or it is there twice.
        """
        stored, previous = event.stored, event.previous
        offset, position = self._newest.get(stored.topic, (event.offset, 0))
        if event.offset > offset and stored.position <= position:
            raise HistoryDoubled(self.partition, previous)
        self._newest[stored.topic] = event.offset, stored.position
        if stored.position <= self._last:
            return
        if not self._moved:  # a checkpoint of the store may lie between two of its events
            previous = max(previous, self._last)
        if previous < self._last or previous in self._by_previous:
            raise HistoryDoubled(self.partition, previous)
        self._by_previous[previous] = event
        self.waiting[stored.topic] += 1
        self.waiting_bytes += len(stored.state)
        self._follow()

    def take(self, count: int) -> Stretch | None:
        """Hand out the next events, at most so many; None if none follow yet."""
        if not self._ready:
            return None
        steps = [self._ready.popleft() for _ in range(min(count, len(self._ready)))]
        stretch = Stretch(self.partition, self.checkpoint, steps, steps[-1].stored.position)
        self.checkpoint = stretch.end
        return stretch

    @property
    def ready(self) -> int:
        """How many events can be handed out."""
        return len(self._ready)

    def _follow(self) -> None:
        while event := self._by_previous.pop(self._last, None):
            stored = event.stored
            self.waiting[stored.topic] -= 1
            self.waiting_bytes -= len(stored.state)
            self._last, self._moved = stored.position, True
            self._ready.append(Step(stored, event.offset))
