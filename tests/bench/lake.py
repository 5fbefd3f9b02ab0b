"""The lake: events into Parquet, by the clock and by the processor, beside decoding them alone."""

import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from domain.recorded import Stored
from services.lake.asking import ask, connected
from services.lake.opening import opened
from services.lake.processes import export
from services.lake.rows import row
from services.lake.sources import FromStore
from services.lake.work import Work
from services.store.recorder import Recorder
from tests.bench import fabric

EVENTS = 200_000
WRITERS = 64
ROUNDS = 3
JOBS = (1, 2)
PARTITIONS = 12


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal); what is compared takes turns in one run."""
    with fabric.server() as server:
        conninfo = fabric.database(server, "lake")
        with fabric.executor(conninfo, WRITERS, swarms=48) as made:
            while made.recorder.head() < EVENTS:
                asyncio.run(fabric.storm(made, WRITERS, 20, 1))
        with Recorder(conninfo) as recorder:
            yield from _rows(conninfo, recorder)


@dataclass(frozen=True, slots=True)
class Spent:
    """What some work took."""

    seconds: float
    cpu_seconds: float
    """Of the processor, processes that were started for it included, the database not."""


def _rows(conninfo: str, recorder: Recorder) -> Iterator[tuple[str, str, str]]:
    head = recorder.head()
    decoding, lake = [], {jobs: list[Spent]() for jobs in JOBS}
    for _ in range(ROUNDS):
        decoding.append(_decoding(recorder))
        for jobs in JOBS:
            lake[jobs].append(_exporting(conninfo, recorder, jobs))
    floor = statistics.median(each.cpu_seconds for each in decoding)
    for jobs, spent in lake.items():
        rate = head / statistics.median(each.seconds for each in spent)
        cpu = statistics.median(each.cpu_seconds for each in spent)
        ratio = statistics.median(
            our.cpu_seconds / their.cpu_seconds for our, their in zip(spent, decoding, strict=True)
        )
        yield (
            f"lake from the store, {jobs} process{'es' * (jobs > 1)}",
            f"{rate:,.0f} events/s; {cpu / head * 1e6:.1f} us of processor an event,"
            f" {ratio:.2f} times decoding alone ({floor / head * 1e6:.1f} us)",
            "40,000 with two" if jobs == 2 else "",
        )


def _decoding(recorder: Recorder) -> Spent:
    """Return what it takes to decode every event, reading excluded."""
    seconds = cpu_seconds = 0.0
    after = 0
    while batch := recorder.read(after, 2_000):
        spent = _measured(partial(_rows_of, batch))
        seconds += spent.seconds
        cpu_seconds += spent.cpu_seconds
        after = batch[-1].position
    return Spent(seconds, cpu_seconds)


def _exporting(conninfo: str, recorder: Recorder, jobs: int) -> Spent:
    """Return what it takes until a new lake has every event, the start of processes included."""
    with tempfile.TemporaryDirectory(prefix="perpetua-bench-") as folder:
        origin = FromStore.now(conninfo, recorder, PARTITIONS)
        with opened(Path(folder), origin.source, PARTITIONS) as lake:
            spent = _measured(lambda: export(lake, Work(origin), lambda: False, jobs=jobs))
            assert lake.manifest.rows == recorder.head()
        with connected(Path(folder)) as connection:
            [[thoughts]] = ask(connection, "select count(*) from thought_generated").rows
        assert thoughts > EVENTS // 2
    return spent


def _rows_of(batch: Sequence[Stored]) -> list[Any]:
    return [row(each) for each in batch]


def _measured(work: Callable[[], object]) -> Spent:
    began, cpu = time.perf_counter(), _cpu_seconds()
    work()
    return Spent(time.perf_counter() - began, _cpu_seconds() - cpu)


def _cpu_seconds() -> float:
    """Return what this process has used, and those it started that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)
