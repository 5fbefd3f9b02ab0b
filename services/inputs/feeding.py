"""What is read goes into the store: once, however often this process or its server breaks off."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from domain import streams
from domain.errors import DomainError
from services.commands.cognition import Batch, Dropped, observe
from services.executor import Executor
from services.inputs.files import Input
from services.inputs.follow import Following, follow_file, follow_gzip, follow_pipe
from services.inputs.mark import ACTOR, Mark, mark_of
from services.inputs.settings import InputSettings
from services.inputs.sieve import Sieve, sifted
from services.store.errors import StoreUnavailable
from services.unit_of_work import Unit

logger = logging.getLogger(__name__)

RETRY_SECS: Final = 1.0
_UNLIMITED: Final = InputSettings()


class _Moved(Exception):
    """Somebody else stored more of the source: go on behind that."""


class _NobodyThere(Exception):
    """No persona of the swarm lives to see what came."""


class Feeder:
    """Follows inputs for one swarm."""

    def __init__(
        self,
        executor: Executor,
        swarm_id: str,
        seed: Callable[[], object],
        stop: asyncio.Event,
        settings: InputSettings = _UNLIMITED,
    ) -> None:
        """Prepare to feed.

        Args:
            executor: takes what is read.
            swarm_id: swarm that is to see it.
            seed: spawns somebody there; called, in a thread, when something came and nobody lives.
            stop: ends the following once set.
            settings: how much of a source may come in.
        """
        self._executor = executor
        self._swarm_id = swarm_id
        self._seed = seed
        self._stop = stop
        self._settings = settings

    async def feed(self, source: Input) -> None:
        """Store what comes from an input, until it ends or is stopped.

        Nothing is read before what was read last is stored. Of a file, what is stored says how far
        it was read, and is stored only where the last of it ended: a restart, a lost server or a
        second feeder neither misses nor repeats a line.

        Raises:
            UnreadableInput: reading fails.
        """
        mark = await self._mark(source.name)
        while not self._stop.is_set():
            try:
                await self._follow(source, mark)
                return
            except _Moved:
                mark = await self._mark(source.name)

    async def _follow(self, source: Input, mark: Mark) -> None:
        length = None if source.size is None else mark.length
        async with aclosing(self._following(source, mark)) as following:
            async for batches in following:
                await self._persist(source.name, batches, length)
                length = None if length is None else length + len(batches)

    def _following(self, source: Input, mark: Mark) -> Following:
        if source.size is None:
            follow = follow_pipe
        else:
            follow = follow_gzip if source.is_gzip else follow_file
        limit = self._settings.limit_of(source.name)
        if not limit:
            return follow(source, mark, self._stop)
        sieve = Sieve(limit, mark.offset)
        return sifted(follow(source, mark, self._stop, sieve.most_lines), sieve)

    async def _persist(
        self, name: str, batches: Sequence[Batch | Dropped], length: int | None
    ) -> None:
        """Store batches, however long the store is out of reach, or nobody may be spawned."""
        while True:
            try:
                await self._store(name, batches, length)
                return
            except _NobodyThere:
                await self._seeded()
            except StoreUnavailable as lost:
                logger.warning("the store is out of reach", extra={"why": str(lost)})
                await asyncio.sleep(RETRY_SECS)
                mark = await self._mark(name)
                if (mark.offset, mark.file) == (batches[-1].offset, batches[-1].file):
                    return

    async def _seeded(self) -> None:
        """Have somebody spawned; what is in the way passes, and must not end the input."""
        try:
            await asyncio.to_thread(self._seed)
        except (DomainError, StoreUnavailable) as refused:
            logger.warning("nobody is there to see what came", extra={"why": str(refused)})
            await asyncio.sleep(RETRY_SECS)

    async def _store(
        self, name: str, batches: Sequence[Batch | Dropped], length: int | None
    ) -> None:
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
