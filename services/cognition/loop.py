"""The one loop of the fabric: started once, however many ask; handed over when it is lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import InvalidInput, LoopSuperseded, WrongState
from services.cognition.scheduler import Scheduler
from services.cognition.thinking import Thinking
from services.commands import loop as commands
from services.executor import Done, Executor
from services.store.codec import decode
from services.store.errors import StoreUnavailable
from services.store.recorder import Recorder
from services.store.save import Fence
from services.store.session_lock import SessionLock
from services.views import Views

logger = logging.getLogger(__name__)

SHORTEST_INTERVAL_MS = 100
RETRY_SECS = 1.0
LOCK_LOOK_SECS = 0.25
ACTOR = "system:loop"


class LoopElsewhere(WrongState):
    """Another process runs the loop."""

    code = "loop_elsewhere"


class CognitionDisabled(InvalidInput):
    """A setting says that nobody thinks here."""

    code = "cognition_disabled"


@dataclass(frozen=True, slots=True)
class Means:
    """What a loop is made of."""

    executor: Executor
    recorder: Recorder
    views: Views
    lock: SessionLock
    think_with: Callable[[Fence, float], Thinking]
    """Makes what runners need, for a loop of this fence and interval in seconds."""
    before: Callable[[], Awaitable[None]]
    """Runs once a loop has begun, before anybody thinks."""
    enabled: bool = True


class Loop:
    """Starts and stops cognition in this process; holds the lock while it runs."""

    def __init__(self, means: Means, interval_ms: int) -> None:
        self.loop_interval_ms = interval_ms
        self.started_at: datetime | None = None
        self._means = means
        self._starting = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._thinking: Thinking | None = None
        self._scheduler: Scheduler | None = None

    @property
    def enabled(self) -> bool:
        """Whether it may be started."""
        return self._means.enabled

    @property
    def running(self) -> bool:
        """Whether this process thinks."""
        return self._task is not None and not self._task.done()

    @property
    def last_tick_at(self) -> datetime | None:
        """When a step was last saved."""
        return self._thinking.last_tick_at if self._thinking else None

    def rests(self, position: int) -> bool:
        """Tell whether all up to a position is digested and every persona rests."""
        return self._scheduler is not None and self._scheduler.rests(position)

    async def start(
        self, interval_ms: int | None = None, seed: Callable[[], object] | None = None
    ) -> None:
        """Begin, or while running take only the new interval.

        Args:
            interval_ms: shortest time between two steps of a persona; below 100 counts as 100.
            seed: makes the first persona of an empty fabric; called in a thread.

        Raises:
            CognitionDisabled: a setting forbids it.
            LoopElsewhere: another process runs it.
        """
        if not self.enabled:
            raise CognitionDisabled("cognition is disabled by PERPETUA_COGNITION_ENABLED")
        async with self._starting:
            if interval_ms is not None:
                self.loop_interval_ms = max(SHORTEST_INTERVAL_MS, interval_ms)
            if self.running:
                if self._thinking:
                    self._thinking.interval_secs = self.loop_interval_ms / 1000
                return
            if not await asyncio.to_thread(self._means.lock.try_acquire):
                raise LoopElsewhere("another process runs the cognition loop of this store")
            try:
                if seed:
                    await asyncio.to_thread(seed)
                await self._begin()
            except BaseException:  # whoever can begin may
                await asyncio.to_thread(self._means.lock.release)
                raise
            self._task = asyncio.create_task(self._stay(), name="cognition loop")

    async def stop(self, reason: str | None = None) -> None:
        """End in good order; nothing if it does not run."""
        async with self._starting:
            if not self.running or self._task is None:
                return
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = self._scheduler = None
            await self._record_stop(reason)
            await asyncio.to_thread(self._means.lock.release)

    async def _record_stop(self, reason: str | None) -> None:
        """Settle what was leased, and record the end, unless another has taken over since."""
        if self._thinking is None:
            return
        fence = self._thinking.fence
        context = self._means.executor.context(ACTOR)
        try:
            await self._thinking.governor.give_all_back(context, fence)
            await self._means.executor.execute_async(
                context, lambda unit: commands.stop_loop(unit, reason, fence)
            )
        except LoopSuperseded as superseded:
            logger.warning("the loop had been taken over", extra={"why": str(superseded)})

    async def _begin(self) -> None:
        means = self._means
        seen_alive = await asyncio.to_thread(self._last_trace)
        partitions = range(means.executor.mapper.partitions)
        done: Done[Fence] = await means.executor.execute_async(
            means.executor.context(ACTOR),
            lambda unit: commands.start_loop(unit, partitions, self.loop_interval_ms, seen_alive),
        )
        self.started_at = done.events[0].event.occurred_at
        self._thinking = means.think_with(done.result, self.loop_interval_ms / 1000)
        self._scheduler = Scheduler(self._thinking, means.views)
        await means.before()

    async def _stay(self) -> None:
        """Think; when the lock or the store is lost, stop thinking until both are back."""
        while True:
            if self._scheduler is None:
                await self._take_back()
                continue
            thinking = asyncio.create_task(self._scheduler.run())
            try:
                while not thinking.done() and not self._means.lock.lost.is_set():
                    await asyncio.wait({thinking}, timeout=LOCK_LOOK_SECS)
                if thinking.done():
                    thinking.result()
            except LoopSuperseded as superseded:
                logger.warning("the loop was taken over", extra={"why": str(superseded)})
            except Exception:
                logger.exception("the loop broke off and is begun again")
            finally:
                thinking.cancel()
                await asyncio.gather(thinking, return_exceptions=True)
                self._scheduler = None

    async def _take_back(self) -> None:
        while True:
            await asyncio.sleep(RETRY_SECS)
            try:
                if await asyncio.to_thread(self._means.lock.try_acquire):
                    await self._begin()
                    return
            except (StoreUnavailable, LoopSuperseded) as wrong:
                logger.warning("the loop can't go on yet", extra={"why": str(wrong)})
            except Exception:
                logger.exception("the loop can't go on yet")

    def _last_trace(self) -> datetime | None:
        head = self._means.recorder.head()
        found = self._means.recorder.read_positions([head]) if head else []
        return decode(found[0].state).occurred_at if found else None
