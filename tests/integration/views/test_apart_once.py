"""A view kept apart takes in every event once, whoever dies and whoever tries as well."""

import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from time import sleep

import psycopg

from domain.ports import Checkpoint
from projections import totals
from services.store.recorder import Recorder
from services.views.apart import Apart
from services.views.store_source import StoreSource
from tests.e2e.process import until
from tests.integration.bus.relaying import Filling
from tests.integration.views.keeping import (
    PARTITIONS,
    from_store,
    keeping,
    projected,
    rows,
    until_taken_in,
)
from tests.integration.views.stored import filling, store, url
from tests.integration.views.views_of_tests import TRAP_LOCK, trapped

__all__ = ["filling", "store", "url"]

SCRIPT = Path(__file__).parent / "keeping_apart.py"
ROOT = SCRIPT.parents[3]


def test_what_was_applied_when_its_process_was_killed_counts_once(
    url: str,
    database: str,
    store: Recorder,
    filling: Filling,
) -> None:
    filling.write(400)
    view = totals.VIEW
    with psycopg.connect(url, autocommit=True) as trap:
        trap.execute("select pg_advisory_lock(%s)", [TRAP_LOCK])
        process = started(url, "trap")
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        until(lambda: trap.execute(waiting).fetchone() != (0,), "it is in its transaction")
        assert process.poll() is None
        process.kill()
        process.communicate()
    assert rows(url, view) == []
    with keeping(url, view, from_store(store, view)):
        until_taken_in(url, view, store)
    assert rows(url, view) == projected(store, database, view)


def test_processes_killed_at_any_moment_lose_and_double_nothing(
    url: str, database: str, store: Recorder, filling: Filling
) -> None:
    filling.write(2_000)
    view = totals.VIEW
    for _ in range(4):
        process = started(url)
        sleep(Random().uniform(0, 0.4))
        process.kill()
        process.communicate()
    with keeping(url, view, from_store(store, view)):
        until_taken_in(url, view, store)
    assert rows(url, view) == projected(store, database, view)


def started(*arguments: str) -> "subprocess.Popen[str]":
    """Start a process that keeps `totals` apart; it has opened its tables."""
    process = subprocess.Popen(
        [sys.executable, SCRIPT, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_connection_lost_between_the_rows_and_the_commit_loses_and_doubles_nothing(
    url: str, database: str, store: Recorder, filling: Filling
) -> None:
    filling.write(600)
    dice, lost = Random(7), list[bool]()

    def springs() -> bool:
        lost.append(len(lost) < 12 and dice.random() < 0.4)
        return lost[-1]

    view = trapped(totals.VIEW, "pg_terminate_backend(pg_backend_pid())", springs)
    with keeping(url, view, from_store(store, view)):
        until_taken_in(url, view, store)
    assert sum(lost) > 2
    assert rows(url, view) == projected(store, database, totals.VIEW)


def test_three_at_once_on_the_same_partitions_count_every_event_once(
    url: str, database: str, store: Recorder, filling: Filling
) -> None:
    view = totals.VIEW
    filling.write(1_000)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(keeping(url, view, from_store(store, view)))
        with filling.under_way():
            sleep(1)
        until_taken_in(url, view, store)
    assert rows(url, view) == projected(store, database, view)


def test_where_one_of_several_partitions_was_moved_meanwhile_nothing_is_lost(
    url: str, database: str, store: Recorder, filling: Filling
) -> None:
    filling.write(400)
    view, at_first = totals.VIEW, iter([True])
    with closing(Apart(url, view, PARTITIONS)) as other:
        source = StoreSource(store, PARTITIONS, view.topics, other.checkpoints, share=[1])
        other.run(source, lambda: other.progress()[1].position == 400)

    def late(apart: Apart) -> StoreSource:
        def checkpoints(of: Collection[int]) -> Mapping[int, Checkpoint]:
            stale = next(at_first, False)
            return dict.fromkeys(of, Checkpoint()) if stale else apart.checkpoints(of)

        return StoreSource(store, PARTITIONS, view.topics, checkpoints)

    with keeping(url, view, late):
        until_taken_in(url, view, store)
    assert rows(url, view) == projected(store, database, view)
