"""No fault of a server costs a thought, or more than was reserved; who answers is told."""

import pytest

from domain.budget import Credits
from domain.thinking import ThinkResult
from services.cognition.calls import Calls
from services.cognition.statistical.thinker import StatisticalThinker
from services.cognition.thinkers import Chosen
from tests.integration.openai.conftest import Make
from tests.integration.openai.server import FAULTS, Server
from tests.unit.openai.asking import asked, hypothesis, line

LINES = [line(n, f"Failed password for root port {n}") for n in range(1, 9)]
STEPS = [
    asked("observe", lines=LINES),
    asked("reflect", lines=LINES),
    asked("test", lines=LINES, hypotheses=[hypothesis("H", ["7#1-8"])]),
    asked("compress", lines=LINES),
]
FOREVER = {"429-for-ever", "429-date"}
"""Faults that hold an endpoint for longer than a test may take."""


class Purse:
    """Counts what is reserved and what is settled."""

    def __init__(self) -> None:
        self.reserved: list[Credits] = []
        self.settled: list[Credits] = []

    async def reserve(self, need: Credits) -> None:
        self.reserved.append(need)

    def settle(self, used: Credits) -> None:
        self.settled.append(used)


async def cycle(make: Make, purse: Purse, retries: int = 0) -> list[ThinkResult]:
    async def pause(secs: float) -> None:
        return None

    thinker = make(timeout_secs=0.5)
    chosen = Chosen(thinker, StatisticalThinker(), retries)
    calls = Calls(chosen, purse.reserve, purse.settle, pause)
    return [(await calls.answer(step)).result for step in STEPS]


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - FOREVER))
async def test_every_step_is_thought_and_paid_for_whatever_the_server_does(
    server: Server, make: Make, fault: str
) -> None:
    server.next = [fault, fault]
    purse = Purse()

    results = await cycle(make, purse)

    assert [each.error for each in results] == [None] * 4
    assert all(each.content for each in results)
    assert len(purse.settled) == len(purse.reserved)
    if fault != "greedy-usage":
        pairs = zip(purse.reserved, purse.settled, strict=True)
        assert all(need.covers(used) for need, used in pairs)
    told = sum(each.usage.tokens for each in results)
    assert told == sum(each.tokens for each in purse.settled)
    for each in results:
        fell_back = each.thinker.source == "statistical"
        assert fell_back is (each.finish_reason == "fallback") is bool(each.fallback_reason)


async def test_what_is_settled_is_what_the_server_used_to_the_token(
    server: Server, make: Make
) -> None:
    server.next = [None, "wrong-types", "429-silent", None, None, "out-of-range"]
    purse = Purse()

    results = await cycle(make, purse, retries=2)

    used = [each["usage"] for each in server.seen if each["usage"]]
    assert sum(each["total_tokens"] for each in used) == sum(each.usage.tokens for each in results)
    assert len(server.seen) == len(purse.reserved) == len(purse.settled)
    assert {each.thinker.source for each in results} == {"openai"}
