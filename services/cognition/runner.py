"""Steps one persona: observe, reflect, test, compress; then rest until something comes."""

import asyncio
import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta

from domain.budget import SECONDS_A_WINDOW, Credits
from domain.context import Context
from domain.errors import (
    BudgetExhausted,
    InvalidInput,
    LimitExceeded,
    PersonaIsPaused,
    PersonaReapedError,
)
from domain.events import PersonaSpawned
from domain.events.cognition import Thinker, Usage
from domain.events.lifecycle import Identity
from domain.mind import Decided, Mind
from domain.ports import Memory, ThinkRequest, ThinkResult
from domain.recorded import Recorded
from domain.streams import persona as persona_stream
from domain.streams import thoughts
from projections.rows import PersonaRow
from services.cognition import prompt, recollection, steps
from services.cognition.material import Gatherer, Material
from services.cognition.thinking import Thinking
from services.commands import lifecycle
from services.executor import Done
from services.unit_of_work import Unit

logger = logging.getLogger(__name__)

OBSERVES_A_CYCLE = 64
"""Observe steps before a persona reflects, however much is waiting."""
LONGEST_BACKOFF_SECS = 60.0
EXTERNAL = "thinker:external"
"""Tag of a persona whose agent thinks elsewhere: the loop only ends it when it idles."""


