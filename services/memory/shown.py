"""What a thinker was shown for one thought, read back from the store: exactly, and for ever.

A thought's event says what was shown by reference; what a reference names never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from domain import streams
from domain.events import ThoughtGenerated
from domain.events.cognition import ContextRef
from domain.recorded import Recorded
from domain.references import Span, read_reference
from projections.privacy import Readable
from services.gate.by_id import find_by_id
from services.gate.evidence import text_of
from services.store.locate import find_in_log
from services.store.mapper import to_recorded
from services.store.recorder import Recorder

MOST_LINES: Final = 20_000
"""Lines told of one thought; more are counted."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One memory that was shown."""

    ref: ContextRef
    there: Recorded | None
    """What the reference names; None if it names nothing that is kept, or that may be seen."""
    lines: Sequence[tuple[int, str]] = ()
    """Its text; of an observation the lines that were shown, numbered as in their batch."""
    left_out: int = 0
    """How many more lines there are."""


def find_thought(recorder: Recorder, persona_id: str, thought: str) -> Recorded | None:
    """Return a thought of a persona, by its id or its position; None if it has none of them."""
    if thought.isascii() and thought.isdecimal() and len(thought) <= 18:
        stored = next(iter(recorder.read_positions([int(thought)])), None)
    else:
        stored = find_in_log(recorder, streams.thoughts(persona_id), thought)
    found = to_recorded(stored) if stored else None
    if found is None or not isinstance(found.event, ThoughtGenerated):
        return None
    return found if found.event.persona_id == persona_id else None


def shown_to(recorder: Recorder, thought: Recorded, readable: Readable) -> list[Shown]:
    """Return what was shown for a thought, in order: of that, what a reader may see.

    All of it together has at most `MOST_LINES` lines, each reference some of them.
    """
    event = thought.event
    if not isinstance(event, ThoughtGenerated):
        return []
    named = [(each, read_reference(each.ref)) for each in event.context_refs]
    places = sorted({ref.position for _, ref in named if ref.position is not None})
    placed = {each.position: to_recorded(each) for each in recorder.read_positions(places)}
    ids = {ref.text for _, ref in named if ref.position is None}
    by_id = find_by_id(recorder, event.persona_id or "", ids) if ids else {}
    share = max(1, MOST_LINES // max(1, len(named)))
    return [
        _shown(
            each,
            by_id.get(ref.text) if ref.position is None else placed.get(ref.position),
            ref.spans,
            readable,
            share,
        )
        for each, ref in named
    ]


def _shown(
    ref: ContextRef, there: Recorded | None, spans: Sequence[Span], readable: Readable, most: int
) -> Shown:
    if there is None or not readable.covers(there.event):
        return Shown(ref, None)
    text = text_of(there.event).split("\n")
    end = len(text)
    named = [range(first, min(last + 1, end)) for first, last in spans or [(0, end)]]
    lines = [(number, text[number]) for number in islice(chain(*named), most)]
    return Shown(ref, there, lines, sum(map(len, named)) - len(lines))
