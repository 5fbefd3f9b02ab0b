"""One runner for every live persona, woken by what happens."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

from domain.asking import is_question
from domain.errors import LoopSuperseded
from domain.events import (
    ObservationReceived,
    PersonaPaused,
    PersonaReaped,
    PersonaResumed,
    PersonaSpawned,
)
from domain.mind import inherited_line
from domain.recorded import Recorded
from domain.thinking import Memory
from projections import snapshots
from projections.privacy import EVERYTHING
from projections.rows import PersonaRow, SnapshotRow
from services.cognition.runner import Runner
from services.cognition.thinking import Thinking
from services.store.mapper import to_recorded
from services.views import Views

logger = logging.getLogger(__name__)

TOPICS = (
    "observation.received",
    "persona.spawned",
    "persona.reaped",
    "persona.paused",
    "persona.resumed",
)
PAGE = 1_000
LONGEST_BACKOFF_SECS = 30.0
CYCLES = 8
"""Cycles looked back for what a persona has inherited: more than end while a child is reaped."""
AGAIN_SECS = 0.5
"""How soon views that are behind are asked again."""


class Scheduler:
    """Steps all live personas, concurrently and fairly."""

    def __init__(self, thinking: Thinking, views: Views) -> None:
        self._thinking = thinking
        self._views = views
        self._runners: dict[str, Runner] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._children: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
        """Of each parent its live children and their tags."""
        self._position = -1
        """Up to where all is taken in; before 0, nobody has begun."""
        self._superseded = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled.

        Raises:
            LoopSuperseded: a newer loop has taken over.
        """
        feed = asyncio.create_task(self._follow())
        watch = asyncio.create_task(self._superseded.wait())
        try:
            await asyncio.wait({feed, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                raise LoopSuperseded(self._thinking.fence.epoch, self._thinking.fence.epoch + 1)
            feed.result()
        finally:
            await _end([feed, watch, *self._tasks.values()])

    def rests(self, position: int) -> bool:
        """Tell whether everybody rests, with all digested up to an event of `TOPICS`."""
        here = self._position >= max(position, self._thinking.spawned_at)
        return here and all(r.resting for r in self._runners.values())

    async def _follow(self) -> None:
        position = await asyncio.to_thread(self._views.catch_up)
        for row in await asyncio.to_thread(self._live):
            self._begin(row)
        await self._bring_inheritances()
        self._position = position
        async for batch in self._thinking.recorder.follow(self._position, topics=TOPICS):
            for stored in batch:
                await self._take(to_recorded(stored))
                self._position = stored.position

    def _live(self) -> list[PersonaRow]:
        rows: list[PersonaRow] = []
        while page := self._views.personas(after=rows[-1].persona_id if rows else None, limit=PAGE):
            rows += page
        return [row for row in rows if row.status != "reaped"]

    async def _take(self, recorded: Recorded) -> None:
        event = recorded.event
        match event:
            case ObservationReceived() if is_question(event.source):
                if event.persona_id in self._runners:
                    self._runners[event.persona_id].ask()
            case ObservationReceived():
                for runner in self._runners.values():
                    if runner.row.swarm_id == event.swarm_id:
                        runner.wake()
            case PersonaSpawned() if event.persona_id:
                await self._until_viewed(recorded.position)
                row = await asyncio.to_thread(self._views.persona, event.persona_id)
                if row and row.status != "reaped":
                    self._begin(row)
            case PersonaReaped() if event.persona_id:
                await self._until_viewed(recorded.position)
                await self._ended(event.persona_id)
            case PersonaPaused() if event.persona_id in self._runners and event.until is None:
                self._runners[event.persona_id].hold()
            case PersonaResumed(reason="window"):
                pass  # its runner did that itself, and may be out of budget again by now
            case PersonaResumed() if event.persona_id in self._runners:
                self._runners[event.persona_id].release()

    async def _until_viewed(self, position: int) -> None:
        """Wait for the views: a persona they don't know yet must not be passed over."""
        told = False
        while not await self._views.reached(position):
            if not told:
                logger.warning("the views are behind", extra={"position": position})
            told = True
            await asyncio.sleep(AGAIN_SECS)  # one that is stopped says so at once

    def _begin(self, row: PersonaRow) -> None:
        if row.persona_id in self._runners:
            return
        if row.parent_id:
            self._children[row.parent_id][row.persona_id] = row.tags
        children = self._children[row.persona_id]
        runner = self._runners[row.persona_id] = Runner(row, self._thinking, children)
        task = asyncio.create_task(self._keep_running(runner), name=f"persona {row.persona_id}")
        self._tasks[row.persona_id] = task

    async def _keep_running(self, runner: Runner) -> None:
        """Run a persona; what goes wrong stops nobody else, and it is begun again."""
        pause = 1.0
        while True:
            try:
                await runner.run()
            except LoopSuperseded:
                self._superseded.set()
                return
            except Exception:
                logger.exception(
                    "a persona's loop broke off", extra={"persona": runner.row.persona_id}
                )
                await asyncio.sleep(pause)
                pause = min(LONGEST_BACKOFF_SECS, pause * 2)
            else:
                return

    async def _ended(self, persona_id: str) -> None:
        """Stop the runner of a reaped persona; its parent inherits its last snapshot.

        What it has used by then is settled, a call it was in the middle of in full.
        """
        thinking = self._thinking
        self._runners.pop(persona_id, None)
        row = await asyncio.to_thread(self._views.persona, persona_id)
        if task := self._tasks.pop(persona_id, None):
            await _end([task])
        context = thinking.executor.context("system:scheduler")
        await thinking.governor.give_back(context, persona_id, thinking.fence)
        thinking.thinkers.forget(persona_id)
        parent = self._runners.get(row.parent_id or "") if row else None
        if row and row.parent_id:
            self._children[row.parent_id].pop(persona_id, None)
        self._children.pop(persona_id, None)
        if parent:
            await self._inherit(parent, persona_id)

    async def _inherit(self, parent: Runner, child_id: str) -> None:
        snapshot = await asyncio.to_thread(self._views.latest_snapshot, child_id)
        if snapshot:
            parent.wake(_memory(snapshot))

    async def _bring_inheritances(self) -> None:
        """After a start: what children left while nobody was there to take it."""
        known: dict[str, list[SnapshotRow]] = {}
        for row in await asyncio.to_thread(self._views.everybody):
            parent_id = row.parent_id or ""
            if row.status != "reaped" or parent_id not in self._runners:
                continue
            if parent_id not in known:
                known[parent_id] = await asyncio.to_thread(self._last_cycles, parent_id)
            left = await asyncio.to_thread(self._views.latest_snapshot, row.persona_id)
            if left and not _has_inherited(known[parent_id], left):
                self._runners[parent_id].wake(_memory(left))

    def _last_cycles(self, persona_id: str) -> list[SnapshotRow]:
        return self._views.ask(
            lambda cursor: snapshots.select(cursor, persona_id=persona_id, limit=CYCLES),
            EVERYTHING,
        )


def _has_inherited(cycles: Sequence[SnapshotRow], left: SnapshotRow) -> bool:
    """Tell whether a persona, by its last snapshots, has taken in what a child left.

    Its facts say so, as far as newer ones have not taken their place; and no cycle ends before
    what waits at its beginning is taken in.
    """
    if len(cycles) == CYCLES and left.position < cycles[-1].position:
        return True
    return any(left.snapshot_id in fact for fact in cycles[0].facts) if cycles else False


def _memory(snapshot: SnapshotRow) -> Memory:
    left = inherited_line(snapshot.persona_id or "", snapshot.snapshot_id, snapshot.summary)
    return Memory(snapshot.event_id, "cold", left, facts=snapshot.facts)


async def _end(tasks: Sequence["asyncio.Task[object]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
