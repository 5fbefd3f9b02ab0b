"""An event at its place: stream and version when decided, position when stored."""

from dataclasses import dataclass
from typing import NamedTuple

from domain.events import Event


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """An event as the next of its stream; what the `eventsourcing` library calls a domain event."""

    originator_id: str
    originator_version: int
    event: Event


class Stored(NamedTuple):
    """An event as stored: its bytes are not looked into.

    A tuple, since whoever reads the store makes one of every row: a frozen dataclass takes longer
    to make than its row to read.
    """

    position: int
    """Place in the total order of all events, from 1, without gaps."""
    stream: str
    version: int
    topic: str
    partition: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored event, decoded."""

    position: int
    """Place in the total order of all events, from 1, without gaps."""
    stream: str
    version: int
    partition: int
    event: Event
