"""What is read goes into the store: once, however often this process or its server breaks off."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

from domain import streams
from domain.errors import DomainError
from services.commands.observation import Batch, Dropped, observe
from services.executor import Executor
from services.inputs.files import Input
from services.inputs.follow import Follower, Following, follow_file, follow_gzip, follow_pipe
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
        follow = _follower_of(source)
        mark = await self._mark(source.name)
        if source.path and follow is not follow_pipe:
            source.file.close()  # it is followed by its name: what is removed is not to be held
        while not self._stop.is_set():
            try:
                await self._follow(source, follow, mark)
                return
            except _Moved:
                mark = await self._mark(source.name)

    async def _follow(self, source: Input, follow: Follower, mark: Mark) -> None:
        length = None if follow is follow_pipe else mark.length
        async with aclosing(self._following(source, follow, mark)) as following:
            async for batches in following:
                await self._persist(source.name, batches, length)
                length = None if length is None else length + len(batches)

    def _following(self, source: Input, follow: Follower, mark: Mark) -> Following:
        limit = self._settings.limit_of(source.name)
        if not limit:
            return follow(source, mark, self._stop, None)
        sieve = Sieve(limit, mark.offset)
        return sifted(follow(source, mark, self._stop, sieve.most_lines), sieve)

    async def _persist(
        self, name: str, batches: Sequence[Batch | Dropped], length: int | None
    ) -> None:
        """Store batches, however long the store is out of reach, or refuses somebody to see them.

        They may be all there is of them: what a pipe gave, it gives to nobody again.
        """
        told = ""
        while True:
            try:
                await self._store(name, batches, length)
                return
            except (StoreUnavailable, DomainError) as held_up:
                if str(held_up) != told:
                    told = str(held_up)
                    why = f"{name}: {told}"
                    logger.warning("what came in can't be stored now", extra={"why": why})
                await asyncio.sleep(RETRY_SECS)
                mark = await self._mark(name)
                if (mark.offset, mark.file) == (batches[-1].offset, batches[-1].file):
                    return

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

        while True:
            try:
                await self._executor.execute_async(self._executor.context(ACTOR), command)
                return
            except _NobodyThere:
                await asyncio.to_thread(self._seed)

    async def _mark(self, name: str) -> Mark:
        told = False
        while True:
            try:
                return await asyncio.to_thread(
                    mark_of, self._executor.recorder, self._swarm_id, name
                )
            except StoreUnavailable as lost:
                if not told:
                    logger.warning("the store is out of reach", extra={"why": str(lost)})
                told = True
                await asyncio.sleep(RETRY_SECS)


def _follower_of(source: Input) -> Follower:
    """Return what follows an input of its kind."""
    if source.size is None:
        return follow_pipe
    return follow_gzip if source.is_gzip else follow_file
