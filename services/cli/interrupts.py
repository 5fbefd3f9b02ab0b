"""Ctrl-C: the first ends things in good order, the second ends them at once."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType
from typing import Any, Final, TypeVar

from services.cli.failures import INTERRUPTED, Failure, tell

T = TypeVar("T")

STOP_SECS: Final = 15.0
"""How long work that was told to stop may take to come to an end."""
_LOOK_SECS: Final = 0.5

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """What a signal does now; one object for the process."""

    def __init__(self) -> None:
        self.came = False
        self._task: asyncio.Task[Any] | None = None
        self._defers = False
        self._last: Callable[[], None] | None = None

    def listen(self) -> None:
        """Take the signals from now on."""
        for each in SIGNALS:
            signal.signal(each, self._take)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` wants it
            signal.signal(signal.SIGHUP, self._take)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something asynchronous; the first signal cancels it.

        Raises:
            KeyboardInterrupt: a signal came.
        """

        async def cancellable() -> T:
            self._task = task = asyncio.create_task(work)
            try:
                return await task
            except asyncio.CancelledError:
                if self.came:
                    raise KeyboardInterrupt from None
                raise
            finally:
                self._task = None

        main = cancellable()
        try:
            return asyncio.run(main)
        finally:
            for each in (main, work):  # a signal may have come before they began
                each.close()

    @contextmanager
    def blocking(self) -> Iterator[None]:
        """Let a signal raise KeyboardInterrupt at once, where the loop is held up by a question."""
        task, self._task = self._task, None
        try:
            yield
        finally:
            self._task = task

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let the first signal wait for the end of the block, which must not be torn.

        Raises:
            KeyboardInterrupt: a signal came meanwhile.
        """
        self._defers = True
        try:
            yield
        finally:
            self._defers = False
        if self.came:
            raise KeyboardInterrupt

    @contextmanager
    def at_once(self, last: Callable[[], None]) -> Iterator[None]:
        """Have something done even where a second signal ends the process within the block."""
        self._last = last
        try:
            yield
        finally:
            self._last = None

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            if self._last:
                self._last()
            os._exit(INTERRUPTED)
        self.came = True
        if self._defers:
            return
        if self._task is None:
            raise KeyboardInterrupt
        self._task.get_loop().call_soon_threadsafe(self._task.cancel)


interrupts = Interrupts()


def in_good_order(work: Callable[[Callable[[], bool]], None], left: str) -> bool:
    """Work in a thread of its own, so that a signal tears nothing; tell whether one came.

    Work that goes on all the same ends with the process, which never returns from here: whatever
    it holds, a lock above all, is nobody else's before that.

    Args:
        work: is given what tells that it is to stop.
        left: what becomes of work that does not stop in time.
    """
    stop, ended = Event(), Future[None]()

    def run() -> None:
        try:
            work(stop.is_set)
        except BaseException as wrong:
            ended.set_exception(wrong)
        else:
            ended.set_result(None)

    try:
        Thread(target=run, name="perpetua-work", daemon=True).start()
        while not ended.done():
            wait([ended], _LOOK_SECS)
    except KeyboardInterrupt:
        stop.set()
        if wait([ended], STOP_SECS).not_done:
            os._exit(tell(Failure(f"it did not end within {STOP_SECS:g} s; {left}")))
    ended.result()
    return stop.is_set()
