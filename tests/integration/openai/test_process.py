"""The server runs as a process of its own, for tests from end to end."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from domain.thinking import Unanswered
from services.cognition.openai.endpoint import Endpoint
from services.cognition.openai.settings import OpenAISettings
from services.cognition.openai.thinker import OpenAIThinker
from tests.unit.openai.asking import asked, line

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def url() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.openai.server", "--fault", "500", "--every", "2",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    yield (await process.stdout.readline()).decode().strip()
    process.terminate()
    await process.wait()


async def test_it_misbehaves_as_often_as_told_and_tells_what_it_saw(url: str) -> None:
    settings = OpenAISettings(base_url=url, model="m", timeout_secs=20)
    endpoint = Endpoint(url, 1)
    thinker = OpenAIThinker(settings, endpoint, {})
    request = asked(lines=[line()])

    result = await thinker.think(request)
    with pytest.raises(Unanswered, match="status 500"):
        await thinker.think(request)
    await endpoint.close()

    async with httpx.AsyncClient() as client:
        seen = (await client.get(url.removesuffix("/v1") + "/_seen")).json()
    assert [each["fault"] for each in seen] == [None, "500"]
    assert seen[0]["usage"]["prompt_tokens"] == result.usage.prompt_tokens
    assert seen[1]["usage"] is None
