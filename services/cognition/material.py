"""What a step is about: gathered from the store and from the mind before the thinker is asked."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.asking import is_question
from domain.events import ObservationReceived
from domain.mind import Mind
from domain.partition import partition_of
from domain.recorded import Recorded
from domain.references import lines_of
from domain.thinking import Memory, ObservedLine, OpenHypothesis, Question
from projections.rows import PersonaRow
from services.cognition import recollection
from services.commands.cognition import MAX_CONTEXT
from services.store.mapper import to_recorded
from services.store.recorder import Recorder

LOT = 8
"""Observation batches read in one step."""
TESTED = 32
"""Hypotheses tested in one step."""
SINCE = "since:"
"""Tag of a child that need not look further back than a position."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a thinker is shown in one step."""

    phase: str
    lines: Sequence[ObservedLine] = ()
    memories: Sequence[Memory] = ()
    hypotheses: Sequence[OpenHypothesis] = ()
    question: Question | None = None
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
        self._more = True
        """Whether there may be input that was not looked at."""
        self._found = 0
        """Position of the last input found; until it is seen, it is looked for again."""
        self._watched = {None, row.persona_id} if row.parent_id is None else {row.persona_id}
        if any(tag.startswith("focus:") for tag in row.tags):
            self._watched |= {None, row.parent_id}

    def look_again(self) -> None:
        """Something came in: the next look is at the store."""
        self._more = True

    async def input(self, mind: Mind, children: Sequence[Memory]) -> Material | None:
        """Return what is new: input not yet observed, and what ended children left."""
        is_due = self._more or mind.seen < self._found
        batches = await self._looked_for(mind) if is_due else []
        if not batches and not children:
            return None
        lines = [line for each in batches for line in recollection.lines_of(each)]
        event = batches[-1].event if batches else None
        cause = (event.event_id, event.correlation_id) if event else None
        return Material("observe", lines, children, cause=cause)

    async def question(self, mind: Mind) -> Recorded | None:
        """Return the first question it has not answered; None if there is none."""
        return await asyncio.to_thread(
            recollection.first_question, self._recorder, self._row, mind.asked
        )

    async def test(self, mind: Mind) -> Material:
        """Return the hypotheses to test with the lines they cite, read from the store again."""
        wanted, refs = _tested_at_once(mind.hypotheses.values())
        cited = lines_of(refs)
        lines = await asyncio.to_thread(
            recollection.lines_at, self._recorder, cited, self._row.swarm_id
        )
        return Material("test", lines, hypotheses=wanted)

    async def seen_before(self, after: int, upto: int) -> tuple[list[ObservedLine], int]:
        """Return the next lines the persona saw before this process began, and where they end."""
        found = await asyncio.to_thread(self._read, max(after, self._since))
        batches = [b for b in found if b.position <= upto]
        last = max((b.position for b in found), default=upto)
        mine = [b for b in batches if self._is_mine(b)]
        return [line for b in mine for line in recollection.lines_of(b)], min(last, upto)

    async def _looked_for(self, mind: Mind) -> list[Recorded]:
        self._more = False  # what comes while it looks makes it look again
        try:
            batches, is_all = await asyncio.to_thread(self._unseen, mind)
        except BaseException:
            self._more = True
            raise
        self._more = self._more or not is_all
        self._found = batches[-1].position if batches else 0
        return batches

    def _unseen(self, mind: Mind) -> tuple[list[Recorded], bool]:
        """Return the next input, and whether that is all there is."""
        self._passed = max(self._passed, mind.seen)
        while found := self._read(self._passed):
            mine = [batch for batch in found if self._is_mine(batch)]
            if mine:
                return mine, len(found) < LOT
            self._passed = found[-1].position
        return [], True

    def _read(self, after: int) -> list[Recorded]:
        found = self._recorder.read(after, LOT, [self._partition], [recollection.OBSERVATION])
        return [to_recorded(stored) for stored in found]

    def _is_mine(self, batch: Recorded) -> bool:
        event = batch.event
        if not isinstance(event, ObservationReceived) or is_question(event.source):
            return False
        return event.swarm_id == self._row.swarm_id and event.persona_id in self._watched


def _tested_at_once(
    hypotheses: Iterable[OpenHypothesis],
) -> tuple[list[OpenHypothesis], list[str]]:
    """Return the hypotheses of one step and what they rest on: as much as one thought may cite."""
    wanted, refs = list[OpenHypothesis](), dict[str, None]()
    for hypothesis in hypotheses:
        more = refs | dict.fromkeys(hypothesis.evidence_refs)
        if wanted and (len(wanted) == TESTED or len(more) > MAX_CONTEXT):
            break
        wanted.append(hypothesis)
        refs = more
    return wanted, list(refs)[:MAX_CONTEXT]


def _is_since(tag: str) -> bool:
    return tag.startswith(SINCE) and tag[len(SINCE) :].isdecimal()
