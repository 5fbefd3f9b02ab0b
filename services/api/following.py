"""Following the store for as long as a block lasts."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import cast

from domain.events import Event
from domain.recorded import Stored
from services.store.codec import decode
from services.store.recorder import Recorder


@asynccontextmanager
async def following(
    recorder: Recorder, after: int, topics: Sequence[str] | None = None
) -> AsyncIterator[AsyncIterator[list[Stored]]]:
    """Follow the store from a position on; whatever is left at the end of the block is dropped."""
    batches = cast("AsyncGenerator[list[Stored]]", recorder.follow(after, topics=topics))
    async with aclosing(batches):
        yield batches


async def next_of(
    recorder: Recorder, after: int, topics: Sequence[str], concerns: Callable[[Event], bool]
) -> int:
    """Wait for the first event after a position that concerns somebody; return where it is.

    Raises:
        TimeoutError: the store closes, nothing will come any more.
    """
    async with following(recorder, after, topics) as batches:
        async for batch in batches:
            for stored in batch:
                if concerns(decode(stored.state)):
                    return stored.position
    raise TimeoutError


@asynccontextmanager
async def following_with_pauses(
    recorder: Recorder, after: int, topics: Sequence[str], seconds: float
) -> AsyncIterator[AsyncIterator[list[Stored] | None]]:
    """Follow the store; None comes whenever there was nothing for so long."""
    async with (
        following(recorder, after, topics) as batches,
        aclosing(_with_pauses(batches, seconds)) as heard,
    ):
        yield heard


async def _with_pauses(
    batches: AsyncIterator[list[Stored]], seconds: float
) -> AsyncGenerator[list[Stored] | None]:
    """Yield batches, and None whenever nothing came for so long."""
    waiting: asyncio.Future[list[Stored]] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(anext(batches))
            done, _ = await asyncio.wait({waiting}, timeout=seconds)
            if not done:
                yield None
                continue
            try:
                batch = waiting.result()
            except StopAsyncIteration:
                return
            waiting = None
            yield batch
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait({waiting})