class Runner:
    """The loop of one persona."""

    def __init__(self, row: PersonaRow, thinking: Thinking) -> None:
        self.row = row
        self.resting = False
        self.children: dict[str, tuple[str, ...]] = {}
        """Live children and their tags."""
        self._thinking = thinking
        self._gatherer = Gatherer(row, thinking.recorder, thinking.executor.mapper.partitions)
        self._mind = Mind(row.persona_id)
        self._inbox: list[Memory] = []
        self._inherited: list[str] = []
        self._wake = asyncio.Event()
        self._held = row.status == "paused" and row.paused_until is None
        self._observes = 0
        self._failures = 0
        self._recalled = False
        self._rested_at = time.monotonic()

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
                await self._wait_until(self.row.paused_until)
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
                await self._rest()
                return
            await self._recall()
            await self._step(material)
        except BudgetExhausted as exhausted:
            await self._wait_for_window(exhausted)
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
        request = await self._request(material)
        need = thinking.thinker.worst_case(request.prompt)
        context = self._context()
        await thinking.governor.reserve(context, self.row.persona_id, need, thinking.fence)
        began = time.monotonic()
        result = await self._ask(request, need)
        latency_ms = int((time.monotonic() - began) * 1000)
        thinking.governor.settle(
            self.row.persona_id, Credits(result.usage.tokens, result.usage.cpu_ms)
        )
        step = await self._answered(material, result, latency_ms)
        done = await self._save_what_can_be(step)
        await self._take_in(material, done)
        if self._mind.failed:
            self._failures += 1
            await asyncio.sleep(min(LONGEST_BACKOFF_SECS, 2.0 ** (self._failures - 1)))
        else:
            self._failures = 0

    async def _request(self, material: Material) -> ThinkRequest:
        row, limits, identity = self.row, self.row.limits, identity_of(self.row)
        text = prompt.build(
            material.phase,
            identity,
            material.memories,
            material.lines,
            limits.token_budget_per_minute // 2,
        )
        return ThinkRequest(
            material.phase,
            row.persona_id,
            row.swarm_id,
            identity,
            limits,
            text,
            material.lines,
            material.memories,
            material.hypotheses,
            self._mind.known,
            [tag for tags in self.children.values() for tag in tags],
            self._free_places(),
        )

    async def _ask(self, request: ThinkRequest, need: Credits) -> ThinkResult:
        """Ask the thinker. Whatever goes wrong is a thought with an error, and is charged."""
        timeout = need.cpu_ms / 1000
        began = time.monotonic()
        try:
            return await asyncio.wait_for(self._thinking.thinker.think(request), timeout)
        except TimeoutError:
            # it may still be at work somewhere: its whole reservation is forfeit
            lost = Usage(prompt_tokens=need.tokens, cpu_ms=need.cpu_ms)
            return _failed(f"no answer within {need.cpu_ms} ms", lost)
        except Exception as wrong:
            logger.warning("a thinker failed", extra={"persona": request.persona_id}, exc_info=True)
            spent_ms = min(need.cpu_ms, int((time.monotonic() - began) * 1000))
            lost = Usage(prompt_tokens=need.tokens, cpu_ms=spent_ms)
            return _failed(f"{type(wrong).__name__}: {wrong}"[:500], lost)

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

    async def _save_what_can_be(self, step: steps.Step) -> Done[int]:
        try:
            return await self._save(step)
        except LimitExceeded:
            return await self._save(steps.without_children(step))
        except InvalidInput as nonsense:
            failed = _failed(f"{nonsense.code}: {nonsense}"[:500], step.result.usage)
            return await self._save(replace(step, result=failed))

    async def _save(self, step: steps.Step) -> Done[int]:
        prefix = thoughts(self.row.persona_id)

        def command(unit: Unit) -> int:
            before = unit.log(prefix).length
            steps.save(unit, step)
            return before

        return await self._thinking.executor.execute_async(self._context(), command)

    async def _take_in(self, material: Material, done: Done[int]) -> None:
        """Fold what was saved into the mind; reload it if somebody else added to the log."""
        self._thinking.last_tick_at = done.events[0].event.occurred_at
        self._thinking.expected.update(
            str(placed.event.persona_id)
            for placed in done.events
            if isinstance(placed.event, PersonaSpawned)
        )
        self._observes = self._observes + 1 if material.phase == "observe" else 0
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
        taken = {c.ref for c in material.context}
        self._inherited += [m.text for m in self._inbox if m.ref in taken]
        if material.phase == "compress":
            self._inherited = []
        self._inbox = [memory for memory in self._inbox if memory.ref not in taken]

    async def _recall(self) -> None:
        """Once after a start: let the thinker take in what the persona had seen before."""
        if self._recalled:
            return
        after = 0
        while after < self._mind.seen:
            lines, after = await self._gatherer.seen_before(after, self._mind.seen)
            request = await self._request(Material("observe", lines))
            await self._thinking.thinker.recall(request)
        self._recalled = True

    async def _rest(self) -> None:
        """Give the lease back, then wait for input, at most until idle for too long."""
        thinking, persona_id = self._thinking, self.row.persona_id
        await thinking.governor.give_back(self._context(), persona_id, thinking.fence)
        self.resting = not self._wake.is_set()
        ttl = timedelta(seconds=self.row.limits.idle_ttl_secs)
        while not self._wake.is_set():
            idle = await asyncio.to_thread(thinking.idle_for, persona_id)
            if idle >= ttl and not self.children:
                await asyncio.to_thread(thinking.reap, persona_id, "idle")
                raise PersonaReapedError(persona_id)
            left = max(1.0, (ttl - idle).total_seconds()) if idle < ttl else 60.0
            try:
                await asyncio.wait_for(self._wake.wait(), min(left, 3_600.0))
            except TimeoutError:
                continue

    async def _wait_for_window(self, exhausted: BudgetExhausted) -> None:
        """Pause for an empty budget; nothing is spent until the next window opens."""
        thinking, persona_id = self._thinking, self.row.persona_id
        context = self._context()
        seconds = exhausted.retry_after_secs or SECONDS_A_WINDOW
        until = context.now + timedelta(seconds=seconds)

        def pause(unit: Unit) -> None:
            unit.fence = thinking.fence
            persona = unit.persona(persona_id)
            swarm = unit.swarm(persona.swarm_id)
            used = swarm.used_in_window(persona_stream(persona_id), context.window)
            persona.pause(unit.context, "budget", used, until)

        await thinking.executor.execute_async(context, pause)
        await self._wait_until(until)

    async def _wait_until(self, until: datetime) -> None:
        """Wait out a pause that ends by itself, and resume."""
        thinking, persona_id = self._thinking, self.row.persona_id

        def resume(unit: Unit) -> None:
            unit.fence = thinking.fence
            if unit.persona(persona_id).paused:
                lifecycle.resume(unit, persona_id, "window")

        self.resting = True
        await asyncio.sleep(max(0.0, (until - self._context().now).total_seconds()))
        self.resting = False
        await thinking.executor.execute_async(self._context(), resume)

    def _free_places(self) -> int:
        limits = self.row.limits
        if self.row.depth >= limits.max_spawn_depth:
            return 0
        return max(0, limits.max_branching_factor - len(self.children))

    def _context(self) -> Context:
        return self._thinking.executor.context(f"persona:{self.row.persona_id}")


def identity_of(row: PersonaRow) -> Identity:
    """Return who a persona is, from its row."""
    return Identity(
        name=row.name,
        role=row.role,
        charter=row.charter,
        parent_id=row.parent_id,
        depth=row.depth,
        tags=row.tags,
    )


def _failed(error: str, usage: Usage) -> ThinkResult:
    return ThinkResult(
        content="",
        thinker=Thinker(source="failed"),
        usage=usage,
        impact=0.0,
        finish_reason="error",
        error=error,
    )
