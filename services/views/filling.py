"""Lets a view take in what is before it, and no more."""

from collections.abc import Callable, Mapping
from time import monotonic

from services.views.apart import Apart
from services.views.bounded import Bounded

Goals = Mapping[int, int]
"""Partition to the position it is wanted up to."""
Told = Callable[[int, int], None]
"""Is told how many positions are passed, over all partitions, and of how many."""


def fill(
    apart: Apart, source: Bounded, goals: Goals, told: Told = lambda *_: None,
    stopped: Callable[[], bool] = lambda: False,
) -> bool:  # fmt: skip
    """Take in all up to the goals, where nothing stops it; False if it was stopped before."""

    def reached() -> bool:
        parts = [part for part in apart.progress() if part.partition in goals]
        told(sum(min(p.position, goals[p.partition]) for p in parts), sum(goals.values()))
        return all(p.error or p.position >= goals[p.partition] for p in parts)

    source.aim(goals)
    while not reached():
        if stopped():
            return False
        apart.run(source, lambda: stopped() or reached())
    return True


def after(secs: float) -> Callable[[], bool]:
    """Return what tells whether so much time has passed since now."""
    until = monotonic() + secs
    return lambda: monotonic() > until
