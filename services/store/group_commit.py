"""Group commit: one thread writes, and each transaction takes all that waits."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from time import monotonic

from services.store.errors import StoreUnavailable
from services.store.job import Job, Positions, deliver
from services.store.save import Save
from services.store.writer import Writer

GROUP_BYTES = 4_000_000
"""States of one transaction, unless a single save has more."""
GROUP_SAVES = 2_000


class GroupCommit:
    """Takes saves from any thread or event loop, and stores them in groups.

    While one group is on its way to the disk the next one gathers: the more is waiting, the fewer
    commits an event costs.
    """

    def __init__(self, writer: Writer, committed: Callable[[int], None]) -> None:
        """`committed` is told the last position of each commit, in the writing thread."""
        self._writer = writer
        self._committed = committed
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._held: Job | None = None
        self._closing = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="perpetua-store", daemon=True)
        self._thread.start()

    def submit(self, save: Save) -> Future[Positions]:
        """Store a save; the future brings its positions or its refusal.

        Raises:
            EventTooLarge: an event or the save is over its limit.
            ValueError: the save is malformed.
        """
        future: Future[Positions] = Future()
        self._put(Job(save, future, None))
        return future

    def enqueue(self, save: Save) -> asyncio.Future[Positions]:
        """Store a save, like `submit`, for the running event loop.

        Saves are stored in the order they come in, so that one may continue what an earlier one,
        still on its way, has written.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Positions] = loop.create_future()
        self._put(Job(save, future, loop))
        return future

    async def append(self, save: Save) -> Positions:
        """Store a save; return its positions. Cancelled, it is stored whole or not at all.

        Raises:
            EventTooLarge, ValueError: before anything is written.
            VersionConflict, GuardConflict, FenceLost, KeyTaken, KeyReused: refused.
            StoreUnavailable: the server stayed away.
        """
        return await self.enqueue(save)

    def close(self, seconds: float) -> None:
        """Store what waits, for at most `seconds`, and end the thread."""
        self._closing = True
        self._writer.give_up_at(monotonic() + seconds)
        self._queue.put(None)
        self._thread.join()

    def _put(self, job: Job) -> None:
        if self._closing:
            raise StoreUnavailable("the store has been closed", "open it again")
        self._queue.put(job)
        if self._ended:  # closed between the question and the answer: nobody would take it
            self._refuse_the_rest()

    def _run(self) -> None:
        try:
            while group := self._gather():
                position = self._writer.store(group)
                if position is not None:
                    self._committed(position)
                deliver(group)
        finally:
            self._closing = self._ended = True
            self._refuse_the_rest()
            self._writer.close()

    def _gather(self) -> list[Job]:
        """Wait for a save, then take whatever else waits; nothing means to end."""
        first = self._held or self._queue.get()
        self._held = None
        if first is None:
            return []
        group, size = [first], first.size
        while len(group) < GROUP_SAVES:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                self._queue.put(None)
                break
            size += job.size
            if size > GROUP_BYTES:
                self._held = job
                break
            group.append(job)
        return group

    def _refuse_the_rest(self) -> None:
        while True:
            try:
                job = self._queue.get_nowait()
            except Empty:
                return
            if job:
                job.outcome = StoreUnavailable("the store has been closed", "open it again")
                deliver([job])
