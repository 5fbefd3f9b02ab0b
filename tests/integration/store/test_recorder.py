"""The recorder as the `eventsourcing` library and asyncio use it."""

import asyncio

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from services.store.connect import connect
from services.store.errors import VersionConflict
from services.store.recorder import Recorder
from tests.integration.store.making import record, save


def test_the_library_inserts_selects_and_is_notified(store: Recorder) -> None:
    events = [StoredEvent("a", n, "topic", bytes([n])) for n in (1, 2, 3)]
    assert store.insert_events(events, partition=4) == (1, 2, 3)
    assert list(store.select_events("a", gt=1)) == events[1:]
    assert [each.id for each in store.select_notifications(1, 10)] == [1, 2, 3]
    assert [each.id for each in store.select_notifications(None, 2)] == [1, 2]
    exclusive = store.select_notifications(1, 100, stop=2, inclusive_of_start=False)
    assert [(each.id, each.originator_id, each.state) for each in exclusive] == [(2, "a", b"\2")]
    assert store.max_notification_id() == 3
    assert {event.partition for event in store.read(0, 10)} == {4}


def test_the_library_is_refused_with_its_own_kind_of_error(store: Recorder) -> None:
    store.insert_events([record("a")])
    with pytest.raises(VersionConflict):
        store.insert_events([record("a")])
    with pytest.raises(ValueError, match="partition"):
        store.insert_events([StoredEvent("b", 1, "topic", b"")])


def test_an_empty_store_has_no_last_notification(store: Recorder) -> None:
    assert store.max_notification_id() is None
    assert store.insert_events([]) == []
    assert store.select_notifications(1, 10) == []


async def test_a_cancelled_append_is_stored_whole_or_not_at_all(store: Recorder) -> None:
    await store.append(save("warm"))
    tasks = [asyncio.create_task(store.append(save(f"s{n}", count=3))) for n in range(100)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in outcomes[::2])
    assert all(isinstance(each, tuple) for each in outcomes[1::2])
    heads = {store.stream_head(f"s{n}") for n in range(0, 100, 2)}
    assert heads <= {0, 3}
    assert await store.append(save("last"))


def test_an_event_loop_that_has_gone_does_not_stop_the_writer(store: Recorder) -> None:
    async def leave() -> None:
        store.enqueue(save("a"))

    asyncio.run(leave())
    assert store.submit(save("b")).result()[0] in (1, 2)


async def test_saves_of_one_loop_are_stored_in_the_order_they_came(store: Recorder) -> None:
    futures = [store.enqueue(save("a", version)) for version in range(1, 300)]
    assert await asyncio.gather(*futures) == [(n,) for n in range(1, 300)]


def test_a_vacuum_and_the_writer_do_not_wait_for_each_other(store: Recorder, database: str) -> None:
    """Autovacuum gives up its lock for a waiting writer after a second; this one never does."""
    store.submit(save("a")).result()
    with psycopg.connect(database) as vacuum:
        vacuum.execute("lock table events in share update exclusive mode")
        for version in range(2, 50):
            store.submit(save("a", version)).result(timeout=30)
    with psycopg.connect(database, autocommit=True) as vacuum:
        vacuum.execute("set lock_timeout = '30s'")
        futures = [store.submit(save(f"s{n}", count=50)) for n in range(200)]
        vacuum.execute("vacuum (freeze) events")
        assert len({future.result() for future in futures}) == 200


@pytest.mark.parametrize(("default", "used"), [("off", "on"), ("remote_apply", "remote_apply")])
def test_a_commit_is_on_disk_even_where_the_servers_default_says_less(
    database: str, default: str, used: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"alter database {name} set synchronous_commit = {default}".encode())
    with connect(database) as connection:
        assert connection.execute("show synchronous_commit").fetchone() == (used,)


def test_a_database_that_is_read_only_by_default_is_written_all_the_same(
    store: Recorder, database: str
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"alter database {name} set default_transaction_read_only = on".encode())
        connection.execute(
            f"alter database {name} set default_transaction_isolation = serializable".encode()
        )
    assert store.submit(save("a")).result() == (1,)
