"""Digesting inputs to the end: a swarm of its own reads them, thinks, and comes to rest."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from domain.errors import DomainError
from domain.limits import Limits
from services import team
from services.app import App
from services.cli.quiet import Quiet
from services.cognition.loop import LoopElsewhere
from services.commands import lifecycle
from services.commands.lifecycle import NewPersona
from services.commands.observation import Batch, observe
from services.inputs.errors import BrokenInput
from services.inputs.files import Input
from services.inputs.reading import read_whole
from services.store.errors import StoreUnavailable
from services.unit_of_work import Unit

ACTOR: Final = "system:run"
TIDY_SECS: Final = 1.5
"""How long tidying up after an interruption may take."""


class Progress(Protocol):
    """Hears how far it is."""

    def read(self, count: int) -> None:
        """Take note that so many bytes were stored, in all."""
        ...

    def thinking(self, swarm_id: str, waits: str | None) -> None:
        """Take note that a swarm thinks; what it waits for, if it does."""
        ...


class Digest:
    """One run over some inputs, in this process or in the one that has the loop."""

    def __init__(self, app: App, inputs: Sequence[Input], progress: Progress) -> None:
        self._app = app
        self._inputs = inputs
        self._progress = progress
        self._gate: asyncio.Task[None] | None = None
        self._root = _root(app)
        self.swarm_id = self._root.swarm_id or ""
        self.starved: str | None = None
        """Who did not finish, because no budget holds the next step."""
        self.broken: list[str] = []
        """What is wrong with inputs of which only a part could be read."""
        self._stored: dict[str, int] = {}

    async def run(self) -> None:
        """Read, think, end the children; when this returns, everybody rests.

        Raises:
            UnreadableInput: reading fails on the way; the swarm is ended.
            CognitionDisabled: a setting forbids it, and nobody else has the loop.
        """
        try:
            await self._try_to_have_the_loop()
            await self._begin()
            await self._read()
            await self._rest()
            await self._end_children()
            if not self.starved:
                await self._rest()
        except BaseException:
            await self._stop()
            await self._abandon()
            raise
        await self._stop()

    async def _try_to_have_the_loop(self) -> None:
        with suppress(LoopElsewhere):
            await self._app.loop.start()
            self._gate = asyncio.create_task(self._app.gate.run(), name="gate")

    async def _begin(self) -> None:
        """Spawn the root, held back: what it thinks must not depend on how fast we read."""

        def command(unit: Unit) -> None:
            lifecycle.spawn(unit, self._root, self._app.settings.limits)
            lifecycle.pause(unit, self._root.persona_id)

        await self._app.executor.execute_async(self._app.executor.context(ACTOR), command)

    async def _read(self) -> None:
        """Read files one after the other, so that their order is that they were named in.

        Pipes are read at the same time: whoever writes to several must not wait for us to come to
        the next one.
        """
        files = [each for each in self._inputs if each.size is not None]
        pipes = [each for each in self._inputs if each.size is None]
        try:
            async with asyncio.TaskGroup() as reading:
                for each in (files, *([pipe] for pipe in pipes)):
                    reading.create_task(self._read_each(each))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        executor = self._app.executor
        await executor.execute_async(
            executor.context(ACTOR),
            lambda unit: lifecycle.resume(unit, self._root.persona_id),
        )

    async def _read_each(self, inputs: Sequence[Input]) -> None:
        for source in inputs:
            try:
                async for group in read_whole(source):
                    await self._store(source.name, group)
            except BrokenInput as broken:
                self.broken.append(str(broken))

    async def _store(self, name: str, batches: Sequence[Batch]) -> None:
        executor = self._app.executor
        await executor.execute_async(
            executor.context(ACTOR), lambda unit: observe(unit, self.swarm_id, name, batches)
        )
        self._stored[name] = batches[-1].offset
        self._progress.read(sum(self._stored.values()))

    async def _rest(self) -> None:
        quiet = Quiet(self._app, self.swarm_id)
        while not await quiet.reached():
            self._progress.thinking(self.swarm_id, quiet.waits)
            if not self._app.loop.running and quiet.nobody_thinks:
                await self._try_to_have_the_loop()
        self.starved = self.starved or quiet.starved

    async def _end_children(self) -> None:
        """End the root's descendants: this input has no more for them."""
        rows = await asyncio.to_thread(self._app.views.lineage, self.swarm_id)
        for row in reversed(rows):  # parents come first
            if row.parent_id and row.status != "reaped":
                await asyncio.to_thread(self._reap, row.persona_id, "idle")

    async def _stop(self) -> None:
        if self._gate:
            self._gate.cancel()
            await asyncio.gather(self._gate, return_exceptions=True)
        await self._app.loop.stop("the input is digested")
        await self._app.thinkers.close()

    async def _abandon(self) -> None:
        """End everybody, so that nobody goes on with what nobody waits for."""
        with suppress(DomainError, StoreUnavailable, TimeoutError):
            async with asyncio.timeout(TIDY_SECS):
                await asyncio.to_thread(self._reap, self._root.persona_id, "manual", cascade=True)

    def _reap(self, persona_id: str, reason: str, *, cascade: bool = False) -> None:
        context = self._app.executor.context(ACTOR)
        note = "the run was broken off" if cascade else None
        self._app.reaper.reap(context, persona_id, reason, cascade=cascade, note=note)


def _root(app: App) -> NewPersona:
    """Describe the root of a run: it idles away as soon as its children would."""
    root = team.named_root(app.settings, "run")
    limits = root.limits or Limits()
    ttl_secs = min(limits.idle_ttl_secs, app.settings.cognition.child_idle_ttl_secs)
    limits = limits.model_copy(update={"idle_ttl_secs": ttl_secs})
    return root.model_copy(update={"limits": limits})
