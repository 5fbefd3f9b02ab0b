"""Following the store for as long as a block lasts."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import cast

from services.store.recorder import Recorder
from services.store.save import Stored


@asynccontextmanager
async def following(
    recorder: Recorder, after: int, topics: Sequence[str] | None = None
) -> AsyncIterator[AsyncIterator[list[Stored]]]:
    """Follow the store from a position on; whatever is left at the end of the block is dropped."""
    batches = cast("AsyncGenerator[list[Stored]]", recorder.follow(after, topics=topics))
    async with aclosing(batches):
        yield batches
