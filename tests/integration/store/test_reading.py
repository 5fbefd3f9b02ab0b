"""Reading: order, filters that do not walk over everything, memory that stays bounded."""

import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from domain.recorded import Stored
from services.store.recorder import Recorder
from services.store.save import EVENT_LIMIT, Save
from tests.integration.store.making import record, save

MANY = 60_000


def rows_touched(database: str) -> int:
    """Rows of `events` read by sessions that have ended, whichever way."""
    with psycopg.connect(database, autocommit=True) as connection:
        while connection.execute(
            "select 1 from pg_stat_activity where application_name = 'perpetua'"
            " and datname = current_database()"
        ).fetchone():
            time.sleep(0.01)
        connection.execute("select pg_stat_clear_snapshot()")
        row = connection.execute(
            "select (select seq_tup_read from pg_stat_user_tables where relname = 'events')"
            " + (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'events')"
        ).fetchone()
    assert row
    return int(row[0])


@pytest.fixture
def many(database: str) -> str:
    """A database with many thoughts in partition 0, and a rare event now and then elsewhere."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into events (position, version, partition, stream, topic, state)"
            " select n, n, case when n %% 10000 = 0 then 7 else 0 end, 's',"
            " case when n %% 10000 = 0 then 'persona.reaped' else 'thought.generated' end, 'x'"
            " from generate_series(1, %s) n",
            (MANY,),
        )
    return database


@pytest.mark.parametrize(
    ("partitions", "topics"),
    [([7], None), (None, ["persona.reaped"]), ([3, 7], ["persona.reaped", "vote.cast"])],
)
@pytest.mark.parametrize("analyzed", [True, False])
def test_a_rare_topic_or_partition_is_found_without_walking_over_the_others(
    many: str, partitions: list[int] | None, topics: list[str] | None, analyzed: bool
) -> None:
    if analyzed:
        with psycopg.connect(many, autocommit=True) as connection:
            connection.execute("analyze events")
    before = rows_touched(many)
    store = Recorder(many)
    for _ in range(8):  # beyond the plans made for one execution
        found = store.read(0, 100, partitions, topics)
        assert [event.position for event in found] == list(range(10_000, MANY + 1, 10_000))
    store.close()
    assert rows_touched(many) - before < 1_000


async def test_a_follower_with_a_filter_does_not_walk_over_the_others(many: str) -> None:
    before = rows_touched(many)
    store = Recorder(many, poll_seconds=0.01)
    seen: list[Stored] = []
    async for batch in store.follow(0, topics=["persona.reaped"]):
        seen += batch
        if len(seen) == MANY // 10_000:
            await store.append(Save([record("late", topic="persona.reaped")]))
        if len(seen) > MANY // 10_000:
            break
    store.close()
    assert seen[-1].stream == "late"
    assert rows_touched(many) - before < 1_000


def test_reading_goes_on_after_a_position_and_stops_at_another(store: Recorder) -> None:
    for version in range(1, 11):
        store.submit(save("a", version)).result()
    assert [e.position for e in store.read(3, 4)] == [4, 5, 6, 7]
    assert [e.position for e in store.read(3, 100, upto=5)] == [4, 5]
    assert [e.position for e in store.read(3, 100, partitions=[0], upto=5)] == [4, 5]
    assert store.read(10, 100) == []
    assert [e.position for e in store.read_positions([9, 2, 77])] == [2, 9]
    assert [e.version for e in store.last_events("a", 3)] == [8, 9, 10]
    assert (store.stream_head("a"), store.stream_head("b"), store.head()) == (10, 0, 10)


def test_what_comes_out_is_what_went_in(store: Recorder) -> None:
    texts = ["", "ä 漢字 \U0001f600", "a/b%2Fc", "'\"\\{},NULL"]
    sent = [record(f"stream {t}", 1, t.encode() + b"\0\xff", f"topic {t}", 11) for t in texts]
    store.submit(Save(sent)).result()
    assert store.read(0, 10) == [
        Stored(n, str(r.originator_id), 1, r.topic, 11, r.state) for n, r in enumerate(sent, 1)
    ]


@pytest.mark.parametrize("desc", [False, True])
def test_a_stream_is_read_within_bounds_in_either_order(store: Recorder, desc: bool) -> None:
    for version in range(1, 402, 100):
        store.submit(save("a", version, count=100)).result()
    order = -1 if desc else 1

    def versions(**bounds: int) -> list[int]:
        return [e.originator_version for e in store.select_events("a", desc=desc, **bounds)]

    assert versions() == list(range(1, 501))[::order]
    assert versions(gt=120, lte=350) == list(range(121, 351))[::order]
    assert versions(gt=120, limit=5) == (
        [121, 122, 123, 124, 125] if not desc else [500, 499, 498, 497, 496]
    )
    assert len(store.select_events("a", gt=480)) == 20


def test_a_long_stream_is_read_in_bounded_memory(store: Recorder) -> None:
    for version in range(1, 301):
        store.submit(save("long", version, size=EVENT_LIMIT // 4)).result()
    tracemalloc.start()
    try:
        total = sum(len(event.state) for event in store.select_events("long"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 300 * EVENT_LIMIT // 4
    assert peak < total / 2


def test_a_lost_reading_connection_is_replaced(store: Recorder, database: str) -> None:
    store.submit(save("a")).result()
    assert store.head() == 1
    with psycopg.connect(database, autocommit=True) as killer:
        killer.execute(
            "select pg_terminate_backend(pid, 1000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    assert store.head() == 1


def test_many_threads_share_few_connections(store: Recorder, database: str) -> None:
    store.submit(save("a")).result()
    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(lambda _: store.head(), range(500))) == [1] * 500
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where datname = current_database()"
        ).fetchone()
    assert row and row[0] <= 6  # four that read, one that writes, and this one
