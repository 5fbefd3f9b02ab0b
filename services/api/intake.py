"""Text pushed by agents: each source's lines are counted on from push to push."""

import asyncio
from typing import Annotated, Final, cast

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from domain import streams
from domain.events import ObservationReceived
from domain.segments import Log
from services.api.calls import Call
from services.api.models.agents import NewObservation
from services.api.models.placed import PlacedObservation
from services.api.refusals import BodyTooLarge
from services.commands import cognition as commands
from services.commands.cognition import Batch
from services.executor import Done, TooBusy
from services.inputs.lines import Batcher
from services.store.codec import decode
from services.store.recorder import Recorder
from services.store.segments import log_length
from services.unit_of_work import Unit

MAX_CONTENT_BYTES: Final = 7_500_000
"""Most bytes of one push: it is one save."""
_ATTEMPTS: Final = 100
_STRIPES: Final = 64


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
        swarm_id = await self._swarm_of(call, persona_id)
        prefix = streams.observations(swarm_id, commands.checked_source(new.source))
        async with self._locks[hash(prefix) % _STRIPES]:
            for _ in range(_ATTEMPTS):
                log, batcher = await call.read(lambda: self._end(prefix))
                batches = await run_in_threadpool(_cut, batcher, content)
                try:
                    return await _append(call, persona_id, new.source, log, batches)
                except _Moved:
                    continue
        raise TooBusy(f"too many others write to {new.source}; try again")

    async def _swarm_of(self, call: Call, persona_id: str) -> str:
        def living(unit: Unit) -> str:
            persona = unit.persona(persona_id)
            persona.must_live()
            return persona.swarm_id

        done = await call.app.executor.execute_async(call.context(), living)
        return done.result

    def _end(self, prefix: str) -> tuple[Log, Batcher]:
        """Return a source's log, and what goes on where it ends."""
        log = Log(prefix, log_length(self._recorder, prefix))
        last = self._recorder.last_events(log.last_segment, 1)
        if not last:
            return log, Batcher()
        event = cast("ObservationReceived", decode(last[0].state))
        return log, Batcher(event.offset, event.first_line + event.line_count)


async def _append(
    call: Call, persona_id: str, source: str, log: Log, batches: list[Batch]
) -> PlacedObservation:
    def command(unit: Unit) -> None:
        persona = unit.persona(persona_id)
        if unit.log(log.prefix).length != log.length:
            unit.forget()  # what is remembered of it may be older than what was looked up
            raise _Moved
        commands.observe(unit, persona.swarm_id, source, batches, persona_id)

    def answer(done: Done[None]) -> PlacedObservation:
        return PlacedObservation(
            id=done.events[-1].event.event_id if done.events else None,
            position=done.position,
            positions=list(done.positions),
            lines=sum(batch.line_count - batch.continues for batch in batches),
        )

    return await call.run(command, answer, PlacedObservation)


def _cut(batcher: Batcher, content: bytes) -> list[Batch]:
    if content and not content.endswith(b"\n"):
        content += b"\n"
    return [*batcher.feed(content), *batcher.flush(final=True)]


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


Intakes = Annotated[Intake, Depends(_intake)]
"""Where observations go in."""
