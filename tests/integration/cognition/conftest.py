"""A fabric that thinks with whatever thinker a test brings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from domain.ports import Thinker
from services import settings
from services.app import App
from services.commands import observation
from services.inputs.lines import batches_of

Running = Callable[..., AbstractAsyncContextManager[App]]


@pytest.fixture
def running(database: str, tmp_path: Path) -> Running:
    """Opens an app on one database and lets it think; may be entered again after leaving."""

    @asynccontextmanager
    async def run(thinker: Thinker | None = None, **given: object) -> AsyncIterator[App]:
        loaded = settings.load(home=tmp_path, database_url=database, **given)
        app = await asyncio.to_thread(App, loaded, thinker)
        views = asyncio.create_task(app.views.follow())
        try:
            await app.loop.start(seed=app.seed)
            yield app
        finally:
            await app.loop.stop()
            await app.thinkers.close()
            views.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await views
            await asyncio.to_thread(app.close)

    return run


def observe(app: App, text: str, swarm_id: str = "swarm-core", source: str = "test.log") -> int:
    """Store a text as observations; return the last position."""
    batches = batches_of(text.encode())
    context = app.executor.context("user:test")
    return app.executor.run(
        context, lambda unit: observation.observe(unit, swarm_id, source, batches)
    ).position


async def rested(app: App, position: int, seconds: float = 20) -> None:
    """Wait until everything up to a position is digested."""
    async with asyncio.timeout(seconds):
        while not app.loop.rests(position):
            await asyncio.sleep(0.02)
