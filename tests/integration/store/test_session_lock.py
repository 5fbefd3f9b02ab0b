"""One loop of many: the lock, and losing it."""

import threading

import psycopg
import pytest

from services.store.errors import StoreUnavailable
from services.store.session_lock import SessionLock
from tests.integration.store.cutting_proxy import CuttingProxy

SOON_SECS = 20


def test_one_of_many_gets_the_lock_and_the_next_when_it_is_released(database: str) -> None:
    locks = [SessionLock(database, "loop") for _ in range(10)]
    assert [lock.try_acquire() for lock in locks] == [True] + [False] * 9
    assert locks[0].try_acquire()
    holder = locks[1].holder()
    locks[0].release()
    assert not locks[0].lost.is_set()
    assert locks[1].try_acquire()
    assert locks[0].holder() not in (None, holder)
    locks[1].release()
    assert locks[0].holder() is None


def test_locks_of_other_names_are_free(database: str) -> None:
    locks = [SessionLock(database, f"relay-{number}") for number in range(8)]
    assert all(lock.try_acquire() for lock in locks)
    assert len({lock.holder() for lock in locks} - {None}) == 8
    for lock in locks:
        lock.release()


def test_who_is_told_of_the_loss_may_release_at_once(database: str) -> None:
    released = threading.Event()

    def release() -> None:
        lock.release()
        released.set()

    lock = SessionLock(database, "loop", release)
    assert lock.try_acquire()
    with psycopg.connect(database, autocommit=True) as killer:
        killer.execute("select pg_terminate_backend(%s)", (lock.holder(),))
    assert released.wait(SOON_SECS)


def test_a_lock_whose_connection_dies_is_lost_at_once_and_free(database: str) -> None:
    told = threading.Event()
    lock, other = SessionLock(database, "loop", told.set), SessionLock(database, "loop")
    assert lock.try_acquire()
    with psycopg.connect(database, autocommit=True) as killer:
        killer.execute("select pg_terminate_backend(%s)", (lock.holder(),))
    assert lock.lost.wait(SOON_SECS) and told.wait(SOON_SECS)
    assert other.try_acquire()
    assert not lock.try_acquire()
    other.release()
    assert lock.try_acquire()
    assert not lock.lost.is_set()
    lock.release()


def test_a_lock_on_a_server_out_of_reach_says_so() -> None:
    with pytest.raises(StoreUnavailable):
        SessionLock("postgresql:///none?host=/nonexistent", "loop").try_acquire()


def test_a_release_that_comes_while_the_lock_is_being_taken_gives_it_back(database: str) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        go_on.wait(SOON_SECS)

    with CuttingProxy(database) as proxy:
        lock = SessionLock(proxy.url, "loop")
        proxy.hold_at(b"pg_try_advisory_lock", wait)
        taking = threading.Thread(target=lock.try_acquire)
        taking.start()
        assert asked.wait(SOON_SECS)
        releasing = threading.Thread(target=lock.release)
        releasing.start()
        releasing.join(0.2)  # it waits, or has nothing to do
        go_on.set()
        taking.join()
        releasing.join()
        assert not lock.held
    assert SessionLock(database, "loop").holder() is None
