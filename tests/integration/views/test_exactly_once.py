"""Every event counts once, whoever catches up at the same time and whatever is killed meanwhile."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import sleep

import psycopg
import pytest

from projections import VIEWS
from services.store.errors import StoreUnavailable
from services.store.recorder import Recorder
from tests.e2e.process import until
from tests.integration.views.conftest import OpenViews
from tests.integration.views.views_of_tests import TRAP_LOCK, counting, trapped
from tests.integration.views.writing import Tables, positions, tables, write
from tests.unit.projections.given import History

SCRIPT = Path(__file__).parent / "catching_up.py"
ROOT = SCRIPT.parents[3]
KILLS = 4
WHO = [f"p{number}" for number in range(20)]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(database: str) -> Iterator[Start]:
    """Starts processes that catch up once they are sent a line; killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start_one(batch_events: int, *arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-W", "error", SCRIPT, database, str(batch_events), *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def release(process: "subprocess.Popen[str]") -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def thoughts(count: int) -> History:
    history = History()
    for who in WHO:
        history.spawned(who, swarm=f"swarm-{who[-1]}")
    for number in range(count):
        history.thought(WHO[number % len(WHO)], tokens=number + 1)
    return history


def rebuilt(open_views: OpenViews, database: str) -> Tables:
    views = open_views(views=[*VIEWS, counting()])
    for view in [*VIEWS, counting()]:
        views.rebuild(view.name)
    return tables(database)


def test_three_processes_and_three_threads_count_every_event_once(
    open_views: OpenViews, store: Recorder, database: str, start: Start
) -> None:
    history = thoughts(3_000)
    head = write(store, history)
    processes = [start(size) for size in (7, 50, 64)]
    views = open_views(views=[*VIEWS, counting()], batch_events=33)
    with ThreadPoolExecutor(3) as threads:
        for process in processes:
            release(process)
        reached = list(threads.map(lambda _: views.catch_up(), range(3)))
    said = [process.communicate(timeout=60)[0].strip() for process in processes]

    assert reached == [head] * 3
    assert said == [str(head)] * 3
    assert views.totals().thoughts == 3_000
    assert set(positions(database).values()) == {head}
    assert tables(database) == rebuilt(open_views, database)


def test_what_was_applied_but_not_committed_when_its_process_was_killed_counts_once(
    open_views: OpenViews, store: Recorder, database: str, start: Start
) -> None:
    head = write(store, thoughts(300))
    with psycopg.connect(database, autocommit=True) as trap:
        trap.execute("select pg_advisory_lock(%s)", [TRAP_LOCK])
        process = start(1_000, "trap")
        release(process)
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        while trap.execute(waiting).fetchone() == (0,):
            assert process.poll() is None
            sleep(0.01)
        process.kill()
        process.wait()
        assert set(positions(database).values()) == {0}
        assert not any(tables(database).values())

    views = open_views(views=[*VIEWS, counting()])
    assert views.catch_up() == head
    assert views.totals().thoughts == 300
    assert tables(database) == rebuilt(open_views, database)


def goes_on(database: str, before: int) -> bool:
    return positions(database)["totals"] > before


def test_processes_killed_at_any_moment_lose_and_double_nothing(
    open_views: OpenViews, store: Recorder, database: str, start: Start
) -> None:
    last, killed_at = write(store, thoughts(4_000)), [0]
    while len(killed_at) <= KILLS and killed_at[-1] < last:
        process = start(5)  # has made the tables by now
        release(process)
        until(partial(goes_on, database, killed_at[-1]), "it takes in events")
        sleep(random.uniform(0, 0.1))
        process.kill()
        process.communicate()
        killed_at.append(positions(database)["totals"])
    assert 0 < killed_at[1] < last
    views = open_views(views=[*VIEWS, counting()])
    assert views.catch_up() == last
    assert views.totals().thoughts == 4_000
    assert tables(database) == rebuilt(open_views, database)


def test_a_connection_lost_between_the_rows_and_the_commit_loses_and_doubles_nothing(
    open_views: OpenViews, store: Recorder, database: str
) -> None:
    head = write(store, thoughts(400))
    dice = random.Random(7)
    lost: list[bool] = []

    def springs() -> bool:
        lost.append(dice.random() < 0.4)
        return lost[-1]

    last = trapped(counting(), "pg_terminate_backend(pg_backend_pid())", springs)
    views = open_views(views=[*VIEWS, last], batch_events=10)
    while positions(database)["counting"] < head:
        try:
            views.catch_up()
        except StoreUnavailable:
            continue

    assert sum(lost) > 5
    assert not views.problems()
    assert views.totals().thoughts == 400
    assert tables(database) == rebuilt(open_views, database)
