"""What a persona is reminded of: of every tier something, each once, and never at any price."""

import asyncio
import gc
from collections.abc import Coroutine, Sequence
from typing import Any

from domain.recorded import Recorded
from domain.thinking import Memory
from services.memory.remembering import HOT, SHARED, WARM, Remembering
from tests.unit.projections.given import History


class Tiers:
    """Fakes of all four, over one list of thoughts."""

    def __init__(self, thoughts: int = 0) -> None:
        history = History()
        history.swarms["a"] = "swarm"
        for number in range(thoughts):
            history.thought("a", content=f"thought {number}")
        self.thoughts = history.recorded
        self.asked: list[str] = []
        self.slow_secs = 0.0

    def recent(self, persona_id: str, count: int) -> Sequence[Recorded]:
        return self.thoughts[-count:]

    async def search(self, reader: str, query: str, count: int) -> Sequence[Memory]:
        self.asked.append(query)
        await asyncio.sleep(self.slow_secs)
        return [Memory(str(r.position), "warm", "old", 0.5) for r in self.thoughts[-count - 10 :]]

    async def latest(self, reader: str, persona_id: str) -> Memory | None:
        return Memory("100000", "cold", "a state of mind") if self.thoughts else None

    def context(self, reader_persona: str, count: int) -> Sequence[Memory]:
        return [Memory(f"20000{number}", "warm", "shared") for number in range(count)]


def reminded(tiers: Tiers, patience_secs: float = 5.0) -> list[Memory]:
    memory = Remembering(tiers, tiers, tiers, tiers, patience_secs)
    return asyncio.run(memory.before_reflecting("a"))


def test_every_tier_brings_its_part_and_the_newest_comes_last() -> None:
    found = reminded(tiers := Tiers(100))
    assert [each.tier for each in found] == ["cold", *["warm"] * (SHARED + WARM), *["hot"] * HOT]
    assert found[-1].text == "thought 99"
    assert tiers.asked == ["thought 97\nthought 98\nthought 99"]


def test_what_is_hot_is_not_told_again_as_found() -> None:
    refs = [each.ref for each in reminded(Tiers(20))]
    assert len(refs) == len(set(refs))


def test_who_has_thought_nothing_is_reminded_of_what_is_shared() -> None:
    assert {each.text for each in reminded(Tiers())} == {"shared"}


def test_a_tier_that_does_not_answer_is_left_out() -> None:
    tiers = Tiers(10)
    tiers.slow_secs = 5.0
    assert [each.tier for each in reminded(tiers, 0.5)] == [
        "cold",
        *["warm"] * SHARED,
        *["hot"] * HOT,
    ]


def test_a_tier_that_fails_is_left_out() -> None:
    class Broken(Tiers):
        def recent(self, persona_id: str, count: int) -> Sequence[Recorded]:
            raise OSError("gone")

    assert {each.tier for each in reminded(Broken(10))} == {"cold", "warm"}


async def test_who_is_cancelled_before_anything_is_asked_leaves_nothing_behind() -> None:
    """What is made and never awaited warns, whenever it is collected."""

    class Cancelling(Tiers):
        def search(
            self, reader: str, query: str, count: int
        ) -> Coroutine[Any, Any, Sequence[Memory]]:
            thinking.cancel()
            return super().search(reader, query, count)

    tiers = Cancelling(10)
    memory = Remembering(tiers, tiers, tiers, tiers)
    thinking = asyncio.create_task(memory.before_reflecting("a"))
    await asyncio.wait({thinking})
    gc.collect()
    assert thinking.cancelled()
