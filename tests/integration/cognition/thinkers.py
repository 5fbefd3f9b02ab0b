"""Thinkers for tests: each is one way to behave, good or bad."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from domain.budget import Credits
from domain.events.cognition import Thinker, Usage
from domain.thinking import ThinkRequest, ThinkResult

MAX_TOKENS = 100
MADE_UP = Thinker(source="test")


class Metered:
    """Answers at once and uses tokens: half of what its prompt may cost."""

    def __init__(self, timeout_ms: int = 500) -> None:
        self.requests: list[ThinkRequest] = []
        self.timeout_ms = timeout_ms

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        return request

    def turn(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def worst_case(self, request: ThinkRequest) -> Credits:
        room = request.room_bytes
        charter = min(len(request.identity.charter.encode()), room // 2)
        texts = [m.text for m in request.memories] + [line.text for line in request.lines]
        told = sum(len(text.encode()) for text in texts)
        return Credits(min(charter + told, room) + 16 + MAX_TOKENS, self.timeout_ms)

    async def think(self, request: ThinkRequest) -> ThinkResult:
        self.requests.append(request)
        return self.answer(request)

    def answer(self, request: ThinkRequest) -> ThinkResult:
        used = self.worst_case(request).tokens // 2
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
        used = self.worst_case(request).tokens * 10
        return ThinkResult("greedy", MADE_UP, Usage(prompt_tokens=used, cpu_ms=1))


class Interrupted(Metered):
    """Lets something happen while it thinks a step of a phase."""

    def __init__(self, phase: str, happen: Callable[[], object]) -> None:
        super().__init__(timeout_ms=10_000)  # what happens is stored, however busy the machine is
        self.phase, self.happen = phase, happen

    async def think(self, request: ThinkRequest) -> ThinkResult:
        if request.phase == self.phase:
            await asyncio.to_thread(self.happen)
        return await super().think(request)
