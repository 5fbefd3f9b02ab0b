"""Thinkers for tests: each is one way to behave, good or bad."""

import asyncio

from domain.budget import Credits
from domain.events.cognition import Thinker, Usage
from domain.ports import ThinkRequest, ThinkResult
from services.cognition.prompt import worst_case

MAX_TOKENS = 100
MADE_UP = Thinker(source="test")


class Metered:
    """Answers at once and uses tokens: half of what its prompt may cost."""

    def __init__(self, timeout_ms: int = 500) -> None:
        self.requests: list[ThinkRequest] = []
        self.timeout_ms = timeout_ms

    def worst_case(self, prompt: str) -> Credits:
        return worst_case(prompt, 1, MAX_TOKENS, self.timeout_ms)

    async def think(self, request: ThinkRequest) -> ThinkResult:
        self.requests.append(request)
        return self.answer(request)

    def answer(self, request: ThinkRequest) -> ThinkResult:
        used = self.worst_case(request.prompt).tokens // 2
        usage = Usage(prompt_tokens=used, completion_tokens=0, cpu_ms=1)
        return ThinkResult(f"{request.phase} of {request.persona_id}", MADE_UP, usage)

    async def recall(self, request: ThinkRequest) -> None:
        self.requests.append(request)

    def forget(self, persona_id: str) -> None:
        return


class Hanging(Metered):
    """Never answers the personas named."""

    def __init__(self, *hangs: str) -> None:
        super().__init__()
        self.hangs = hangs

    async def think(self, request: ThinkRequest) -> ThinkResult:
        if request.persona_id in self.hangs:
            await asyncio.Event().wait()
        return await super().think(request)


class Failing(Metered):
    """Raises for the personas named, the first so many times."""

    def __init__(self, *fails: str, times: int = 1_000) -> None:
        super().__init__()
        self.fails, self.times = fails, times

    async def think(self, request: ThinkRequest) -> ThinkResult:
        if request.persona_id in self.fails and self.times > 0:
            self.times -= 1
            raise ConnectionError("the model is away")
        return await super().think(request)


class Greedy(Metered):
    """Uses ten times what was reserved."""

    def answer(self, request: ThinkRequest) -> ThinkResult:
        used = self.worst_case(request.prompt).tokens * 10
        return ThinkResult("greedy", MADE_UP, Usage(prompt_tokens=used, cpu_ms=1))
