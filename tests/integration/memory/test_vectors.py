"""Vectors are made of nodes and of nothing else, once, whatever fails meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

import pytest
from numpy import float32
from numpy.typing import NDArray
from psycopg.conninfo import make_conninfo

from services.memory import vectors
from services.memory.errors import EmbedderUnavailable, VectorsUnavailable
from services.memory.indexer import Indexer
from services.store.recorder import Recorder
from tests.integration.memory.warm_house import Counting, House, house


@pytest.fixture
def warm(store: Recorder, database: str) -> Iterator[House]:
    with house(store, database) as warm:
        yield warm


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.01)


def test_every_node_gets_the_vector_of_its_text_once(warm: House) -> None:
    embedder = Counting()
    for number in range(5):
        warm.node(f"thought {number}")

    assert warm.index(embedder) == 5
    warm.node("one more")
    assert warm.index(embedder) == 1
    assert sorted(embedder.texts) == ["one more", *(f"thought {n}" for n in range(5))]
    assert {row[2] for row in warm.vectors()} == {embedder.id}


def test_deleted_vectors_come_back_equal(warm: House) -> None:
    for number in range(5):
        warm.node(f"thought {number}", who=None if number == 4 else "a")
    warm.index(Counting())
    before = warm.vectors()

    warm.connection.execute("drop table memory_vectors")
    warm.index(Counting())
    assert warm.vectors() == before


def test_a_node_that_is_gone_loses_its_vector(warm: House) -> None:
    gone, stays = warm.node("goes"), warm.node("stays")
    warm.index(Counting())

    warm.forget(gone)
    warm.index(Counting())
    assert [row[0] for row in warm.vectors()] == [stays]


def test_while_the_nodes_are_built_again_no_vector_is_dropped(warm: House) -> None:
    warm.forget(warm.node("comes back"))
    warm.settled = False
    node = warm.node("comes back too")
    warm.index(Counting())
    warm.forget(node)

    warm.index(Counting())
    assert [row[0] for row in warm.vectors()] == [node]


def test_a_node_that_came_late_is_found_by_a_look_at_all(warm: House) -> None:
    warm.node("in time")
    indexer = warm.indexer(Counting(), sweep_secs=0)
    try:
        assert indexer.catch_up() == 1
        late = warm.node("late")
        warm.connection.execute(
            "update view_memories set position = 1 where memory_id = %s", [late]
        )
        assert indexer.catch_up() == 1
    finally:
        indexer.close()


def test_a_text_that_changed_has_another_vector(warm: House) -> None:
    node = warm.node("before")
    warm.index(Counting())
    before = warm.vectors()

    warm.connection.execute("update view_memories set text = 'after' where memory_id = %s", [node])
    assert warm.index(Counting()) == 1
    assert warm.vectors() != before


def test_another_embedder_makes_all_vectors_anew(warm: House) -> None:
    warm.node("one")
    warm.node("two")
    warm.index(Counting("old"))

    warm.index(new := Counting("new"))
    assert sorted(new.texts) == ["one", "two"]
    assert {row[2] for row in warm.vectors()} == {new.id}


def test_an_embedder_of_another_dimension_has_a_table_of_its_own(warm: House) -> None:
    warm.node("one")
    warm.index(Counting())

    class Smaller(Counting):
        dimension = 8

        def embed(self, texts: Sequence[str]) -> NDArray[float32]:
            return super().embed(texts)[:, :8]

    warm.index(Smaller())
    assert len(warm.vectors()[0][4].split(",")) == 8


def test_vectors_made_before_an_embedder_fails_are_kept(warm: House) -> None:
    for number in range(4):
        warm.node(f"thought {number}")

    class BreaksOff(Counting):
        def embed(self, texts: Sequence[str]) -> NDArray[float32]:
            self.is_away = bool(self.texts)
            return super().embed(texts)

    with pytest.raises(EmbedderUnavailable):
        warm.index(BreaksOff())
    assert len(warm.vectors()) == 2


async def test_it_goes_on_when_its_embedder_and_its_connection_were_away(warm: House) -> None:
    embedder = Counting()
    embedder.is_away = True
    warm.node("first")
    running = asyncio.create_task(warm.indexer(embedder).run())
    try:
        await until(lambda: embedder.refused > 1)
        embedder.is_away = False
        await until(lambda: len(warm.vectors()) == 1)
        warm.connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        warm.node("second")
        await until(lambda: len(warm.vectors()) == 2)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def as_nobody(warm: House) -> Iterator[str]:
    """URL of the database for a user who may create nothing in it."""
    name = f"nobody_{uuid4().hex}"
    warm.connection.execute(f"create role {name} login password 'x'".encode())
    warm.connection.execute("drop extension if exists vector cascade")
    yield make_conninfo(warm.database, user=name, password="x")
    warm.connection.execute(f"drop role {name}".encode())


async def test_where_vectors_cannot_be_kept_the_work_ends_with_one_line(
    warm: House, as_nobody: str, caplog: pytest.LogCaptureFixture
) -> None:
    indexer = Indexer(as_nobody, Counting(), lambda: 1, lambda: True)

    await asyncio.wait_for(indexer.run(), 30)
    assert [record.message for record in caplog.records] == ["memory is searched by words alone"]
    assert "\n" not in caplog.records[0].__dict__["why"]


def test_a_pgvector_that_is_too_old_is_told_with_its_version(warm: House) -> None:
    warm.connection.execute("create extension if not exists vector")
    warm.connection.execute("update pg_extension set extversion = '0.7.4' where extname = 'vector'")
    with pytest.raises(VectorsUnavailable, match=r"pgvector 0\.7\.4 is older than 0\.8"):
        vectors.prepare(warm.connection, Counting())


def test_only_one_process_makes_vectors(warm: House) -> None:
    warm.node("text")
    first, second = warm.indexer(one := Counting()), warm.indexer(other := Counting())
    try:
        first._look()
        second._look()
        assert (one.texts, other.texts) == (["text"], [])
    finally:
        first.close()
        second.close()


async def test_a_look_that_goes_on_after_the_end_leaves_no_connection_and_no_lock(
    warm: House,
) -> None:
    looking, go_on = threading.Event(), threading.Event()

    def head() -> int:
        looking.set()
        go_on.wait(60)
        return 1

    warm.node("text")
    before = connections(warm)
    running = asyncio.create_task(Indexer(warm.database, Counting(), head, lambda: True).run())
    await until(looking.is_set)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    go_on.set()
    await until(lambda: "perpetua-memory" not in {each.name for each in threading.enumerate()})
    await until(lambda: connections(warm) == before)


def connections(warm: House) -> int:
    row = warm.connection.execute(
        "select count(*) from pg_stat_activity where datname = current_database()"
    ).fetchone()
    assert row
    return int(row[0])
