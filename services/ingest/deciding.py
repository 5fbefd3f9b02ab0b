"""A command to what came of it: the same request the API answers over HTTP, within this process."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

import httpx
from fastapi import FastAPI

from services.api.access_log import CORRELATION_HEADER
from services.ingest.command import Command

_AGAIN_SECS: Final = 0.5
_OUT_OF_REACH: Final = 503


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a command."""

    status: int
    """As over HTTP."""
    correlation_id: str
    body: dict[str, Any]


class Decider:
    """Asks the API. Waits for the store as long as it is out of reach."""

    def __init__(self, api: FastAPI) -> None:
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(api, raise_app_exceptions=False),
            base_url="http://kafka",
            timeout=None,  # noqa: S113  nothing goes over a network
        )

    async def decide(self, command: Command, authorization: bytes | None) -> Decision:
        """Carry a command out, once under its key; return the answer."""
        headers = [
            (b"Idempotency-Key", command.command_id.encode()),
            (b"Content-Type", b"application/json"),
        ]
        if authorization:
            headers.append((b"Authorization", authorization))
        if command.correlation_id:
            headers.append((CORRELATION_HEADER.encode(), command.correlation_id.encode()))
        content = json.dumps(command.body, ensure_ascii=True)
        while True:
            answer = await self._client.post(command.path, content=content, headers=headers)
            if answer.status_code != _OUT_OF_REACH:
                return Decision(
                    answer.status_code, answer.headers[CORRELATION_HEADER], answer.json()
                )
            await asyncio.sleep(_AGAIN_SECS)

    async def close(self) -> None:
        """Ask no more."""
        await self._client.aclose()
