"""Text pushed by agents: each source's lines are counted on from push to push."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Final, cast

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from domain import streams
from domain.errors import InvalidInput
from domain.events import ObservationDropped, ObservationReceived
from domain.segments import Log
from services.api.calls import Call
from services.api.models.agents import NewObservation
from services.api.models.placed import PlacedObservation
from services.api.refusals import BodyTooLarge
from services.commands import observation as commands
from services.commands.observation import Batch
from services.executor import Done, Idempotency, TooBusy
from services.inputs.lines import Batcher
from services.inputs.mark import ACTOR, next_line
from services.store.codec import decode
from services.store.recorder import Recorder
from services.store.segments import log_length
from services.unit_of_work import Unit

MAX_CONTENT_BYTES: Final = 7_500_000
"""Most bytes of one push: it is one save."""
_ATTEMPTS: Final = 100
_STRIPES: Final = 64
Storing = Callable[[Unit, str, Sequence[Batch]], object]
"""Stores batches for a swarm."""


class _Moved(Exception):
    """Somebody else wrote to the source since its end was looked up."""


class Intake:
    """Appends pushed text to sources; pushes to one source wait for each other."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._locks = [asyncio.Lock() for _ in range(_STRIPES)]

    async def take(self, call: Call, persona_id: str, new: NewObservation) -> PlacedObservation:
        """Store a text, whole or not at all. A last line without an end is a whole line.

        Raises:
            BodyTooLarge: it is too long for one save.
            InvalidInput, PersonaNotFound, PersonaReapedError: nobody is there to see it.
        """
        content = new.content.encode()
        if len(content) > MAX_CONTENT_BYTES:
            raise BodyTooLarge(
                f"content of {len(content)} bytes exceeds limit {MAX_CONTENT_BYTES}",
                limit=MAX_CONTENT_BYTES, actual=len(content),
            )  # fmt: skip
        source = commands.checked_source(new.source)

        def store(unit: Unit, swarm_id: str, batches: Sequence[Batch]) -> None:
            commands.observe(unit, swarm_id, source, batches, persona_id)

        return await self.append(call, persona_id, source, content, store)

    async def append(
        self,
        call: Call,
        persona_id: str,
        source: str,
        content: bytes,
        store: Storing,
        once: Idempotency | None = None,
    ) -> PlacedObservation:
        """Cut a text of a source into batches that go on where the source ends, and store them.

        Args:
            call: who sends it.
            persona_id: whom it is for.
            source: where it comes from.
            content: the text.
            store: stores its batches, all or none.
            once: key under which it is stored once; the call's by default.

        Raises:
            DomainError: it was refused; nothing was stored.
        """
        swarm_id = await self._swarm_of(call, persona_id)
        prefix = streams.observations(swarm_id, source)
        async with self._locks[hash(prefix) % _STRIPES]:
            for _ in range(_ATTEMPTS):
                log, batcher = await call.read(lambda: self._end(prefix))
                batches = await run_in_threadpool(_cut, batcher, content)

                def command(unit: Unit, log: Log = log, cut: list[Batch] = batches) -> None:
                    _must_be_at(unit, log)
                    store(unit, swarm_id, cut)

                try:
                    return await call.run(command, _placed, PlacedObservation, once)
                except _Moved:
                    continue
        raise TooBusy(f"too many others write to {source}; try again")

    async def _swarm_of(self, call: Call, persona_id: str) -> str:
        """Return the swarm of a persona; whether that lives is found when something is stored."""
        done = await call.app.executor.execute_async(
            call.context(), lambda unit: unit.persona(persona_id).swarm_id
        )
        return done.result

    def _end(self, prefix: str) -> tuple[Log, Batcher]:
        """Return a source's log, and what goes on where it ends.

        Raises:
            InvalidInput: it is read here: how far, the last of it must tell.
        """
        log = Log(prefix, log_length(self._recorder, prefix))
        last = self._recorder.last_events(log.last_segment, 1)
        if not last:
            return log, Batcher()
        event = cast("ObservationReceived | ObservationDropped", decode(last[0].state))
        if event.actor == ACTOR:
            raise InvalidInput(
                f"source {event.source[:200]!r} is one that `perpetua up` reads itself:"
                " choose another name",
                field="source",
            )
        return log, Batcher(event.offset, next_line(event))


def _must_be_at(unit: Unit, log: Log) -> None:
    if unit.log(log.prefix).length != log.length:
        unit.forget()  # what is remembered of it may be older than what was looked up
        raise _Moved


def _placed(done: Done[None]) -> PlacedObservation:
    stored = [each.event for each in done.events if isinstance(each.event, ObservationReceived)]
    return PlacedObservation(
        id=stored[-1].event_id if stored else None,
        position=done.position,
        positions=list(done.positions),
        lines=sum(event.line_count - event.continues for event in stored),
    )


def _cut(batcher: Batcher, content: bytes) -> list[Batch]:
    if content and not content.endswith(b"\n"):
        content += b"\n"
    return [*batcher.feed(content), *batcher.flush(final=True)]


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


Intakes = Annotated[Intake, Depends(_intake)]
"""Where observations go in."""
