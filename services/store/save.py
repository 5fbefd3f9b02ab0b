"""What goes into the store in one piece, and what comes out of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from eventsourcing.persistence import StoredEvent

from services.store.errors import EventTooLarge

EVENT_LIMIT = 512 * 1024
"""Most bytes of one encoded event; larger ones are refused before any write."""
SAVE_LIMIT = 8_000_000
"""Most bytes of all states of one save."""


@dataclass(frozen=True, slots=True)
class Record(StoredEvent):
    """An event to store: the library's stored event and the partition it belongs to."""

    partition: int


@dataclass(frozen=True, slots=True)
class Fence:
    """An epoch by name. Who holds an older one can write nothing under it."""

    name: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an idempotent command, kept in the transaction of its events."""

    caller: str
    key: str
    body_hash: bytes
    render: Callable[[Sequence[int]], str]
    """Makes the answer's text of the positions its events got."""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Given:
    """The answer a command was given."""

    body_hash: bytes
    text: str
    status: int


@dataclass(frozen=True, slots=True)
class Save:
    """Events that are stored all together or not at all, and on what condition."""

    records: Sequence[Record]
    """Versions of a stream rise by one, the first follows the stream's last."""
    guards: Mapping[str, int] = field(default_factory=dict)
    """Streams that were read, not written, and the version they must stand at (0: not exist)."""
    fence: Fence | None = None
    """Refused unless this is the current epoch."""
    raise_fence: Fence | None = None
    """Sets the epoch, only ever to the current one plus one."""
    answer: Answer | None = None


class Span(NamedTuple):
    """What a save writes on one stream: versions from `first` to `last`."""

    stream: str
    first: int
    last: int


def measure(save: Save) -> int:
    """Return the bytes of a save's states.

    Raises:
        EventTooLarge: an event or the save is over its limit.
    """
    total = 0
    for record in save.records:
        size = len(record.state)
        if size > EVENT_LIMIT:
            raise EventTooLarge(f"the event {record.topic}", size, EVENT_LIMIT)
        total += size
    if total > SAVE_LIMIT:
        raise EventTooLarge("the save", total, SAVE_LIMIT)
    return total


def spans(records: Sequence[Record]) -> list[Span]:
    """Return what is written on each stream, in the order of first mention.

    Raises:
        ValueError: versions of a stream don't rise by one, or start below 1.
    """
    if len(records) == 1 and (version := records[0].originator_version) > 0:
        return [Span(str(records[0].originator_id), version, version)]
    written: dict[str, Span] = {}
    for record in records:
        stream, version = str(record.originator_id), record.originator_version
        span = written.get(stream)
        if version != (span.last + 1 if span else max(version, 1)):
            raise ValueError(f"version {version} of {stream} does not follow")
        written[stream] = Span(stream, span.first if span else version, version)
    return list(written.values())
