"""Steps one persona: observe, reflect, test, compress; then rest until something comes."""

import asyncio
import time
from dataclasses import replace

from domain.budget import Credits
from domain.context import Context
from domain.errors import (
    BudgetExhausted,
    InvalidInput,
    LimitExceeded,
    PersonaIsPaused,
    PersonaReapedError,
)
from domain.events import PersonaSpawned
from domain.mind import Decided, Mind, keys_of
from domain.ports import Memory, ThinkResult
from domain.recorded import Recorded
from domain.streams import thoughts
from projections.rows import PersonaRow
from services.cognition import recollection, steps
from services.cognition.asking import Asking, failed
from services.cognition.material import Gatherer, Material
from services.cognition.resting import EXTERNAL, Resting
from services.cognition.thinking import Thinking
from services.executor import Done
from services.unit_of_work import Unit

OBSERVES_A_CYCLE = 64
"""Observe steps before a persona reflects, however much is waiting."""
LONGEST_BACKOFF_SECS = 60.0


class Runner:
    """The loop of one persona."""

    def __init__(self, row: PersonaRow, thinking: Thinking) -> None:
        self.row = row
        self.resting = False
        self.children: dict[str, tuple[str, ...]] = {}
        """Live children and their tags."""
        self._thinking = thinking
        self._gatherer = Gatherer(row, thinking.recorder, thinking.executor.mapper.partitions)
        self._asking = Asking(row, thinking.thinker)
        self._rest = Resting(row, thinking)
        self._mind = Mind(row.persona_id)
        self._inbox: list[Memory] = []
        self._inherited: list[str] = []
        self._wake = asyncio.Event()
        self._held = row.status == "paused" and row.paused_until is None
        self._observes = 0
        self._failures = 0
        self._recalled = False

    def wake(self, memory: Memory | None = None) -> None:
        """Tell it that something came."""
        if memory:
            self._inbox.append(memory)
        self.resting = False
        self._wake.set()

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
            material = await self._gather()
            if material is None:
                self.resting = not self._wake.is_set()
                await self._rest.wait_for_input(self._wake, self.children)
                return
            await self._recall()
            await self._step(material)
        except BudgetExhausted as exhausted:
            self.resting = True
            await self._rest.wait_for_window(exhausted)
            self.resting = False
        except PersonaIsPaused:
            self.resting = True
            await self._wake.wait()
            return
        await asyncio.sleep(max(0.0, self._thinking.interval_secs - (time.monotonic() - began)))

    async def _gather(self) -> Material | None:
        if EXTERNAL in self.row.tags:
            return None
        mind, phase = self._mind, self._mind.next_phase
        may_observe = phase == "observe" or self._observes < OBSERVES_A_CYCLE
        if mind.last_phase in (None, "observe") and may_observe:
            material = await self._gatherer.input(mind, self._inbox)
            if material or phase == "observe":
                return material
        if phase == "reflect":
            return await self._gatherer.reflection(mind)
        if phase == "test" and mind.hypotheses:
            return await self._gatherer.test(mind)
        return Material("compress")

    async def _step(self, material: Material) -> None:
        thinking = self._thinking
        request = self._asking.request(material, self._known, self.children)
        need = thinking.thinker.worst_case(request.prompt)
        context = self._context(material)
        await thinking.governor.reserve(context, self.row.persona_id, need, thinking.fence)
        began = time.monotonic()
        result = await self._asking.ask(request, need)
        latency_ms = int((time.monotonic() - began) * 1000)
        used = Credits(result.usage.tokens, result.usage.cpu_ms)
        thinking.governor.settle(self.row.persona_id, used)
        step = await self._answered(material, result, latency_ms)
        if not need.covers(used):
            step = replace(step, overspent=used)
        done = await self._save_what_can_be(context, step)
        await self._take_in(material, done)
        if self._mind.failed:
            self._failures += 1
            await asyncio.sleep(min(LONGEST_BACKOFF_SECS, 2.0 ** (self._failures - 1)))
        else:
            self._failures = 0

    async def _answered(
        self, material: Material, result: ThinkResult, latency_ms: int
    ) -> steps.Step:
        thinking = self._thinking
        decided: list[Decided] = []
        if material.phase == "compress":
            decided = await asyncio.to_thread(thinking.decided, self.row.persona_id)
        return steps.Step(
            persona_id=self.row.persona_id,
            phase=material.phase,
            result=result,
            context=material.context,
            latency_ms=latency_ms,
            mind=self._mind,
            decided=decided,
            inherited=self._inherited,
            ceilings=thinking.ceilings,
            child_ttl_secs=thinking.settings.child_idle_ttl_secs,
            fence=thinking.fence,
        )

    async def _save_what_can_be(self, context: Context, step: steps.Step) -> Done[int]:
        try:
            return await self._save(context, step)
        except LimitExceeded:
            return await self._save(context, steps.without_children(step))
        except InvalidInput as nonsense:
            said = failed(f"{nonsense.code}: {nonsense}"[:500], step.result.usage)
            return await self._save(context, replace(step, result=said))

    async def _save(self, context: Context, step: steps.Step) -> Done[int]:
        prefix = thoughts(self.row.persona_id)

        def command(unit: Unit) -> int:
            before = unit.log(prefix).length
            steps.save(unit, step)
            return before

        return await self._thinking.executor.execute_async(context, command)

    async def _take_in(self, material: Material, done: Done[int]) -> None:
        """Fold what was saved into the mind; reload it if somebody else added to the log."""
        self._thinking.last_tick_at = done.events[0].event.occurred_at
        spawned = (
            position
            for placed, position in zip(done.events, done.positions, strict=True)
            if isinstance(placed.event, PersonaSpawned)
        )
        self._thinking.spawned_at = max(spawned, default=self._thinking.spawned_at)
        self._observes = self._observes + 1 if material.phase == "observe" else 0
        taken = {c.ref for c in material.context}
        self._inherited += [f for m in self._inbox if m.ref in taken for f in (m.text, *m.facts)]
        self._inbox = [memory for memory in self._inbox if memory.ref not in taken]
        if material.phase == "compress":
            self._inherited = []
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
            request = self._asking.request(Material("observe", lines), self._known, {})
            await self._thinking.thinker.recall(request)
        self._recalled = True

    @property
    def _known(self) -> set[str]:
        """Belief keys it holds true, by itself or from a child that has ended."""
        return self._mind.known | keys_of(self._inherited)

    def _context(self, material: Material) -> Context:
        """Make the context of a step: it follows from the last thought, or from new input."""
        cause = material.cause or self._mind.cause
        event_id, correlation_id = cause or (None, None)
        actor = f"persona:{self.row.persona_id}"
        return self._thinking.executor.context(actor, correlation_id, event_id)
