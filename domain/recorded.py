"""An event at its place: stream and version when decided, position when stored."""

from dataclasses import dataclass

from domain.events import Event


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """An event as the next of its stream; what the `eventsourcing` library calls a domain event."""

    originator_id: str
    originator_version: int
    event: Event


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the store has it."""

    position: int
    """Place in the total order of all events, from 1, without gaps."""
    stream: str
    version: int
    partition: int
    event: Event
