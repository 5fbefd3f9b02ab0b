"""A persona with a million thoughts thinks the next as fast as one with a hundred."""

import asyncio
import statistics
import time
from collections.abc import Iterator

import psutil

from services.executor import Executor
from tests.bench import fabric

THOUGHTS = 1_000_000
A_SAVE = 100
AT_ONCE = 32
SAMPLES = 300


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal)."""
    with (
        fabric.server() as conninfo,
        fabric.executor(fabric.database(conninfo, "life"), 2) as made,
    ):
        figures = asyncio.run(_live(made))
    young, old, before, after = figures
    yield (
        f"next thought after {THOUGHTS:,} / after 100",
        f"{old:.2f} ms / {young:.2f} ms = {old / young:.2f}",
        "within 1.5",
    )
    yield (
        f"process memory after 100,000 / after {THOUGHTS:,} thoughts",
        f"{before:.0f} MB / {after:.0f} MB",
        "flat",
    )


async def _live(made: Executor) -> tuple[float, float, float, float]:
    await _fill(made, "persona-0", 100)
    await _fill(made, "persona-1", 100_000)
    before = _memory_mb()
    await _fill(made, "persona-1", THOUGHTS - 100_000)
    after = _memory_mb()
    young: list[float] = []
    old: list[float] = []
    for _ in range(SAMPLES):  # in turns, so that both see the same machine
        young.append(await _next(made, "persona-0"))
        old.append(await _next(made, "persona-1"))
    return statistics.median(young), statistics.median(old), before, after


async def _fill(made: Executor, persona_id: str, count: int) -> None:
    for begin in range(0, count // A_SAVE, AT_ONCE):
        wanted = min(AT_ONCE, count // A_SAVE - begin)
        await asyncio.gather(*(fabric.think(made, persona_id, A_SAVE) for _ in range(wanted)))


async def _next(made: Executor, persona_id: str) -> float:
    began = time.perf_counter()
    await fabric.think(made, persona_id, 1)
    return (time.perf_counter() - began) * 1000


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6
