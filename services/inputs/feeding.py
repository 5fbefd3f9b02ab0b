"""What is read goes into the store: once, however often this process or its server breaks off."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from domain import streams
from services.commands.cognition import Batch, observe
from services.executor import Executor
from services.inputs.files import Input
from services.inputs.follow import Mark, follow_file, follow_pipe, mark_of
from services.store.errors import StoreUnavailable
from services.unit_of_work import Unit

logger = logging.getLogger(__name__)

ACTOR: Final = "system:input"
RETRY_SECS: Final = 1.0


class _Moved(Exception):
    """Somebody else stored more of the source: go on behind that."""


class _NobodyThere(Exception):
    """No persona of the swarm lives to see what came."""


class Feeder:
    """Follows inputs for one swarm."""

    def __init__(
        self, executor: Executor, swarm_id: str, seed: Callable[[], object], stop: asyncio.Event
    ) -> None:
        """Prepare to feed.

        Args:
            executor: takes what is read.
            swarm_id: swarm that is to see it.
            seed: spawns somebody there; called, in a thread, when something came and nobody lives.
            stop: ends the following once set.
        """
        self._executor = executor
        self._swarm_id = swarm_id
        self._seed = seed
        self._stop = stop

    async def feed(self, source: Input) -> None:
        """Store what comes from an input, until it ends or is stopped.

        Of a file, what is stored says how far it was read, and is stored only where the last of it
        ended: a restart, a lost server or a second feeder neither misses nor repeats a line.

        Raises:
            UnreadableInput: reading fails.
        """
        mark = await self._mark(source.name)
        if source.size is None:
            async for batches in follow_pipe(source, mark, self._stop):
                await self._persist(source.name, batches, None)
            return
        while not self._stop.is_set():
            try:
                await self._follow(source, mark)
            except _Moved:
                mark = await self._mark(source.name)

    async def _follow(self, source: Input, mark: Mark) -> None:
        length = mark.length
        async for batches in follow_file(source, mark, self._stop):
            await self._persist(source.name, batches, length)
            length += len(batches)

    async def _persist(self, name: str, batches: Sequence[Batch], length: int | None) -> None:
        """Store batches, however long the store is out of reach."""
        while True:
            try:
                await self._store(name, batches, length)
                return
            except _NobodyThere:
                await asyncio.to_thread(self._seed)
            except StoreUnavailable as lost:
                logger.warning("the store is out of reach", extra={"why": str(lost)})
                await asyncio.sleep(RETRY_SECS)
                mark = await self._mark(name)
                if mark.offset == batches[-1].offset:
                    return

    async def _store(self, name: str, batches: Sequence[Batch], length: int | None) -> None:
        prefix = streams.observations(self._swarm_id, name)

        def command(unit: Unit) -> None:
            if not unit.swarm(self._swarm_id).live:
                raise _NobodyThere
            if length is not None and unit.log(prefix).length != length:
                raise _Moved
            observe(unit, self._swarm_id, name, batches)

        await self._executor.execute_async(self._executor.context(ACTOR), command)

    async def _mark(self, name: str) -> Mark:
        while True:
            try:
                return await asyncio.to_thread(
                    mark_of, self._executor.recorder, self._swarm_id, name
                )
            except StoreUnavailable as lost:
                logger.warning("the store is out of reach", extra={"why": str(lost)})
                await asyncio.sleep(RETRY_SECS)
