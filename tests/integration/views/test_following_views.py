"""Views follow the store by themselves, and tell when they have taken something in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

import psycopg
import pytest

from services.store.errors import StoreUnavailable
from services.store.recorder import Recorder
from services.views import Views
from tests.integration.views.conftest import OpenViews
from tests.integration.views.writing import write
from tests.unit.projections.given import History

SOON = 30.0


@asynccontextmanager
async def following(views: Views) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(views.follow())
    await asyncio.sleep(0)
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_who_wrote_reads_it_once_it_is_reached(
    views: Views, open_store: Callable[[], Recorder]
) -> None:
    elsewhere = open_store()
    async with following(views):
        for name in ("a", "b", "c"):
            position = await asyncio.to_thread(write, elsewhere, History().spawned(name))
            assert await views.reached(position, SOON)
            assert views.persona(name) is not None


async def test_without_a_follower_waiting_catches_up(views: Views, store: Recorder) -> None:
    position = write(store, History().spawned("a"))
    assert await views.reached(position, SOON)
    assert views.persona("a") is not None


async def test_what_is_not_written_is_not_reached(views: Views, store: Recorder) -> None:
    position = write(store, History().spawned("a"))
    started = monotonic()
    assert not await views.reached(position + 1, timeout_secs=0.2)
    assert 0.2 <= monotonic() - started < 10


async def test_many_may_wait_at_once(views: Views, store: Recorder) -> None:
    async with following(views):
        history = History()
        for number in range(50):
            history.spawned(f"p{number}")
        waiting = [asyncio.create_task(views.reached(n + 1, SOON)) for n in range(50)]
        await asyncio.to_thread(write, store, history)
        assert all(await asyncio.gather(*waiting))


async def test_following_outlives_the_loss_of_every_connection(
    views: Views, store: Recorder, database: str
) -> None:
    async with following(views) as task:
        assert await views.reached(write(store, History().spawned("a")), SOON)
        lose_connections(database)
        position = await asyncio.to_thread(write, store, History().spawned("b"))
        assert await views.reached(position, SOON)
        assert not task.done()
    assert views.persona("b") is not None


async def test_following_ends_with_the_store(
    open_store: Callable[[], Recorder], database: str, open_views: OpenViews
) -> None:
    store = open_store()
    views = Views(store, database)
    task = asyncio.create_task(views.follow())
    assert await views.reached(write(store, History().spawned("a")), SOON)
    await asyncio.to_thread(store.close)
    await asyncio.wait_for(task, SOON)
    views.close()


async def test_following_ends_with_the_views(store: Recorder, database: str) -> None:
    views = Views(store, database)
    task = asyncio.create_task(views.follow())
    assert await views.reached(write(store, History().spawned("a")), SOON)
    await asyncio.to_thread(views.close)
    await asyncio.to_thread(write, store, History().spawned("b"))
    await asyncio.wait_for(task, SOON)
    with pytest.raises(StoreUnavailable, match="closed"):
        views.catch_up()


def test_queries_and_catching_up_outlive_the_loss_of_their_connections(
    views: Views, store: Recorder, database: str
) -> None:
    write(store, History().spawned("a"))
    views.catch_up()
    assert views.persona("a") is not None
    write(store, History().spawned("b"))
    lose_connections(database)
    assert views.persona("a") is not None
    views.catch_up()
    assert views.persona("b") is not None


def lose_connections(database: str) -> None:
    """End every connection, as a server that restarts does."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
