"""How far a source was read: told by the last event of its log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from domain import streams
from domain.events import ObservationDropped, ObservationReceived
from domain.segments import Log
from services.store.mapper import to_recorded
from services.store.recorder import Recorder
from services.store.segments import log_length

ACTOR: Final = "system:input"
"""Who stores what is read here. What others push by the name of a source moves no mark."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a source was read."""

    length: int = 0
    """Events of its log."""
    offset: int = 0
    """Bytes of it that are stored, or dropped."""
    line: int = 0
    """Number of its next line."""
    continues: bool = False
    """Whether what comes next goes on with a line that is stored in part."""
    file: str | None = None
    """File the offset counts in, and what ends there, as in the event; None where none is told."""
    stored_at: datetime | None = None
    """When the last of it was stored."""


def mark_of(recorder: Recorder, swarm_id: str, source: str) -> Mark:
    """Return how far a source of a swarm was read, from the last of it that is stored.

    A source is pushed first and read then, if both at all: what is read can't be pushed to.
    """
    prefix = streams.observations(swarm_id, source)
    log = Log(prefix, log_length(recorder, prefix))
    if log.length == 0:
        return Mark()
    segment, index = divmod(log.length - 1, streams.SEGMENT_SIZE)
    [last] = recorder.span(log.segment(segment), index + 1, index + 1)
    event = cast("ObservationReceived | ObservationDropped", to_recorded(last).event)
    if event.actor != ACTOR:
        return Mark(log.length, line=next_line(event))
    line = next_line(event) - event.unfinished
    return Mark(log.length, event.offset, line, event.unfinished, event.file, event.occurred_at)


def next_line(event: ObservationReceived | ObservationDropped) -> int:
    """Return the number of the line after those of an event, its last one taken as whole."""
    if isinstance(event, ObservationReceived):
        return event.first_line + event.line_count
    return event.first_line + event.lines + event.continues
