"""Following: woken at once, or by looking; nothing missed when the line breaks."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from threading import Timer

import psycopg
import pytest
from eventsourcing.persistence import Notification

from domain.recorded import Stored
from services.store.recorder import Recorder
from services.store.save import Save
from tests.integration.store.making import record, save

Open = Callable[[], Recorder]
SOON_SECS = 60


async def positions(batches: AsyncIterator[list[Stored]], count: int) -> list[int]:
    seen: list[int] = []
    async for batch in batches:
        seen += [event.position for event in batch]
        if len(seen) >= count:
            break
    return seen


async def test_a_follower_gets_what_was_there_and_what_comes(open_store: Open) -> None:
    writer, reader = open_store(), open_store()
    await writer.append(save("a", count=5))
    following = asyncio.create_task(positions(reader.follow(2), 6))
    await asyncio.sleep(0.1)
    await writer.append(save("b", count=3))
    assert await following == [3, 4, 5, 6, 7, 8]


async def test_a_follower_of_partitions_gets_only_these(open_store: Open) -> None:
    writer, reader = open_store(), open_store()
    following = asyncio.create_task(positions(reader.follow(0, [1, 2]), 4))
    for n in range(8):
        await writer.append(Save([record(f"s{n}", partition=n % 4)]))
    assert await following == [2, 3, 6, 7]


async def test_another_process_is_heard_long_before_the_next_look(database: str) -> None:
    with Recorder(database) as writer, Recorder(database, poll_seconds=60) as reader:
        following = asyncio.create_task(positions(reader.follow(0), 1))
        await asyncio.sleep(0.3)
        start = time.monotonic()
        await writer.append(save("a"))
        await following
        assert time.monotonic() - start < 30


async def test_an_event_nobody_announced_is_found_by_looking(
    store: Recorder, database: str
) -> None:
    following = asyncio.create_task(positions(store.follow(0), 1))
    await asyncio.sleep(0.3)
    with psycopg.connect(database) as connection:
        connection.execute("insert into events values (1, 1, 0, 's', 't', 'x')")
    assert await asyncio.wait_for(following, SOON_SECS) == [1]


async def test_a_follower_whose_connections_die_again_and_again_misses_nothing(
    open_store: Open, database: str
) -> None:
    writer, reader = open_store(), open_store()
    following = asyncio.create_task(positions(reader.follow(0), 300))
    with psycopg.connect(database, autocommit=True) as killer:
        for n in range(300):
            await writer.append(save(f"s{n}"))
            if n % 20 == 0:
                killer.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
    assert await asyncio.wait_for(following, SOON_SECS) == list(range(1, 301))


async def test_closing_the_store_ends_its_followers(database: str) -> None:
    store = Recorder(database)
    await store.append(save("a"))
    following = asyncio.create_task(positions(store.follow(0), 100))
    await asyncio.sleep(0.1)
    await asyncio.to_thread(store.close)
    assert await asyncio.wait_for(following, SOON_SECS) == [1]


async def test_a_follower_can_be_cancelled_while_it_waits(store: Recorder) -> None:
    following = asyncio.create_task(positions(store.follow(0), 1))
    await asyncio.sleep(0.1)
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert await store.append(save("a")) == (1,)


async def test_a_follower_that_is_refused_looks_again_only_now_and_then(
    open_store: Open, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    writer, reader = open_store(), open_store()
    await writer.append(save("a"))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("alter table events rename column state to gone")
        following = asyncio.create_task(positions(reader.follow(0), 1))
        await asyncio.sleep(1.5)
        assert 1 <= caplog.text.count("the store is out of reach") <= 3
        connection.execute("alter table events rename column gone to state")
    async with asyncio.timeout(5):
        assert await following == [1]


def test_the_librarys_subscription_yields_notifications_of_its_topics(store: Recorder) -> None:
    for n in range(20):
        topic = "vote.cast" if n % 5 == 0 else "thought.generated"
        store.submit(Save([record(f"s{n}", topic=topic)])).result()
    with store.subscribe(gt=1, topics=["vote.cast"]) as subscription:
        found = [next(subscription) for _ in range(3)]
    assert found[0] == Notification("s5", 1, "vote.cast", b"state", id=6)
    assert [notification.id for notification in found] == [6, 11, 16]


def test_a_waiting_subscription_is_ended_from_another_thread(store: Recorder) -> None:
    with store.subscribe() as subscription:
        timer = Timer(0.2, subscription.stop)
        timer.start()
        assert list(subscription) == []
        timer.join()
