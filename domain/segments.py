"""Long histories in segments of at most 1,000 events.

The nth event of a log (from 0) is version n % 1000 + 1 of segment n // 1000: a segment is sealed
by being full, and the next can't open before. Nobody ever needs to load one to go on, and two
writers meet at the same version, where the store lets only one pass (ADR 4).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.events import Event
from domain.recorded import StreamEvent
from domain.streams import SEGMENT_SIZE


@dataclass(frozen=True, slots=True)
class Log:
    """A segmented log: its prefix, and how many events it has."""

    prefix: str
    length: int

    def segment(self, number: int) -> str:
        """Name the stream of a segment."""
        return f"{self.prefix}/{number}"

    def append(self, events: Iterable[Event]) -> tuple["Log", list[StreamEvent]]:
        """Place events at the end; return the log after them and the placed events."""
        placed = [
            StreamEvent(self.segment(n // SEGMENT_SIZE), n % SEGMENT_SIZE + 1, event)
            for n, event in enumerate(events, self.length)
        ]
        return Log(self.prefix, self.length + len(placed)), placed

    @property
    def last_segment(self) -> str:
        """Stream the last event is in, or the first segment of an empty log."""
        return self.segment(max(0, self.length - 1) // SEGMENT_SIZE)

    @property
    def last_version(self) -> int:
        """Version of the last event in its segment, 0 for an empty log."""
        return (self.length - 1) % SEGMENT_SIZE + 1 if self.length else 0
