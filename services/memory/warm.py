"""Warm memory as the thinking loop asks for it: one search at a time."""

import asyncio
from collections.abc import Sequence

from domain.thinking import Memory
from projections import privacy
from services.memory.detached import detached
from services.memory.search import Hit, Search


class Warm:
    """What a persona may recall.

    One search runs at a time, for as long as it runs and not only while somebody waits for it: so
    however many think, and however slowly memory answers, the other readers of the views keep
    their connections. How long to wait is the caller's to say.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._turn = asyncio.Semaphore()

    async def search(self, reader: str, query: str, count: int) -> Sequence[Memory]:
        """Return the best matches the persona `reader` may see, best first.

        Raises:
            StoreUnavailable: the server is out of reach.
        """
        await self._turn.acquire()
        hits = await asyncio.shield(self._asked(reader, query, count))
        return [hit.memory for hit in hits]

    def _asked(self, reader: str, query: str, count: int) -> asyncio.Future[Sequence[Hit]]:
        """Search in this turn; it ends with the search."""
        asked = asyncio.wrap_future(
            detached(lambda: self._search.find(privacy.persona(reader), query, count=count).hits)
        )
        asked.add_done_callback(self._over)
        return asked

    def _over(self, asked: asyncio.Future[Sequence[Hit]]) -> None:
        self._turn.release()
        if not asked.cancelled():
            asked.exception()  # seen, whether or not somebody still waits for it
