"""Looks evidence up in the store: whether it exists, and whether who cites it may see it.

A persona may cite observations of its own swarm, everything in its own thought log, and its
descendants' snapshots. What is elsewhere is as if it were not there, so that nobody can probe.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from domain import streams
from domain.events import (
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    ObservationReceived,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from services.gate.by_id import find_by_id
from services.gate.kin import descends
from services.gate.reference import Reference, read_reference
from services.store.mapper import to_recorded
from services.store.recorder import Recorder

EXCERPT_LINES = 10
"""Most lines shown of one reference."""
EXCERPT_CHARS = 500
"""Most characters shown of one line."""
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Citation:
    """A reference, looked up."""

    ref: str
    fault: str | None
    """Why it is no evidence; None if it is."""
    position: int | None = None
    what: str | None = None
    """Event class, with the source of an observation."""
    lines: Sequence[tuple[int, str]] = ()
    """The first of the lines it names, numbered as it names them."""
    left_out: int = 0
    """How many more it names."""


@dataclass(frozen=True, slots=True)
class Citing:
    """Who cites."""

    persona_id: str
    swarm_id: str


def look_up(recorder: Recorder, citing: Citing, refs: Sequence[str]) -> Iterator[Citation]:
    """Yield the citation of each reference, in order."""
    parsed = [read_reference(ref) for ref in refs]
    ids = {ref.text for ref in parsed if ref.position is None}
    named = find_by_id(recorder, citing.persona_id, ids) if ids else {}
    for start in range(0, len(parsed), _BATCH):
        batch = parsed[start : start + _BATCH]
        positions = {ref.position for ref in batch if ref.position is not None}
        placed = {s.position: to_recorded(s) for s in recorder.read_positions(sorted(positions))}
        for ref in batch:
            if ref.position is None:
                yield _cite(ref, named.get(ref.text))
            else:
                there = placed.get(ref.position)
                seen = there is not None and _may_see(recorder, citing, there)
                yield _cite(ref, there if seen else None)


def _may_see(recorder: Recorder, citing: Citing, there: Recorded) -> bool:
    if isinstance(there.event, ObservationReceived):
        return there.event.swarm_id == citing.swarm_id
    if there.stream.startswith(f"{streams.thoughts(citing.persona_id)}/"):
        return True
    owner = there.event.persona_id
    return (
        isinstance(there.event, SnapshotCompressed)
        and owner is not None
        and descends(recorder, owner, citing.persona_id)
    )


def _cite(ref: Reference, there: Recorded | None) -> Citation:
    if there is None:
        return Citation(ref.text, "is not there, or not for its persona to see")
    text = _text(there.event).split("\n")
    if ref.spans and not isinstance(there.event, ObservationReceived):
        return Citation(ref.text, f"is a {there.event.topic}, which has no lines")
    if fault := ref.fault(len(text)):
        return Citation(ref.text, fault)
    numbers = ref.lines() if ref.spans else iter(range(len(text)))
    count = ref.line_count if ref.spans else len(text)
    lines = [(n, text[n][:EXCERPT_CHARS]) for n in islice(numbers, EXCERPT_LINES)]
    return Citation(ref.text, None, there.position, _name(there.event), lines, count - len(lines))


def _name(event: Event) -> str:
    if isinstance(event, ObservationReceived):
        return f"{event.topic} of {event.source}"
    return event.topic


def _text(event: Event) -> str:
    match event:
        case ObservationReceived() | ThoughtGenerated():
            return event.content
        case HypothesisRaised():
            return event.claim
        case CheckRequested():
            return f"{event.kind} {event.spec}"
        case CheckResult():
            return event.excerpt
        case SnapshotCompressed():
            return event.summary
        case _:
            return event.topic
