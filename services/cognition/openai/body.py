"""How much of an answer is read: whatever a server sends, memory stays bounded."""

from collections.abc import AsyncIterator
from typing import Final

import httpx2
from openai import OpenAIError

MOST_BYTES: Final = 1024 * 1024
"""Longest body read; four bytes for each of the most tokens, JSON's escapes, and the envelope."""


class BodyRefused(OpenAIError):
    """A body is longer than any answer, or is packed."""


class _Bounded(httpx2.AsyncByteStream):
    """Passes a body on until it is too long."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._stream:
            size += len(piece)
            if size > MOST_BYTES:
                raise BodyRefused(f"its answer is longer than {MOST_BYTES:,} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def bound(response: httpx2.Response) -> None:
    """Bound the body of a response, before any of it is read.

    Raises:
        BodyRefused: it is packed although nobody asked for that; unpacked it has no bound.
    """
    packed = response.headers.get("content-encoding", "identity")
    if packed.strip().lower() != "identity":
        raise BodyRefused(f"its answer is packed ({packed[:40]!r}), which was not asked for")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)
