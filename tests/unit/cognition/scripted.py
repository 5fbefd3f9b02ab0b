"""A thinker that does what it is told, and a purse that counts."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace

from domain.budget import Credits
from domain.errors import BudgetExhausted
from domain.events.cognition import Thinker as ThinkerId
from domain.events.cognition import Usage
from domain.events.lifecycle import Identity
from domain.limits import Limits
from domain.thinking import Malformed, ObservedLine, ThinkRequest, ThinkResult, Unanswered

NEED = Credits(100, 1_000)
USED = Usage(prompt_tokens=30, completion_tokens=10, cpu_ms=5, cost_micro_usd=7)
WHO = Identity(name="n", role="r", charter="c", parent_id=None, depth=0, tags=())
LINES = [ObservedLine("log", 7, number, f"line {number}") for number in range(3)]
REQUEST = ThinkRequest("observe", "p", "s", WHO, Limits(), room_bytes=1_000, lines=LINES)
RIGHT = ThinkResult("thought", ThinkerId(source="openai", model="m"), USED)
HANGS = asyncio.Event
DOWN = Unanswered("500: it is down", usage=USED)
WRONG = Malformed("{", "it ends too soon", USED)

Outcome = ThinkResult | Exception | type[asyncio.Event]


class Scripted:
    """Does what it is told, one call after the other; shows only the last line."""

    def __init__(self, *outcomes: Outcome, source: str = "openai", need: Credits = NEED) -> None:
        self.outcomes = list(outcomes)
        self.source, self.need = source, need
        self.asked: list[ThinkRequest] = []
        self.recalled: list[ThinkRequest] = []
        self.closed: Unanswered | None = None

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        return replace(request, lines=request.lines[-1:])

    def turn(self) -> AbstractAsyncContextManager[None]:
        if self.closed:
            raise self.closed
        return nullcontext()

    def worst_case(self, request: ThinkRequest) -> Credits:
        return self.need

    async def think(self, request: ThinkRequest) -> ThinkResult:
        self.asked.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        if not isinstance(outcome, ThinkResult):
            await outcome().wait()
            raise AssertionError
        return outcome

    async def recall(self, request: ThinkRequest) -> None:
        self.recalled.append(request)

    def forget(self, persona_id: str) -> None:
        return


class Whole(Scripted):
    """Shows all of it, costs no tokens: what falls back."""

    def __init__(self) -> None:
        result = ThinkResult("counted", ThinkerId(source="statistical"), Usage(cpu_ms=3))
        super().__init__(result, source="statistical", need=Credits(0, 50))

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        return request


class Purse:
    """Counts what is reserved and settled; refuses what is more than it holds."""

    def __init__(self, tokens: int = 10_000, cpu_ms: int = 100_000) -> None:
        self.tokens, self.cpu_ms = tokens, cpu_ms
        self.reserved: list[Credits] = []
        self.settled: list[Credits] = []
        self.paused: list[float] = []

    async def reserve(self, need: Credits) -> None:
        assert len(self.reserved) == len(self.settled), "one call at a time"
        if sum(each.tokens for each in self.reserved) + need.tokens > self.tokens:
            raise _exhausted("token", need.tokens, 0, self.tokens)
        left_ms = self.cpu_ms - sum(each.cpu_ms for each in self.settled)
        if need.cpu_ms > left_ms:
            raise _exhausted("cpu", need.cpu_ms, left_ms, self.cpu_ms)
        self.reserved.append(need)

    def settle(self, used: Credits) -> None:
        self.settled.append(used)

    async def pause(self, seconds: float) -> None:
        self.paused.append(seconds)


def _exhausted(resource: str, needed: int, left: int, limit: int) -> BudgetExhausted:
    return BudgetExhausted(
        "p", resource, needed=needed, left=left, limit=limit, period="minute", retry_after_secs=30
    )
