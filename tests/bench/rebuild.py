"""Rebuilding each view of one history, beside decoding its events and nothing else."""

import time
from collections.abc import Iterator
from contextlib import closing
from random import Random

import psutil

from projections import VIEWS
from projections.view import View
from services.store.mapper import AvroMapper, to_recorded
from services.store.migrate import migrate
from services.store.recorder import Recorder
from services.store.save import Save
from services.views import Views, from_store, parallel
from services.views.rebuild import Rebuild
from tests.bench import fabric
from tests.unit.projections.given import History

EVENTS = 60_000
PERSONAS = 40
SWARMS = 6
A_BATCH = 1_000
JOBS = 2
GOALS = {"lineage": "25,000 events/s", "memories": "15,000 events/s"}


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield (what, figure, goal); the floor is measured beside each view."""
    with fabric.server() as server:
        conninfo = fabric.database(server, "rebuild")
        partitions = migrate(conninfo)
        with Recorder(conninfo) as recorder:
            _write(recorder, partitions)
            with closing(Views(recorder, conninfo)) as views:
                views.catch_up()
            before = _memory_mb()
            for view in VIEWS:
                if not recorder.read(0, 1, topics=sorted(view.topics)):
                    continue
                yield _measured(recorder, conninfo, view, partitions)
    yield (
        f"process memory before / after rebuilding {len(VIEWS)} views",
        f"{before:.0f} MB / {_memory_mb():.0f} MB",
        "flat",
    )


def _measured(
    recorder: Recorder, conninfo: str, view: View, partitions: int
) -> tuple[str, str, str]:
    events, floor_secs = _decode(recorder, view)
    floor = events / floor_secs
    rates = {1: _rebuild(recorder, conninfo, view, partitions, 1)}
    if events > EVENTS / 2:  # with fewer, the start of the processes is all that is measured
        rates[JOBS] = _rebuild(recorder, conninfo, view, partitions, JOBS)
    told = [
        f"{rate:,.0f} events/s, {rate / floor:.2f} of decoding, with {jobs}"
        for jobs, rate in rates.items()
    ]
    return (
        f"rebuild {view.name}: {events:,} events (decoding alone {floor:,.0f} events/s)",
        "; ".join(told),
        GOALS.get(view.name, ""),
    )


def _write(recorder: Recorder, partitions: int) -> None:
    """Store a history: mostly thoughts, and of everything else some."""
    dice, history = Random(1), History()
    for number in range(PERSONAS):
        history.spawned(f"persona-{number}", f"swarm-{number % SWARMS}")
    while (number := len(history.recorded)) < EVENTS:
        who = f"persona-{dice.randrange(PERSONAS)}"
        kind = dice.random()
        if kind < 0.7:
            history.thought(who)
        elif kind < 0.85:
            key = f"belief-{number % 50}"
            history.supposed(who, key, f"h-{number}").checked(who, hypothesis=f"h-{number}")
        elif kind < 0.92:
            history.observed(f"{who}.log", 5, number, swarm=history.swarms[who])
        elif kind < 0.96:
            history.paused(who).resumed(who)
        elif kind < 0.98:
            history.distilled(who)
        else:
            history.proposed(f"proposal-{number}", who).verified(f"proposal-{number}")
    mapper = AvroMapper(partitions)
    records = [mapper.to_stored_event(placed) for placed in history.placed]
    for first in range(0, len(records), A_BATCH):
        recorder.submit(Save(records[first : first + A_BATCH])).result()


def _decode(recorder: Recorder, view: View) -> tuple[int, float]:
    """Read and decode all that a view reads; return how many events it is, and seconds."""
    began, count, after = time.perf_counter(), 0, 0
    while found := recorder.read(after, A_BATCH, topics=sorted(view.topics)):
        count += len([to_recorded(each) for each in found])
        after = found[-1].position
    return count, time.perf_counter() - began


def _rebuild(recorder: Recorder, conninfo: str, view: View, partitions: int, jobs: int) -> float:
    """Return events a second; with the start of the processes, without which none is built."""

    if jobs == 1:
        feed = from_store.feed(recorder, view, partitions)
    else:
        work = parallel.Work(conninfo, conninfo, view.name, partitions)
        feed = parallel.feed(recorder, work, jobs, _silent)
    return Rebuild(conninfo, view, partitions, _silent).run(feed).events_per_second


def _silent(passed: int, wanted: int) -> None:
    """Is told how far a rebuild is."""


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6
