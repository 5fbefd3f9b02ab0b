"""However many personas come at once, each has all of its time once it thinks."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

from services.cognition.statistical.thinker import PLACES, StatisticalThinker
from tests.unit.cognition.scripted import REQUEST


async def test_who_finds_no_place_waits_outside_of_its_call() -> None:
    thinker = StatisticalThinker()

    async def call(persona_id: str) -> None:
        async with thinker.turn():
            await thinker.think(replace(REQUEST, persona_id=persona_id))

    async with AsyncExitStack() as busy:
        for _ in range(PLACES):
            await busy.enter_async_context(thinker.turn())
        calls = [asyncio.create_task(call(f"p{n}")) for n in range(9)]
        recall = asyncio.create_task(thinker.recall(REQUEST))
        calls[0].cancel()
        done, _ = await asyncio.wait([*calls, recall], timeout=0.1)
        assert done == {calls[0]}
    await asyncio.wait_for(asyncio.gather(*calls[1:], recall), 20)
