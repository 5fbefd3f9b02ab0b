"""One loop of many: the lock, and losing it."""

import threading

import psycopg
import pytest

from services.store.errors import StoreUnavailable
from services.store.session_lock import SessionLock


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
    assert released.wait(2)


def test_a_lock_whose_connection_dies_is_lost_at_once_and_free(database: str) -> None:
    told = threading.Event()
    lock, other = SessionLock(database, "loop", told.set), SessionLock(database, "loop")
    assert lock.try_acquire()
    with psycopg.connect(database, autocommit=True) as killer:
        killer.execute("select pg_terminate_backend(%s)", (lock.holder(),))
    assert lock.lost.wait(2) and told.wait(2)
    assert other.try_acquire()
    assert not lock.try_acquire()
    other.release()
    assert lock.try_acquire()
    assert not lock.lost.is_set()
    lock.release()


def test_a_lock_on_a_server_out_of_reach_says_so() -> None:
    with pytest.raises(StoreUnavailable):
        SessionLock("postgresql:///none?host=/nonexistent", "loop").try_acquire()
