"""Looks evidence up in the store: whether it exists, and whether who cites it may see it.

A persona may cite observations of its own swarm, everything in its own thought log, its proposals
and what was done for them, and what it may read of others' (`domain.sharing`): what they share with
it, and its descendants' snapshots.
What is elsewhere is as if it were not there, so that nobody can probe.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import Final

from domain import streams
from domain.events import (
    ActionExecuted,
    CheckRequested,
    CheckResult,
    Event,
    HypothesisRaised,
    ObservationReceived,
    ProposalCreated,
    SnapshotCompressed,
    ThoughtGenerated,
)
from domain.recorded import Recorded
from domain.references import Reference, read_reference
from domain.sharing import is_input_for, may_read
from services.gate.by_id import find_by_id
from services.gate.kin import Relative, relative
from services.store.mapper import to_recorded
from services.store.recorder import Recorder

EXCERPT_LINES = 10
"""Most lines shown of one reference."""
EXCERPT_CHARS = 500
"""Most characters shown of one line."""
Kinship = Callable[[str], Relative | None]
_BATCH = 100
_WORDS: Final[dict[type[Event], tuple[str, ...]]] = {
    ObservationReceived: ("content",),
    ThoughtGenerated: ("content",),
    HypothesisRaised: ("claim",),
    CheckRequested: ("kind", "spec"),
    CheckResult: ("excerpt",),
    SnapshotCompressed: ("summary",),
    ProposalCreated: ("title", "rationale"),
    ActionExecuted: ("outcome", "result"),
}
"""What of an event is said in words, class to fields."""
_REMEMBERED: Final = (ProposalCreated, ActionExecuted)
"""Classes of events that a persona remembers and that are not in its thought log."""


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
    persona_id: str | None = None
    """Whose memory it is; None for input."""


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
    kin = cache(partial(relative, recorder))
    for start in range(0, len(parsed), _BATCH):
        batch = parsed[start : start + _BATCH]
        positions = {ref.position for ref in batch if ref.position is not None}
        placed = {s.position: to_recorded(s) for s in recorder.read_positions(sorted(positions))}
        for ref in batch:
            if ref.position is None:
                yield _cite(ref, named.get(ref.text))
            else:
                there = placed.get(ref.position)
                seen = there is not None and _may_see(kin, citing, there)
                yield _cite(ref, there if seen else None)


def _may_see(kin: Kinship, citing: Citing, there: Recorded) -> bool:
    if isinstance(there.event, ObservationReceived):
        return is_input_for(citing.swarm_id, there.event.swarm_id)
    owner_id = there.event.persona_id or ""
    thought = there.stream.startswith(f"{streams.thoughts(owner_id)}/")
    if not thought and not isinstance(there.event, _REMEMBERED):
        return False  # nothing anybody remembers
    if owner_id == citing.persona_id:
        return True
    reader, owner = kin(citing.persona_id), kin(owner_id)
    distilled = isinstance(there.event, SnapshotCompressed)
    return (
        reader is not None
        and owner is not None
        and may_read(reader.kin, owner.kin, owner.sharing, distilled=distilled)
    )


def _cite(ref: Reference, there: Recorded | None) -> Citation:
    if there is None:
        return Citation(ref.text, "is not there, or not for its persona to see")
    text = text_of(there.event).split("\n")
    if ref.spans and not isinstance(there.event, ObservationReceived):
        return Citation(ref.text, f"is a {there.event.topic}, which has no lines")
    if fault := ref.fault(len(text)):
        return Citation(ref.text, fault)
    numbers = ref.lines() if ref.spans else iter(range(len(text)))
    count = ref.line_count if ref.spans else len(text)
    lines = [(n, text[n][:EXCERPT_CHARS]) for n in islice(numbers, EXCERPT_LINES)]
    owner = None if isinstance(there.event, ObservationReceived) else there.event.persona_id
    left_out = count - len(lines)
    return Citation(ref.text, None, there.position, _name(there.event), lines, left_out, owner)


def _name(event: Event) -> str:
    if isinstance(event, ObservationReceived):
        return f"{event.topic} of {event.source}"
    return event.topic


def text_of(event: Event) -> str:
    """Return what an event says, in words."""
    fields = _WORDS.get(type(event), ("topic",))
    return " ".join(str(getattr(event, field)) for field in fields)
