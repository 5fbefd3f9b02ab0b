"""A save on its way to the store, and who waits for it."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError

from services.store.save import Save, Span, measure, spans

Positions = tuple[int, ...]


class Job:
    """A save, what it writes, its size in bytes, and the future of whoever waits."""

    __slots__ = ("doubtful", "future", "loop", "outcome", "save", "size", "written")

    def __init__(
        self,
        save: Save,
        future: "Future[Positions] | asyncio.Future[Positions]",
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        """Check the save. `loop` is the one the future belongs to, if any.

        Raises:
            EventTooLarge: an event or the save is over its limit.
            ValueError: versions of a stream don't follow, or there is nothing to store.
        """
        if not (save.records or save.answer):
            raise ValueError("a save without events or an answer stores nothing")
        self.size = measure(save)
        self.written: list[Span] = spans(save.records)
        self.save = save
        self.future = future
        self.loop = loop
        self.doubtful = False
        """Whether it may have been committed without our having heard."""
        self.outcome: Positions | Exception = ()


def deliver(jobs: Iterable[Job]) -> None:
    """Hand every job's outcome to whoever waits: one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        if job.loop is None:
            _settle(job)
        else:
            by_loop.setdefault(job.loop, []).append(job)
    for loop, waiting in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, waiting)
        except RuntimeError:  # that loop has been closed: nobody waits any more
            continue


def _settle_all(jobs: list[Job]) -> None:
    for job in jobs:
        _settle(job)


def _settle(job: Job) -> None:
    if job.future.done():  # cancelled meanwhile
        return
    try:
        if isinstance(job.outcome, Exception):
            job.future.set_exception(job.outcome)
        else:
            job.future.set_result(job.outcome)
    except InvalidStateError:  # cancelled between the question and the answer
        return
