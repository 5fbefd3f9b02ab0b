"""Builds a view in several processes at once, each some of the partitions, from the store."""

import multiprocessing
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Final

from projections import VIEWS
from projections.view import View
from services.processes import without_interrupts
from services.store.recorder import Recorder
from services.views import from_store
from services.views.apart import Apart
from services.views.bounded import Bounded
from services.views.events import Events
from services.views.filling import Goals, Told, fill
from services.views.rebuild import Feed
from services.views.store_source import StoreSource

_LOOK_SECS: Final = 0.25


class PartLost(Exception):
    """A process that built a part of a view ended before it was done."""

    code = "part_lost"

    def __init__(self, why: str) -> None:
        super().__init__(f"a process that built a part of the view has ended: {why}; begin again")


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be built, and of what."""

    store: str
    """Where the events are, as URL or keywords."""
    conninfo: str
    """Where the view is."""
    view: str
    of_partitions: int
    search_path: str = ""


def feed(events: Events, work: Work, jobs: int, told: Told) -> Feed:
    """Feed a rebuild from the store, most of it by so many processes at once."""

    def ahead(search_path: str, goals: Goals) -> int:
        return _build(replace(work, search_path=search_path), goals, jobs, told)

    whole = from_store.feed(events, _view(work), work.of_partitions)
    return replace(whole, ahead=ahead)


def _build(work: Work, goals: Goals, jobs: int, told: Told) -> int:
    """Build all up to the goals; return how many events were taken in."""
    context = multiprocessing.get_context("spawn")
    parts = list[tuple[SpawnProcess, Connection]]()
    try:
        for number in range(jobs):
            receiver, sender = context.Pipe(duplex=False)
            share = {p: goal for p, goal in goals.items() if p % jobs == number}
            part = context.Process(target=_build_part, args=(work, share, sender), daemon=True)
            with without_interrupts():
                part.start()
                parts.append((part, receiver))
            sender.close()
        _watch(work, goals, [part for part, _ in parts], told)
        return sum(_result(receiver) for _, receiver in parts)
    finally:
        for part, receiver in parts:
            part.kill()
            part.join()
            receiver.close()


def _watch(work: Work, goals: Goals, parts: Sequence[SpawnProcess], told: Told) -> None:
    """Tell how far they are until all have ended."""
    with closing(_apart(work)) as apart:
        while running := [part.sentinel for part in parts if part.is_alive()]:
            wait(running, _LOOK_SECS)
            passed = sum(min(each.position, goals[each.partition]) for each in apart.progress())
            told(passed, sum(goals.values()))


def _result(receiver: Connection) -> int:
    try:
        taken: int | str = receiver.recv()
    except EOFError:
        raise PartLost("it was killed") from None
    if isinstance(taken, str):
        raise PartLost(taken)
    return taken


def _build_part(work: Work, goals: Goals, sender: Connection) -> None:
    """Build some partitions; send how many events were taken in, or what went wrong."""
    try:
        sender.send(_built(work, goals))
    except Exception as wrong:
        sender.send(str(wrong) or type(wrong).__name__)


def _built(work: Work, goals: Goals) -> int:
    parent = multiprocessing.parent_process()
    topics = _view(work).topics
    with Recorder(work.store) as recorder, closing(_apart(work)) as apart:
        source = StoreSource(recorder, work.of_partitions, topics, apart.checkpoints, goals)
        fill(apart, Bounded(source), goals, stopped=lambda: not (parent and parent.is_alive()))
        return apart.taken


def _apart(work: Work) -> Apart:
    return Apart(work.conninfo, _view(work), work.of_partitions, work.search_path)


def _view(work: Work) -> View:
    [view] = [view for view in VIEWS if view.name == work.view]
    return view
