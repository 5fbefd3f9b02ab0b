"""A real server of chat completions that can misbehave, in a test or as a process of its own.

`python -m tests.integration.openai.server --port 0 --fault 500 --every 5` prints its base URL,
then answers from what it is shown. `GET /_seen` tells every call it got and what it truly used.
"""

import argparse
import asyncio
import json
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

from tests.integration.openai.answering import answer, prompt_tokens, tokens
from tests.integration.openai.broken import BROKEN, error, response
from tests.integration.openai.spoiled import SPOILED

FAULTS = [*SPOILED, *BROKEN]


class Server:
    """One server of one event loop."""

    def __init__(self, faults: Sequence[str] = (), every: int = 1, delay_secs: float = 0.0) -> None:
        """Prepare.

        Args:
            faults: how it misbehaves, one after the other and again; empty: never.
            every: it misbehaves at one call in so many.
            delay_secs: how long an answer takes.
        """
        self.next: list[str | None] = []
        """How it misbehaves at the next calls, whatever else it was told."""
        self.seen: list[dict[str, Any]] = []
        self.models: bytes | None = None
        """What `GET /models` answers as it comes over the wire; null: 404."""
        self.asked_for_models: list[dict[str, str]] = []
        """Headers of those who did."""
        self.most_at_once = 0
        self.delay_secs = delay_secs
        self._faults, self._every = faults, every
        self._calls = count(1)
        self._at_once = 0
        self._listening: asyncio.Server | None = None
        self._connections = set[StreamWriter]()
        self._scheme = "http"

    @property
    def url(self) -> str:
        assert self._listening
        return f"{self._scheme}://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}/v1"

    async def start(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._scheme = "https" if tls else "http"
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=tls)

    async def stop(self) -> None:
        assert self._listening
        self._listening.close()
        for each in list(self._connections):
            each.transport.abort()
        while self._connections:
            await asyncio.sleep(0.01)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while await self._answer_one(reader, writer):
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the caller hung up
        finally:
            writer.close()
            self._connections.discard(writer)

    async def _answer_one(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Answer one request; tell whether the connection stays."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        lines = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in lines}
        sent = await reader.readexactly(int(headers.get("content-length", 0)))
        if (method, path) == ("GET", "/_seen"):
            writer.write(response(200, json.dumps(self.seen).encode()))
            return True
        if (method, path) == ("GET", "/v1/models"):
            self.asked_for_models.append(headers)
            writer.write(self.models or error(404, "no models here"))
            return True
        if (method, path) != ("POST", "/v1/chat/completions"):
            writer.write(error(404, f"no {method} {path}"))
            return True
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._complete(json.loads(sent), headers, reader, writer)
        finally:
            self._at_once -= 1

    async def _complete(
        self,
        body: dict[str, Any],
        headers: dict[str, str],
        reader: StreamReader,
        writer: StreamWriter,
    ) -> bool:
        fault = self._fault()
        entry: dict[str, Any] = {"body": body, "headers": headers, "fault": fault, "usage": None}
        self.seen.append(entry)
        if fault in BROKEN:
            await BROKEN[fault](reader, writer)
            await writer.drain()
            return fault not in ("reset", "cut-off", "hang", "hang-in-body")
        await asyncio.sleep(self.delay_secs)
        content = json.dumps(answer(body))
        read, written = prompt_tokens(body), tokens(content)
        usage = {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        }
        entry["usage"] = dict(usage)
        completion = {
            "id": f"chatcmpl-{len(self.seen)}",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": f"{body['model']}-2026-01-01",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": content, "refusal": None},
                    "finish_reason": "stop",
                }
            ],
            "usage": usage,
        }
        if fault:
            SPOILED[fault](completion)
        writer.write(response(200, json.dumps(completion).encode()))
        return True

    def _fault(self) -> str | None:
        if self.next:
            return self.next.pop(0)
        number = next(self._calls)
        if not self._faults or number % self._every:
            return None
        return self._faults[number // self._every % len(self._faults)]


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server()
    await server.start(tls=tls)
    try:
        yield server
    finally:
        await server.stop()


async def main() -> None:
    parser = argparse.ArgumentParser(description="Serve chat completions, well or badly.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", action="append", choices=FAULTS, default=[])
    parser.add_argument("--every", type=int, default=1, help="misbehave at one call in so many")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds an answer takes")
    given = parser.parse_args()
    server = Server(given.fault, given.every, given.delay)
    await server.start(given.port)
    print(server.url, flush=True)
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
