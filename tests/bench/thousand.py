"""A thousand personas on one process, each with a thinker that takes two seconds."""

import asyncio
import cProfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from psycopg.rows import scalar_row

from domain.budget import Credits
from domain.events.cognition import Thinker, Usage
from domain.limits import Limits, SwarmLimits
from domain.thinking import ThinkRequest, ThinkResult
from services import settings
from services.app import App
from services.commands import observation
from services.commands.lifecycle import Ceilings, NewPersona
from services.inputs.lines import batches_of
from tests.bench import fabric

PERSONAS = 1_000
SWARMS = 8
AT_ONCE = 400
"""Calls the endpoint takes at once."""
CALL_SECS = 2.0
WARM_UP_SECS = 20.0
MEASURED_SECS = 40.0
FEED_SECS = 1.0
PROFILED_SECS = 10.0
SCHEDULING = (
    "/asyncio/", "_asyncio", "/concurrent/", "/selectors.py", "/threading.py", "~poll", "_heapq",
    "_contextvars", *(f"/cognition/{name}.py" for name in (
        "scheduler", "runner", "calls", "spent", "governor", "resting", "saving", "thinking",
    )),
)  # fmt: skip
"""Places whose time counts as scheduling."""
AMPLE = 2**40


class Slow:
    """A thinker whose endpoint takes so many calls at once, each for two seconds."""

    def __init__(self) -> None:
        self.calls = 0
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def fit(self, request: ThinkRequest) -> ThinkRequest:
        return request

    def turn(self) -> AbstractAsyncContextManager[None]:
        return self._turns

    def worst_case(self, request: ThinkRequest) -> Credits:
        return Credits(1_000, 10_000)

    async def think(self, request: ThinkRequest) -> ThinkResult:
        await asyncio.sleep(CALL_SECS)
        self.calls += 1
        usage = Usage(prompt_tokens=300, completion_tokens=100, cpu_ms=2_000)
        return ThinkResult(f"{request.phase} {self.calls}", Thinker(source="bench"), usage)

    async def recall(self, request: ThinkRequest) -> None:
        return

    def forget(self, persona_id: str) -> None:
        return


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured."""

    thoughts_per_second: float
    loop_us: float
    """Time of the event loop's thread a thought: scheduling, deciding, encoding, remembering."""
    share: float
    """How much of that is scheduling: asyncio, and who steps whom and reserves for it."""


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal)."""
    with fabric.server() as conninfo, tempfile.TemporaryDirectory() as home:
        url = fabric.database(conninfo, "thousand")
        figures = asyncio.run(_think(url, Path(home)))
    allowed = AT_ONCE / CALL_SECS
    yield (
        f"{PERSONAS:,} personas, {AT_ONCE} calls of {CALL_SECS:.0f} s at once",
        f"{figures.thoughts_per_second:.0f} thoughts/s"
        f" = {figures.thoughts_per_second / allowed:.2f} of what that allows",
        "0.9",
    )
    yield (
        "of that, the loop's thread a thought / its scheduling alone",
        f"{figures.loop_us:.0f} us / {figures.loop_us * figures.share:.0f} us",
        "200 us",
    )


async def _think(url: str, home: Path) -> Figures:
    limits = SwarmLimits(
        token_budget_per_minute=AMPLE, compute_ms_per_minute=AMPLE, max_live_personas=PERSONAS
    )
    loaded = settings.load(
        home=home, database_url=url, limits=Ceilings(fabric=limits, swarm=limits)
    )
    app = await asyncio.to_thread(App, loaded, Slow())
    views = asyncio.create_task(app.views.follow())
    try:
        await asyncio.to_thread(_spawn, app)
        await app.loop.start()
        feeding = asyncio.create_task(_feed(app))
        await asyncio.sleep(WARM_UP_SECS)
        figures = await _measure(app)
        feeding.cancel()
        return figures
    finally:
        await app.loop.stop()
        views.cancel()
        await asyncio.gather(views, return_exceptions=True)
        await asyncio.to_thread(app.close)


def _spawn(app: App) -> None:
    own = Limits(token_budget_per_minute=AMPLE, compute_ms_per_minute=AMPLE)
    for number in range(PERSONAS):
        new = NewPersona(
            persona_id=f"persona-{number}", name="bench", role="r", charter="think",
            swarm_id=f"swarm-{number % SWARMS}", limits=own,
        )  # fmt: skip
        app.spawn(app.executor.context("user:bench"), new)


async def _feed(app: App) -> None:
    """Give every swarm something new to see, again and again."""
    while True:
        for number in range(SWARMS):
            swarm, text = f"swarm-{number}", f"{time.time()} something happened\n"
            batches = batches_of(text.encode())
            observed = partial(observation.observe, swarm_id=swarm, source="bench", batches=batches)
            await app.executor.execute_async(app.executor.context("system:bench"), observed)
        await asyncio.sleep(FEED_SECS)


async def _measure(app: App) -> Figures:
    before, loop, began = _count(app), time.thread_time(), time.monotonic()
    await asyncio.sleep(MEASURED_SECS)
    after, elapsed = _count(app), time.monotonic() - began
    took = time.thread_time() - loop
    thoughts = after - before
    return Figures(thoughts / elapsed, took / thoughts * 1e6, await _share())


async def _share() -> float:
    """Return the share of the loop's thread that scheduling takes, by what a profile says."""
    profile = cProfile.Profile(timer=time.thread_time)
    profile.enable()
    await asyncio.sleep(PROFILED_SECS)
    profile.disable()
    profile.create_stats()
    taken = [(place[0] + place[2], stat[2]) for place, stat in profile.stats.items()]
    own = sum(secs for place, secs in taken if any(part in place for part in SCHEDULING))
    return own / sum(secs for _, secs in taken)


def _count(app: App) -> int:
    counted = b"select count(*) from events where topic = 'thought.generated'"
    [count] = app.recorder.query(counted, {}, scalar_row)
    return int(count)
