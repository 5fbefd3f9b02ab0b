"""One request as a command: who asks, under which correlation id, and whether it came before."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends, Header
from pydantic import BaseModel
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from domain.context import Context
from domain.errors import DomainError, IdempotencyKeyReused
from domain.events import Event
from projections.privacy import Readable, Reader, readable
from projections.view import Cursor
from services import clock
from services.api.following import next_of
from services.api.permissions import reader_of
from services.executor import Command, Done, Idempotency, Repeated
from services.tokens import Principal

if TYPE_CHECKING:
    from services.app import App

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[!-~]+$",
        description="The same key and request is carried out once, and answered the same.",
    ),
]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    app: "App"
    principal: Principal
    correlation_id: str
    once: Idempotency | None
    """Key under which the client wants it carried out once, if it gave one."""
    body_hash: bytes
    """SHA-256 of method, path and body."""
    closing: asyncio.Event
    """Set when the server stops: whoever waits then answers at once."""

    @property
    def now(self) -> datetime:
        """The time, UTC."""
        return clock.now()

    @property
    def reader(self) -> Reader:
        """Who reads memory by this call."""
        return reader_of(self.principal)

    def context(self) -> Context:
        """Make the context of a command decided now."""
        return self.app.executor.context(self.principal.actor, self.correlation_id)

    def once_by(self, caller: str, key: str) -> Idempotency:
        """Name the call by an id of the caller's own, whichever way it comes."""
        return Idempotency(caller, key, self.body_hash)

    async def run(
        self,
        command: Command[T],
        answer: Callable[[Done[T]], M],
        model: type[M],
        once: Idempotency | None = None,
    ) -> M:
        """Carry a command out, once if it has a key; return the answer when reads will show it.

        `answer` runs in the store's writing thread: it may only look at what it is given.

        Raises:
            DomainError: the command was refused; nothing was saved.
        """
        once = once or self.once
        if once is None:
            done = await self.app.executor.execute_async(self.context(), command)
            await self.shown(done.position)
            return answer(done)

        def kept(done: Done[T]) -> dict[str, Any]:
            return _kept(done.position, answer(done))

        try:
            outcome = await run_in_threadpool(
                self.app.executor.execute, self.context(), command, once, kept
            )
        except DomainError:
            known = await self._known(once)  # done before, it may well be refused now
            if known is None:
                raise
            return await self._repeat(known, model)
        if isinstance(outcome, Repeated):
            return await self._repeat(outcome.answer, model)
        await self.shown(outcome.position)
        return answer(outcome)

    async def run_long(self, act: Callable[[], Awaitable[M]], model: type[M]) -> M:
        """Do what is more than one save; with a key, an answer that is known is given again.

        What is done must be harmless to do again: the answer is kept only after it.
        """
        if self.once is None:
            return await act()
        known = await self._known(self.once)
        if known is not None:
            return await self._repeat(known, model)
        told = await act()
        return await self.run(lambda _: None, lambda _: told, model)

    async def read(self, query: Callable[[], T]) -> T:
        """Ask a read model, in a thread."""
        return await run_in_threadpool(query)

    async def ask(self, query: Callable[[Cursor], T]) -> T:
        """Return what a query of a read model finds, of memory what the caller may read."""
        return await self.read(lambda: self.app.views.ask(query, self.reader))

    async def readable(self, *, distilled: bool = False) -> Readable:
        """Return what the caller may read."""
        return await self.ask(partial(readable, distilled=distilled))

    async def next_of(
        self, after: int, topics: Sequence[str], concerns: Callable[[Event], bool]
    ) -> int:
        """Wait for the first event after a position that concerns the caller; return where it is.

        Raises:
            TimeoutError: the server or the store closes, nothing will come any more.
        """
        coming = asyncio.ensure_future(next_of(self.app.recorder, after, topics, concerns))
        closing = asyncio.ensure_future(self.closing.wait())
        try:
            await asyncio.wait({coming, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                raise TimeoutError
            return coming.result()
        finally:
            coming.cancel()
            closing.cancel()
            await asyncio.gather(coming, closing, return_exceptions=True)

    async def shown(self, position: int) -> None:
        """Wait until the read models show what was saved; not for ever, if they are behind."""
        if position:
            await self.app.views.reached(position)

    async def catch_up(self) -> None:
        """Let the read models show all that is stored by now."""
        await self.shown(await run_in_threadpool(self.app.recorder.head))

    async def _known(self, once: Idempotency) -> dict[str, Any] | None:
        """Return what a key was answered; None if it never was.

        Raises:
            IdempotencyKeyReused: it came with another request.
        """
        given = await run_in_threadpool(self.app.recorder.answer_of, once.caller, once.key)
        if given is None:
            return None
        if given.body_hash != once.body_hash:
            raise IdempotencyKeyReused(once.key)
        answer: dict[str, Any] = from_json(given.text)
        return answer

    async def _repeat(self, answer: dict[str, Any], model: type[M]) -> M:
        await self.shown(answer["position"])
        return model.model_validate(answer["body"])


def position_of(done: Done[Any], event_id: str) -> int:
    """Return where an event of a command was stored."""
    placed = zip(done.events, done.positions, strict=True)
    return next(position for each, position in placed if each.event.event_id == event_id)


def _kept(position: int, told: BaseModel) -> dict[str, Any]:
    return {"position": position, "body": told.model_dump(mode="json")}


async def _call(request: Request, idempotency_key: IdempotencyKey = None) -> Call:
    principal: Principal = request.state.principal
    sent = hashlib.sha256(f"{request.method} {request.scope['path']}\n".encode())
    sent.update(await request.body())
    once = Idempotency(principal.actor, idempotency_key, sent.digest()) if idempotency_key else None
    return Call(
        request.app.state.perpetua,
        principal,
        request.state.correlation_id,
        once,
        sent.digest(),
        request.app.state.streams.closing,
    )


async def _reading(request: Request) -> Call:
    return Call(
        request.app.state.perpetua,
        request.state.principal,
        request.state.correlation_id,
        None,
        b"",
        request.app.state.streams.closing,
    )


Commanding = Annotated[Call, Depends(_call)]
"""A call that changes something."""
Reading = Annotated[Call, Depends(_reading)]
"""A call that only reads."""
