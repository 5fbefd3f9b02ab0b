"""A response that goes on until its client leaves, or the server closes."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, cast

from eventsourcing.persistence import PersistenceError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # proxies must pass on each event at once
}


class EventStream(Response):
    """Sends chunks as they come. The server's buffer bounds what waits for a slow client."""

    media_type = "text/event-stream"

    def __init__(
        self, chunks: AsyncIterator[str], closing: asyncio.Event, status_code: int = 200
    ) -> None:
        super().__init__(status_code=status_code, headers=_HEADERS)
        del self.headers["content-length"]
        self._chunks = cast("AsyncGenerator[str]", chunks)
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the chunks end, the client leaves, or the server closes."""
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        tasks = [
            asyncio.create_task(self._pump(send)),
            asyncio.create_task(_until_gone(receive)),
            asyncio.create_task(self._closing.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        try:
            async with aclosing(self._chunks) as chunks:
                async for chunk in chunks:
                    body = chunk.encode()
                    await send({"type": "http.response.body", "body": body, "more_body": True})
        except PersistenceError as error:
            logger.warning("a stream broke off", extra={"why": str(error)})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
