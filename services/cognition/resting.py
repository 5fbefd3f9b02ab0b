"""What a persona does while it does not think: wait for input, for a window, for its end."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta

from domain.context import Context
from domain.errors import BudgetExhausted, PersonaReapedError
from domain.streams import persona as persona_stream
from domain.streams import thoughts
from projections.rows import PersonaRow
from services import clock
from services.cognition import recollection
from services.cognition.thinking import Thinking
from services.commands import cognition, lifecycle
from services.store.segments import log_length
from services.unit_of_work import Unit

DISTIL_AFTER = 1_000
"""Events that are only pushed before they are distilled, so that the tail stays short."""
LOOK_SECS = 60.0
LONGEST_BACKOFF_SECS = 60.0
DOUBLED = 6
"""Failures in a row after which a pause is the longest."""


def backoff_secs(failures: int) -> float:
    """Return how long a persona waits after so many failures in a row: twice as long each time."""
    if failures > DOUBLED:  # no float holds what years of failing come to
        return LONGEST_BACKOFF_SECS
    return float(2 ** (failures - 1))


class Resting:
    """The waiting of one persona."""

    def __init__(
        self,
        row: PersonaRow,
        thinking: Thinking,
        distil_after: int = DISTIL_AFTER,
        look_secs: float = LOOK_SECS,
    ) -> None:
        """Prepare.

        Args:
            row: who it is.
            thinking: the means.
            distil_after: events that are only pushed before they are distilled.
            look_secs: how often it is looked for them, and for a persona that idles.
        """
        self._row = row
        self._thinking = thinking
        self._distil_after = self._distil_at = distil_after
        self._look_secs = look_secs

    async def give_back(self) -> None:
        """Give back what is left of its lease."""
        thinking = self._thinking
        await thinking.governor.give_back(self._context(), self._row.persona_id, thinking.fence)

    async def wait_for_input(self, wake: asyncio.Event, children: Collection[str]) -> None:
        """Wait for input, at most until idle for too long.

        Raises:
            PersonaReapedError: it idled too long and was reaped.
        """
        thinking, persona_id = self._thinking, self._row.persona_id
        ttl = timedelta(seconds=self._row.limits.idle_ttl_secs)
        while not wake.is_set():
            await self._distil()
            idle = await asyncio.to_thread(thinking.idle_for, persona_id)
            if idle >= ttl and not children:
                await asyncio.to_thread(thinking.reap, persona_id, "idle")
                raise PersonaReapedError(persona_id)
            left = max(1.0, (ttl - idle).total_seconds()) if idle < ttl else self._look_secs
            try:
                async with asyncio.timeout(min(left, self._look_secs)):
                    await wake.wait()
            except TimeoutError:
                continue

    async def pause(self, exhausted: BudgetExhausted) -> datetime | None:
        """Pause for an empty budget: nothing is spent until it may have filled.

        Returns:
            When to resume; None: no time fills it, and somebody must resume it.
        """
        thinking, persona_id = self._thinking, self._row.persona_id
        context, seconds = self._context(), exhausted.retry_after_secs
        until = context.now + timedelta(seconds=seconds) if seconds else None

        def pause(unit: Unit) -> None:
            unit.fence = thinking.fence
            persona = unit.persona(persona_id)
            swarm = unit.swarm(persona.swarm_id)
            used = swarm.used_in_window(persona_stream(persona_id), context.window)
            persona.pause(unit.context, "budget", used, until)

        await thinking.executor.execute_async(context, pause)
        return until

    async def wait_until(self, until: datetime) -> None:
        """Wait out a pause that ends by itself, and resume."""
        thinking, persona_id = self._thinking, self._row.persona_id

        def resume(unit: Unit) -> None:
            unit.fence = thinking.fence
            if unit.persona(persona_id).paused:
                lifecycle.resume(unit, persona_id, "window")

        await asyncio.sleep(max(0.0, (until - clock.now()).total_seconds()))
        await thinking.executor.execute_async(self._context(), resume)

    async def _distil(self) -> None:
        """Write the snapshot of a persona who is only spoken for, once its tail is long."""
        thinking, persona_id = self._thinking, self._row.persona_id
        length = await asyncio.to_thread(log_length, thinking.recorder, thoughts(persona_id))
        if length < self._distil_at:
            return
        mind = await asyncio.to_thread(recollection.recollect, thinking.recorder, persona_id)
        self._distil_at = mind.length - mind.since_snapshot + self._distil_after
        if mind.length < self._distil_at:
            return
        decided = await asyncio.to_thread(thinking.decided, persona_id)

        def compress(unit: Unit) -> None:
            unit.fence = thinking.fence
            persona = unit.persona(persona_id)
            if persona.reaped:
                return
            recollection.must_be_whole(unit, mind)
            snapshot_id = unit.context.new_id()
            cognition.compress(unit, persona, snapshot_id=snapshot_id, **mind.distil(decided))

        context = thinking.executor.context("system:scheduler")
        with suppress(recollection.MindMoved):  # its agent is at work: next time
            await thinking.save_whole(context, mind, compress)

    def _context(self) -> Context:
        return self._thinking.executor.context(f"persona:{self._row.persona_id}")
