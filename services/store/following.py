"""Following the store from a position on: everything, in order, and then what comes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final

from domain.recorded import Stored
from services.store.errors import StoreUnavailable
from services.store.reading import Reading, batch_size
from services.store.watch import Watch

logger = logging.getLogger(__name__)

AGAIN_SECS: Final = 1.0
"""How soon it is read again: what the server refuses is refused at once, not waited for."""


async def follow(
    reading: Reading,
    watch: Watch,
    after: int,
    partitions: Sequence[int] | None = None,
    topics: Sequence[str] | None = None,
) -> AsyncIterator[list[Stored]]:
    """Yield batches of events after a position, for ever, or until the watch is closed.

    Positions have no gaps and are given in the order of the commits, so that all up to a known
    head can be read: nothing is missed, and what a filter passed over is never looked at again.
    """
    limit = 64  # of the largest events 32 MB; it adapts to what it finds
    while (head := await watch.beyond(after)) is not None:
        while after < head and not watch.closed:
            try:
                batch = await asyncio.to_thread(
                    reading.read, after, limit, partitions, topics, head
                )
            except StoreUnavailable as error:
                logger.warning("the store is out of reach, trying on", extra={"why": str(error)})
                await asyncio.sleep(AGAIN_SECS)
                continue
            if batch:
                yield batch
            after = batch[-1].position if len(batch) == limit else head
            if batch:
                limit = batch_size(limit, sum(len(each.state) for each in batch) // len(batch))
