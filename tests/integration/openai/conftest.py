"""A server of chat completions, and a thinker that asks it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from services.cognition.openai.circuit import Circuit
from services.cognition.openai.endpoint import Endpoint
from services.cognition.openai.settings import OpenAISettings
from services.cognition.openai.thinker import OpenAIThinker
from tests.integration.openai.server import Server, serving

KEY = "sk-secret"
TOOLS = {"notify": "Tells the operator a line.", "file.append": "Appends a line to a file."}
Make = Callable[..., OpenAIThinker]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


@pytest.fixture
async def endpoint(server: Server) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint(server.url, 8, circuit=Circuit(opens_after=100))
    yield endpoint
    await endpoint.close()


@pytest.fixture
def make(endpoint: Endpoint) -> Make:
    """Make a thinker with settings of the test's own."""

    def made(circuit: Circuit | None = None, **changes: Any) -> OpenAIThinker:
        url = endpoint.base_url
        given = {"base_url": url, "model": "gpt-4o", "api_key": KEY, "timeout_secs": 20} | changes
        return OpenAIThinker(OpenAISettings(**given), endpoint, TOOLS, circuit)

    return made


@pytest.fixture
def thinker(make: Make) -> OpenAIThinker:
    return make()
