"""What the tests of the Python client share: both clients as one, and a network that breaks."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from perpetua_client import AsyncClient, Budget, Client, Event
from tests.e2e.process import TOKEN

T = TypeVar("T")
AnyClient = Client | AsyncClient
POLICY = {
    "max_spawn_depth": 0,
    "max_branching_factor": 0,
    "token_budget_per_minute": 1_000,
    "compute_ms_per_minute": 10_000,
    "idle_ttl_secs": 3_600,
    "share_memory": False,
    "allowed_tools": ["notify", "file.append"],
}
USED = {"prompt_tokens": 80, "completion_tokens": 20, "cpu_ms": 5}
NOTIFY = {"tool": "notify", "target": "ops", "arguments": {"line": "a login failed"}}
LINES = "Failed password for root\nAccepted password for ann\n"


async def now(value: T | Awaitable[T]) -> T:
    """Return what a call of either client comes to."""
    return await value if isinstance(value, Awaitable) else value


@asynccontextmanager
async def block(budget: Budget, client: AnyClient) -> AsyncIterator[Budget]:
    """Enter the block of a budget, as its client does."""
    if isinstance(client, Client):
        with budget as entered:
            yield entered
    else:
        async with budget as entered:
            yield entered


async def heard(client: AnyClient, after: str, count: int, persona: str) -> list[Event]:
    """Return so many events of a persona, after a cursor."""
    found: list[Event] = []
    if isinstance(client, Client):
        for event in client.events(after):
            found += [event] if event["persona_id"] == persona else []
            if len(found) == count:
                break
        return found
    async for event in client.events(after):
        found += [event] if event["persona_id"] == persona else []
        if len(found) == count:
            break
    return found


class Network:
    """Makes clients of a server, over a network that breaks when it is told to."""

    def __init__(self, url: str, kind: type[AnyClient]) -> None:
        self.url = url
        self.kind = kind
        self.lose = 0
        """How many answers get lost from now on, after the server has done what was asked."""
        self.refuse = 0
        """How many requests get lost from now on, before the server has them."""
        self.sent: list[httpx.Request] = []
        self.made: list[AnyClient] = []
        self._tokens: dict[int, str] = {}

    def client(self, token: str = TOKEN, patience_secs: float = 60) -> AnyClient:
        transport: Any = (Lossy if self.kind is Client else AsyncLossy)(self)
        client = self.kind(self.url, token, patience_secs, transport=transport)
        self.made.append(client)
        self._tokens[id(client)] = token
        return client

    def token_of(self, client: AnyClient) -> str:
        return self._tokens[id(client)]

    def take(self, request: httpx.Request) -> None:
        """Lose a request if that is due."""
        if self.refuse:
            self.refuse -= 1
            raise httpx.ConnectError("the network is down", request=request)

    def passed(self, request: httpx.Request) -> None:
        """Note what was answered; lose the answer if that is due."""
        self.sent.append(request)
        if self.lose:
            self.lose -= 1
            raise httpx.ReadError("the network broke", request=request)


class Lossy(httpx.HTTPTransport):
    """A real connection that may lose answers."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._network.take(request)
        response = super().handle_request(request)
        try:
            self._network.passed(request)
        except httpx.ReadError:
            response.close()
            raise
        return response


class AsyncLossy(httpx.AsyncHTTPTransport):
    """The same, awaited."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._network.take(request)
        response = await super().handle_async_request(request)
        try:
            self._network.passed(request)
        except httpx.ReadError:
            await response.aclose()
            raise
        return response


async def begin(network: Network, **more: Any) -> tuple[str, AnyClient]:
    """Make a persona in a swarm of its own; return its id and its agent, with its own token."""
    operator = network.client()
    name = f"p-{uuid4()}"
    await now(
        operator.spawn(
            "N", "r", "c", persona_id=name, swarm_id=f"s-{name}", policy=POLICY,
            tags=["thinker:external"], **more,
        )
    )  # fmt: skip
    return name, network.client(await now(operator.token(name)))
