"""Steps one persona: observe, reflect, test, compress; then rest until something comes."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

from domain.budget import Credits
from domain.context import Context
from domain.errors import (
    BudgetExhausted,
    PersonaIsPaused,
    PersonaReapedError,
)
from domain.events import PersonaSpawned, SnapshotCompressed, ThoughtGenerated
from domain.mind import Mind, keys_of
from domain.recorded import Recorded
from domain.streams import thoughts
from domain.thinking import Memory, Question
from projections.rows import PersonaRow
from services.cognition import recollection, steps
from services.cognition.calls import Calls, read_along, without_answer
from services.cognition.inheriting import Inheritance
from services.cognition.material import Gatherer, Material
from services.cognition.request import Requests
from services.cognition.resting import Resting, backoff_secs
from services.cognition.saving import Thought, save_what_can_be, step_of
from services.cognition.thinkers import EXTERNAL
from services.cognition.thinking import Thinking
from services.executor import Done
from services.gate.evidence import text_of

OBSERVES_A_CYCLE = 64
"""Observe steps before a persona reflects, however much is waiting."""
ANSWER_TRIES = 3
"""Failures in a row, of whatever step, after which a question is answered by what went wrong."""


class Runner:
    """The loop of one persona."""

    def __init__(
        self, row: PersonaRow, thinking: Thinking, children: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Prepare; `children` are its live children and their tags, at any time."""
        self.row = row
        self.resting = False
        self._children = children
        self._thinking = thinking
        self._gatherer = Gatherer(row, thinking.recorder, thinking.executor.mapper.partitions)
        self._chosen = thinking.thinkers.of(row.tags)
        self._requests = Requests(row)
        self._rest = Resting(row, thinking)
        self._mind = Mind(row.persona_id)
        self._inheritance = Inheritance()
        self._wake = asyncio.Event()
        self._is_external = EXTERNAL in row.tags
        self._asked = True
        self._unsaved: Thought | None = None
        """What was thought when it was paused: said once it may go on."""
        self._held = row.status == "paused" and row.paused_until is None
        self._observes = 0
        self._failures = 0
        self._recalled = False

    def wake(self, memory: Memory | None = None) -> None:
        """Tell it that something came."""
        if memory and not self._is_external:  # its agent takes in nothing from here
            self._inheritance.bring(memory)
        self._gatherer.look_again()
        self.resting = False
        self._wake.set()

    def ask(self) -> None:
        """Tell it that it was asked something."""
        self._asked = True
        self.wake()

    def hold(self) -> None:
        """Somebody paused it: it takes no further step."""
        self._held = True

    def release(self) -> None:
        """It may go on."""
        self._held = False
        self.wake()

    async def run(self) -> None:
        """Think until reaped.

        Raises:
            LoopSuperseded: a newer loop has taken over.
        """
        persona_id = self.row.persona_id
        self._asked = True
        try:
            self._mind = await asyncio.to_thread(
                recollection.recollect, self._thinking.recorder, persona_id
            )
            if self.row.status == "paused" and self.row.paused_until:
                await self._rest.wait_until(self.row.paused_until)
            while True:
                await self._turn()
        except PersonaReapedError:
            return

    async def _turn(self) -> None:
        self._wake.clear()
        began = time.monotonic()
        try:
            if self._held:
                raise PersonaIsPaused(self.row.persona_id, "held")
            thought = self._unsaved or await self._think()
            if thought is None:
                await self._rest.give_back()
                self.resting = not self._wake.is_set()
                await self._rest.wait_for_input(self._wake, self._children)
                return
            await self._say(thought)
        except BudgetExhausted as exhausted:
            await self._rest.give_back()
            self.resting = True
            until = await self._rest.pause(exhausted)
            if until is None:
                await self._wake.wait()
                return
            await self._rest.wait_until(until)
            self.resting = False
        except PersonaIsPaused:
            await self._rest.give_back()
            self.resting = True
            await self._wake.wait()
            return
        await asyncio.sleep(max(0.0, self._thinking.interval_secs - (time.monotonic() - began)))

    async def _gather(self) -> Material | None:
        if self._is_external:
            return None
        if self._asked and (material := await self._question()):
            return material
        mind, phase = self._mind, self._mind.next_phase
        may_observe = phase == "observe" or self._observes < OBSERVES_A_CYCLE
        if mind.last_phase in (None, "observe") and may_observe:
            material = await self._gatherer.input(mind, self._inheritance.waiting)
            if material or phase == "observe":
                return material
        if phase == "reflect":
            reminded = await self._thinking.remembering.before_reflecting(self.row.persona_id)
            return Material(phase, memories=reminded)
        if phase == "test" and mind.hypotheses:
            return await self._gatherer.test(mind)
        return Material("compress")

    async def _question(self) -> Material | None:
        """Return the question it is to answer next, with what that reminds it of."""
        self._asked = False
        found = await self._gatherer.question(self._mind)
        if found is None:
            return None
        self._asked = True
        event = found.event
        question = Question(event.event_id, found.position, text_of(event), event.actor)
        reminded = await self._thinking.remembering.before_answering(
            self.row.persona_id, question.text
        )
        cause = event.event_id, event.correlation_id
        return Material("reflect", memories=reminded, question=question, cause=cause)

    async def _think(self) -> Thought | None:
        """Take the next step; return what came of it, None if there is nothing to think about."""
        material = await self._gather()
        if material is None:
            return None
        await self._recall()
        thinking, persona_id = self._thinking, self.row.persona_id
        request = self._requests.make(material, self._known, self._children)

        async def reserve(need: Credits) -> None:
            context = self._context(material)
            await thinking.governor.reserve(context, persona_id, need, thinking.fence)

        def settle(used: Credits) -> None:
            thinking.governor.settle(persona_id, used)

        began = time.monotonic()
        answered = await Calls(self._chosen, reserve, settle).answer(request)
        if material.question and self._failures + 1 >= ANSWER_TRIES:
            answered = replace(answered, result=without_answer(answered.result))
        latency_ms = int((time.monotonic() - began) * 1000)
        return Thought(material, answered, latency_ms)

    async def _say(self, thought: Thought) -> None:
        """Save a step. What was thought when its persona was paused is paid for, and kept.

        Raises:
            PersonaIsPaused: it may not say it yet.
        """
        self._unsaved = None
        row, mind, inherited = self.row, self._mind, self._inheritance.facts
        step = await step_of(thought, row, self._thinking, mind, inherited)
        try:
            done = await save_what_can_be(self._thinking, self._context(thought.material), step)
        except PersonaIsPaused:
            self._unsaved = thought
            raise
        await self._take_in(step, done)
        if self._mind.failed:
            self._failures += 1
            await asyncio.sleep(backoff_secs(self._failures))
        else:
            self._failures = 0

    async def _take_in(self, step: steps.Step, done: Done[int]) -> None:
        """Fold what was saved into the mind; reload it if somebody else added to the log."""
        self._thinking.last_tick_at = done.events[0].event.occurred_at
        spawned = (
            position
            for placed, position in zip(done.events, done.positions, strict=True)
            if isinstance(placed.event, PersonaSpawned)
        )
        self._thinking.spawned_at = max(spawned, default=self._thinking.spawned_at)
        self._observes = self._observes + 1 if step.phase == "observe" else 0
        said = [placed.event for placed in done.events]
        if not any(isinstance(each, ThoughtGenerated) and each.error for each in said):
            self._inheritance.take({shown.ref for shown in step.context})
        if any(isinstance(each, SnapshotCompressed) for each in said):
            self._inheritance.distilled()
        if done.result != self._mind.length:
            self._mind = await asyncio.to_thread(
                recollection.recollect, self._thinking.recorder, self.row.persona_id
            )
            return
        prefix = thoughts(self.row.persona_id) + "/"
        for placed, position in zip(done.events, done.positions, strict=True):
            if placed.originator_id.startswith(prefix):
                stream, version = placed.originator_id, placed.originator_version
                self._mind.apply(Recorded(position, stream, version, 0, placed.event))

    async def _recall(self) -> None:
        """Once after a start: let the thinker take in what the persona had seen before."""
        if self._recalled:
            return
        after = 0
        while after < self._mind.seen:
            lines, after = await self._gatherer.seen_before(after, self._mind.seen)
            request = self._requests.make(Material("observe", lines), self._known, {})
            for each in filter(None, (self._chosen.thinker, self._chosen.fallback)):
                await read_along(each, request)
        self._recalled = True

    @property
    def _known(self) -> set[str]:
        """Belief keys it holds true, by itself or from a child that has ended."""
        return self._mind.known | keys_of(self._inheritance.facts)

    def _context(self, material: Material) -> Context:
        """Make the context of a step: it follows from the last thought, or from new input."""
        cause = material.cause or self._mind.cause
        event_id, correlation_id = cause or (None, None)
        actor = f"persona:{self.row.persona_id}"
        return self._thinking.executor.context(actor, correlation_id, event_id)
