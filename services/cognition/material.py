"""What a step is about: gathered from the store and from the mind before the thinker is asked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from domain.events.cognition import ContextRef
from domain.mind import Mind
from domain.partition import partition_of
from domain.ports import Memory, ObservedLine, OpenHypothesis
from domain.recorded import Recorded
from domain.references import lines_of, position_of
from projections.rows import PersonaRow
from services.cognition import recollection
from services.store.mapper import to_recorded
from services.store.recorder import Recorder

LOT = 8
"""Observation batches read in one step."""
TESTED = 32
"""Hypotheses tested in one step."""
SHOWN = 20
"""Memories shown to a thinker."""
SINCE = "since:"
"""Tag of a child that need not look further back than a position."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a thinker is shown in one step."""

    phase: str
    lines: Sequence[ObservedLine] = ()
    memories: Sequence[Memory] = ()
    context: tuple[ContextRef, ...] = ()
    hypotheses: Sequence[OpenHypothesis] = ()
    cause: tuple[str, str] | None = None
    """Event that led to it, and its correlation id; None: the persona's last thought."""


class Gatherer:
    """Gathers for one persona."""

    def __init__(self, row: PersonaRow, recorder: Recorder, partitions: int) -> None:
        self._row = row
        self._recorder = recorder
        self._partition = partition_of(row.swarm_id, partitions)
        self._since = max((int(t[len(SINCE) :]) - 1 for t in row.tags if _is_since(t)), default=0)
        self._passed = self._since
        self._watched = {None, row.persona_id} if row.parent_id is None else {row.persona_id}
        if any(tag.startswith("focus:") for tag in row.tags):
            self._watched |= {None, row.parent_id}

    async def input(self, mind: Mind, children: Sequence[Memory]) -> Material | None:
        """Return what is new: input not yet observed, and what ended children left."""
        batches = await asyncio.to_thread(self._unseen, mind)
        if not batches and not children:
            return None
        by_batch = [recollection.lines_of(batch) for batch in batches]
        lines = [line for each in by_batch for line in each]
        context = tuple(ContextRef(ref=_whole(each), tier="input") for each in by_batch)
        shown = tuple(memory.as_context for memory in children)
        event = batches[-1].event if batches else None
        cause = (event.event_id, event.correlation_id) if event else None
        return Material("observe", lines, children, context + shown, cause=cause)

    async def reflection(self, mind: Mind) -> Material:
        """Return what the persona holds true, newest last."""
        facts = mind.facts[-SHOWN:]
        memories = [Memory(f"mind:{self._row.persona_id}", "hot", fact) for fact in facts]
        return Material("reflect", memories=memories)

    async def test(self, mind: Mind) -> Material:
        """Return the hypotheses to test with the lines they cite, read from the store again."""
        wanted = list(mind.hypotheses.values())[:TESTED]
        cited = lines_of(ref for h in wanted for ref in h.evidence_refs)
        lines = await asyncio.to_thread(recollection.lines_at, self._recorder, cited)
        refs = tuple(
            ContextRef(ref=ref, tier="input")
            for h in wanted
            for ref in h.evidence_refs
            if position_of(ref)
        )
        return Material("test", lines, context=refs, hypotheses=wanted)

    async def seen_before(self, after: int, upto: int) -> tuple[list[ObservedLine], int]:
        """Return the next lines the persona saw before this process began, and where they end."""
        found = await asyncio.to_thread(self._read, max(after, self._since))
        batches = [b for b in found if b.position <= upto]
        last = max((b.position for b in found), default=upto)
        mine = [b for b in batches if self._is_mine(b)]
        return [line for b in mine for line in recollection.lines_of(b)], min(last, upto)

    def _unseen(self, mind: Mind) -> list[Recorded]:
        self._passed = max(self._passed, mind.seen)
        while found := self._read(self._passed):
            mine = [batch for batch in found if self._is_mine(batch)]
            if mine:
                return mine
            self._passed = found[-1].position
        return []

    def _read(self, after: int) -> list[Recorded]:
        found = self._recorder.read(after, LOT, [self._partition], [recollection.OBSERVATION])
        return [to_recorded(stored) for stored in found]

    def _is_mine(self, batch: Recorded) -> bool:
        event = batch.event
        return event.swarm_id == self._row.swarm_id and event.persona_id in self._watched


def _whole(lines: Sequence[ObservedLine]) -> str:
    return f"{lines[0].position}#0-{lines[-1].number}"


def _is_since(tag: str) -> bool:
    return tag.startswith(SINCE) and tag[len(SINCE) :].isdecimal()
