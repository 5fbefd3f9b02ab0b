"""Hot memory: the last thoughts, at once, and the same after a restart."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from domain.recorded import Recorded
from services.memory.hot import RING_BYTES, THOUGHTS, HotRings
from services.store.recorder import Recorder
from tests.integration.views.writing import write
from tests.unit.projections.given import History

FAST_SECS = 0.001
"""A look into the store takes longer; what the processors did otherwise is left out."""


@asynccontextmanager
async def followed(rings: HotRings) -> AsyncIterator[None]:
    task = asyncio.create_task(rings.follow())
    async with asyncio.timeout(30):
        while not rings._following:
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(rings: HotRings, persona_id: str, last: int) -> list[Recorded]:
    async with asyncio.timeout(30):
        while True:
            found = list(await asyncio.to_thread(rings.recent, persona_id))
            if found and found[-1].position == last:
                return found
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("content", [10, RING_BYTES // 10, RING_BYTES])
def test_a_ring_kept_up_is_equal_to_one_filled_after_a_restart(
    open_store: Callable[[], Recorder], content: int
) -> None:
    store = open_store()
    history = History().spawned("a").spawned("b")
    head = write(store, history.thought("a").distilled("a").thought("b"))

    async def keep_up() -> list[Recorded]:
        rings = HotRings(store)
        async with followed(rings):
            assert [each.position for each in rings.recent("a")] == [3]
            first = len(history.recorded)
            for number in range(2 * THOUGHTS):
                size = content if number % 7 == 0 else 10
                history.thought("a", content="x" * size)
                history.supposed("a") if number % 3 else history.thought("b")
            last = await asyncio.to_thread(write, store, history, first)
            mine = [r.position for r in history.recorded if r.event.persona_id == "a"
                    and r.event.topic == "thought.generated"]  # fmt: skip
            assert last == len(history.recorded) > head
            return await until(rings, "a", mine[-1])

    kept = asyncio.run(keep_up())
    again = list(HotRings(open_store()).recent("a"))
    assert kept == again
    assert len(kept) <= THOUGHTS
    assert len(kept) == THOUGHTS or content > 10


def test_thoughts_far_apart_in_their_log_are_found_as_well(store: Recorder) -> None:
    history = History().spawned("a")
    for _ in range(3):
        history.thought("a")
        for _ in range(1_200):
            history.supposed("a")
    write(store, history)
    assert len(HotRings(store).recent("a")) == 3


def test_whoever_asks_before_anybody_follows_is_told_what_is_stored(store: Recorder) -> None:
    history = History().spawned("a")
    write(store, history)
    rings = HotRings(store)
    assert rings.recent("a") == []
    for count in (1, 2):
        write(store, history.thought("a"), len(history.recorded) - 1)
        assert len(rings.recent("a")) == count
    assert [each.position for each in rings.recent("a", 1)] == [3]
    assert rings.recent("nobody") == []
    assert rings.recent("a", 0) == []


def test_what_came_while_nobody_followed_is_not_missed(store: Recorder) -> None:
    history = History().spawned("a").thought("a")
    write(store, history)

    async def leave_and_come_back() -> None:
        rings = HotRings(store)
        async with followed(rings):
            assert len(rings.recent("a")) == 1
        await asyncio.to_thread(write, store, history.thought("a"), 2)
        async with followed(rings):
            assert [each.position for each in await asyncio.to_thread(rings.recent, "a")] == [2, 3]

    asyncio.run(leave_and_come_back())


def test_asking_takes_less_than_a_millisecond(store: Recorder) -> None:
    history = History()
    for number in range(50):
        history.spawned(f"p{number}")
        for _ in range(20):
            history.thought(f"p{number}")
    write(store, history)

    async def ask() -> list[float]:
        rings = HotRings(store)
        async with followed(rings):
            for number in range(50):
                await asyncio.to_thread(rings.recent, f"p{number}")
            took = []
            for turn in range(2_000):
                began = time.perf_counter()
                found = rings.recent(f"p{turn % 50}", 20)
                took.append(time.perf_counter() - began)
                assert len(found) == 20
            return sorted(took)

    took = asyncio.run(ask())
    assert took[int(len(took) * 0.9)] < FAST_SECS
