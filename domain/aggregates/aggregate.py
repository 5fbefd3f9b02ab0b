"""What every aggregate shares: a stream, a version, and events not yet saved.

It satisfies the protocols of the `eventsourcing` library (an id, a version, `collect_events`),
so that its event store and repository serve; its decorators are not used, because a guard in a
decorated body would run again on replay.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Self

from domain.events import Event
from domain.recorded import StreamEvent


class Aggregate(ABC):
    """A consistency boundary over one stream. What its class annotates is its state."""

    def __init__(self, stream: str) -> None:
        """Begin empty, at version 0."""
        self._id = stream
        self._version = 0
        self._pending: list[StreamEvent] = []

    @property
    def id(self) -> str:
        """Name of the stream."""
        return self._id

    @property
    def version(self) -> int:
        """Version of the last event applied; 0 if there is none."""
        return self._version

    def stands_at(self, version: int) -> None:
        """Say which version a state put back from a cache stands at."""
        self._version = version

    @property
    def pending(self) -> Sequence[StreamEvent]:
        """Events decided and not yet collected."""
        return self._pending

    @abstractmethod
    def apply(self, event: Event) -> None:
        """Change the state by what happened. Never refuses."""

    def trigger(self, event: Event) -> None:
        """Let an event happen: place it, apply it, keep it for the save."""
        placed = StreamEvent(self._id, self._version + 1, event)
        self.fold([placed])
        self._pending.append(placed)

    def fold(self, events: Iterable[StreamEvent]) -> Self:
        """Apply events of the stream in their order."""
        for placed in events:
            self.apply(placed.event)
            self._version = placed.originator_version
        return self

    def collect_events(self) -> Sequence[StreamEvent]:
        """Hand over the pending events; they are the caller's to save."""
        pending, self._pending = self._pending, []
        return pending
