"""Connections that break in the commit: nothing is lost, nothing twice, no false conflict."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

import psycopg
import pytest

from services.store.errors import OutcomeUnknown, StoreUnavailable, VersionConflict
from services.store.recorder import Recorder
from services.store.save import Answer, Fence, Save
from tests.integration.store.cutting_proxy import CuttingProxy
from tests.integration.store.making import record, save


@pytest.fixture
def proxy(database: str) -> Iterator[CuttingProxy]:
    with CuttingProxy(database) as proxy:
        yield proxy


@pytest.fixture
def through_proxy(proxy: CuttingProxy) -> Iterator[Recorder]:
    with Recorder(proxy.url, reconnect_seconds=10) as recorder:
        yield recorder


def first_positions(store: Recorder, streams: Sequence[str]) -> list[int]:
    futures = [store.submit(save(stream, count=2)) for stream in streams]
    return [future.result()[0] for future in futures]


def test_a_save_that_was_committed_unheard_is_acknowledged_with_its_positions(
    proxy: CuttingProxy, through_proxy: Recorder
) -> None:
    assert first_positions(through_proxy, ["warm"]) == [1]
    proxy.cut_before_answer()
    streams = [f"s{n}" for n in range(20)]
    assert first_positions(through_proxy, streams) == list(range(3, 43, 2))
    assert proxy.cuts == 1
    assert through_proxy.head() == 42


def test_a_save_that_never_reached_the_server_is_stored_once(
    proxy: CuttingProxy, through_proxy: Recorder
) -> None:
    proxy.cut_before_commit()
    streams = [f"s{n}" for n in range(20)]
    assert first_positions(through_proxy, streams) == list(range(1, 41, 2))
    assert proxy.cuts == 1
    assert through_proxy.head() == 40


def test_a_commit_unheard_is_found_though_the_stream_went_on_since(
    proxy: CuttingProxy, through_proxy: Recorder, store: Recorder
) -> None:
    proxy.cut_before_answer(then=lambda: store.submit(save("a", 2)).result())
    assert through_proxy.submit(save("a")).result() == (1,)
    assert store.head() == 2


def test_another_writer_who_was_faster_is_a_true_conflict(
    proxy: CuttingProxy, through_proxy: Recorder, store: Recorder, database: str
) -> None:
    other: list[Future[tuple[int, ...]]] = []

    def let_another_queue_up() -> None:
        other.append(store.submit(save("a")))
        with psycopg.connect(database, autocommit=True) as watcher:
            waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted"
            while not watcher.execute(waiting).fetchone():
                assert not other[0].done()
                time.sleep(0.01)

    proxy.cut_before_commit(then=let_another_queue_up)
    outcome = through_proxy.submit(save("a")).exception()
    assert isinstance(outcome, VersionConflict)
    assert other[0].result() == (1,)


def test_epochs_and_answers_committed_unheard_are_not_refused(
    proxy: CuttingProxy, through_proxy: Recorder
) -> None:
    def answer(key: str) -> Answer:
        return Answer("me", key, b"hash", lambda positions: f"at {positions}")

    proxy.cut_before_answer()
    start = Save([record("fabric")], raise_fence=Fence("loop", 1), answer=answer("start"))
    assert through_proxy.submit(start).result() == (1,)
    proxy.cut_before_answer()
    assert through_proxy.submit(Save([], answer=answer("nothing"))).result() == ()
    assert proxy.cuts == 2
    assert through_proxy.epoch("loop") == 1
    assert through_proxy.answer_of("me", "start")


def test_a_server_that_stays_away_leaves_a_commit_unclear_and_the_next_refused(
    proxy: CuttingProxy, database: str
) -> None:
    with Recorder(proxy.url, reconnect_seconds=0.3) as store:
        proxy.cut_before_answer(then=proxy.refuse)
        outcome = store.submit(save("a")).exception()
        assert isinstance(outcome, OutcomeUnknown)
        later = store.submit(save("b")).exception()
        assert type(later) is StoreUnavailable
        assert "PERPETUA_DATABASE_URL" in later.hint


def test_backends_terminated_at_random_lose_nothing_and_cause_no_conflict(
    database: str, open_store: Callable[[], Recorder]
) -> None:
    """Each stream has one writer, so that any conflict would be a false one."""
    stores = [open_store(), open_store()]
    stop = time.monotonic() + 3
    errors: list[Exception] = []
    acknowledged: dict[tuple[str, int], int] = {}

    def write(number: int) -> None:
        stream, version = f"s{number}", 0
        try:
            while time.monotonic() < stop:
                sent = save(stream, version + 1, count=2)
                for position in stores[number % 2].submit(sent).result(30):
                    version += 1
                    acknowledged[stream, version] = position
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for writer in writers:
        writer.start()
    kills = 0
    with psycopg.connect(database, autocommit=True) as killer:
        while time.monotonic() < stop:
            time.sleep(random.uniform(0, 0.05))
            kills += killer.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            ).rowcount
    for writer in writers:
        writer.join()
    assert errors == []
    stored = stores[0].read(0, 1_000_000)
    assert [event.position for event in stored] == list(range(1, len(stored) + 1))
    assert {(e.stream, e.version): e.position for e in stored} == acknowledged
    assert kills > 20
    assert len(stored) > 100
