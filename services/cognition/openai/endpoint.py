"""One server, shared by all who ask it: places in order of arrival, pauses, its circuit."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx2

from domain.events.cognition import Usage
from domain.thinking import Unanswered
from services.cognition.openai.body import bound
from services.cognition.openai.circuit import Circuit, CircuitOpen, CircuitState
from services.cognition.openai.settings import OpenAISettings

logger = logging.getLogger(__name__)

LONGEST_HOLD_SECS: Final = 60.0
"""Longest that callers wait because a server said `Retry-After`; then one of them asks again."""
EndpointKey = tuple[str, Path | None]


class Endpoint:
    """One base URL. Of one event loop; holds the connections, closed by `close`."""

    def __init__(
        self,
        base_url: str,
        concurrency: int,
        *,
        ca_file: Path | None = None,
        circuit: Circuit | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base_url = base_url
        self.concurrency = concurrency
        self.circuit = circuit or Circuit()
        self._places = asyncio.Semaphore(concurrency)
        self._clock = clock
        self._held_until = 0.0
        self.calls = 0
        """Turns under way."""
        self.http = httpx2.AsyncClient(
            verify=trust(base_url, ca_file),
            headers={"Accept-Encoding": "identity"},
            event_hooks={"response": [bound]},
            limits=httpx2.Limits(max_keepalive_connections=concurrency),
            follow_redirects=False,  # a key is sent nowhere else
        )

    @property
    def state(self) -> CircuitState:
        """How its circuit stands."""
        return self.circuit.state

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place, first come first served, and until it may be asked again.

        Raises:
            Unanswered: its circuit is open.
        """
        with passing(self.circuit, self.base_url):
            pass  # who would be refused need not wait for it
        async with self._places:
            while (left := self._held_until - self._clock()) > 0:  # noqa: ASYNC110 - for a time
                await asyncio.sleep(left)
            with passing(self.circuit, self.base_url):
                self.calls += 1
                try:
                    yield
                finally:
                    self.calls -= 1

    def hold(self, secs: float) -> float:
        """Let nobody ask for a while, at most `LONGEST_HOLD_SECS`; return how long."""
        secs = min(max(0.0, secs), LONGEST_HOLD_SECS)
        self._held_until = max(self._held_until, self._clock() + secs)
        return secs

    def failed(self, why: str) -> None:
        """A call of it failed."""
        self.circuit.failed(why)
        if self.state.state == "open":
            logger.warning("an endpoint rests", extra={"url": self.base_url, "why": why})

    def stop(self, why: str) -> None:
        """Ask it no more until a restart."""
        logger.error("an endpoint is stopped", extra={"url": self.base_url, "why": why})
        self.circuit.stop(why)

    async def close(self) -> None:
        """Drop its connections."""
        await self.http.aclose()


@contextmanager
def passing(circuit: Circuit, where: str) -> Iterator[None]:
    """Let one call pass a circuit.

    Raises:
        Unanswered: it is open; nothing was used, and trying at once would be no use.
    """
    with ExitStack() as entered:
        try:
            entered.enter_context(circuit.passing())
        except CircuitOpen as shut:
            raise Unanswered(
                f"{where} is not asked: its circuit is {shut}",
                usage=Usage(),
                retryable=False,
                again_after_secs=shut.state.again_after_secs,
            ) from None
        yield


def trust(base_url: str, ca_file: Path | None) -> ssl.SSLContext | bool:
    """Return whose certificates are trusted; to read them takes time, and http has none."""
    if not base_url.startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody
    return ssl.create_default_context(cafile=ca_file) if ca_file else True


def key_of(settings: OpenAISettings) -> EndpointKey:
    """Return what tells two endpoints apart."""
    return settings.base_url, settings.ca_file


def endpoints(thinkers: Iterable[OpenAISettings]) -> dict[EndpointKey, Endpoint]:
    """Make the endpoints of all thinkers; those of one server share it, and its least limit."""
    least = dict[EndpointKey, int]()
    for each in thinkers:
        key = key_of(each)
        least[key] = min(each.concurrency, least.get(key, each.concurrency))
    return {key: Endpoint(key[0], most, ca_file=key[1]) for key, most in least.items()}
