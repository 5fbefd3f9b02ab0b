"""What goes over the wire: calls, sent again under one key, and the stream of events."""

import json
import os
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, aclosing
from typing import Any, cast
from uuid import uuid4

import httpx

from .answers import Event
from .errors import PerpetuaError, Unavailable, told_by
from .waiting import T, either

_ANSWER_SECS, _SILENCE_SECS = 15.0, 45.0
"""How long an answer may take beyond what is waited for; how long a stream may be silent."""


class Connection:
    """A fabric, reached by an HTTP client of either kind."""

    _http: httpx.Client | httpx.AsyncClient
    _kind: type[httpx.Client | httpx.AsyncClient]
    _sleep: Callable[[float], Awaitable[None] | None]

    def __init__(
        self, url: str = "", token: str = "", patience_secs: float = 30, **http: Any
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: where the fabric serves; not said: PERPETUA_URL, or this machine's port 8080.
            token: who speaks; not said: PERPETUA_TOKEN.
            patience_secs: how long to try again what fails in passing, also for want of budget.
            http: further arguments of the HTTP client: verify, proxy, transport, ...
        """
        url = url or os.environ.get("PERPETUA_URL", "http://127.0.0.1:8080")
        token = token or os.environ.get("PERPETUA_TOKEN", "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = self._kind(base_url=url, headers=headers, **http)
        self._patience_secs = patience_secs

    async def _send(
        self, kind: type[T], method: str, path: str, body: Any, secs: float = 0, key: str = ""
    ) -> T:
        """Return what is answered in so many seconds and some, an object of a kind.

        What fails in passing is sent again, under the same key: it has no second effect.

        Raises:
            PerpetuaError: it was refused, or nobody answered for as long as patience lasts.
        """
        patience, once = Patience(self._patience_secs), {"Idempotency-Key": key or str(uuid4())}
        limit = _ANSWER_SECS + secs
        while True:
            try:
                sent = self._http.request(method, path, json=body, headers=once, timeout=limit)
                return cast("T", told_by(await either(sent)))
            except (httpx.RequestError, PerpetuaError) as error:
                await either(self._sleep(patience.pause(error)))

    async def _post(self, kind: type[T], path: str, /, **body: Any) -> T:
        return await self._send(kind, "POST", path, body)

    async def _events(self, cursor: str) -> AsyncGenerator[Event]:
        """Yield what happens; on another connection, go on right after the last that came whole."""
        patience = Patience(self._patience_secs)
        while True:
            try:
                async with aclosing(self._lines(cursor)) as lines:
                    fields: dict[str, str] = {}
                    async for line in lines:
                        patience = Patience(self._patience_secs)
                        name, _, value = line.partition(":")
                        fields[name] = value.removeprefix(" ")
                        if line:
                            continue
                        cursor = fields.get("id", cursor)
                        if "data" in fields:
                            yield _event(cursor, fields["event"], fields["data"])
                        fields = {}
                raise Unavailable("stream_ended", "the stream ended", None, {})
            except (httpx.RequestError, PerpetuaError) as error:
                await either(self._sleep(patience.pause(error)))

    async def _lines(self, cursor: str) -> AsyncGenerator[str]:
        on = {"Last-Event-ID": cursor} if cursor else {}
        stream = self._http.stream("GET", "/v1/cognition/stream", headers=on, timeout=_SILENCE_SECS)
        if isinstance(stream, AbstractContextManager):
            with stream as response:
                if response.is_error:
                    response.read()
                    told_by(response)
                for line in response.iter_lines():
                    yield line
        else:
            async with stream as response:
                if response.is_error:
                    await response.aread()
                    told_by(response)
                async for line in response.aiter_lines():
                    yield line


class Patience:
    """Tries again for so many seconds from the first failure on, ever more slowly."""

    def __init__(self, secs: float) -> None:
        self._secs, self._since = secs, 0.0

    def pause(self, error: httpx.RequestError | PerpetuaError) -> float:
        """Return how many seconds to wait before the next try: about as long as it has failed.

        Raises:
            PerpetuaError: it is of no use, or was tried for long enough.
        """
        url_is_wrong = isinstance(error, httpx.UnsupportedProtocol)
        if isinstance(error, httpx.RequestError):
            error = Unavailable("unreachable", f"no answer: {error!r}", None, {})
        self._since = self._since or time.monotonic()
        failing = time.monotonic() - self._since
        pause = (error.retry_after or 0) + random.uniform(0.5, 1.0) * min(3, 0.2 + failing)
        passes = isinstance(error, Unavailable) or error.retry_after
        if url_is_wrong or not passes or failing + pause > self._secs:
            raise error
        return pause


def _event(cursor: str, kind: str, data: str) -> Event:
    """Read an event. `lag` is one too: who was slow, and did not say where, has missed some."""
    lag = {"event_type": kind, "persona_id": None, "payload": {"detail": data}}
    told = json.loads(data) if kind == "cognition" else lag
    return cast("Event", told | {"cursor": cursor})
