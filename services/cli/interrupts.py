"""Ctrl-C: the first ends things in good order, the second ends them at once."""

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from services.cli.failures import INTERRUPTED

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """What a signal does now; one object for the process."""

    def __init__(self) -> None:
        self.came = False
        self._task: asyncio.Task[Any] | None = None
        self._defers = False

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

        return asyncio.run(cancellable())

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

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            os._exit(INTERRUPTED)
        self.came = True
        if self._defers:
            return
        if self._task is None:
            raise KeyboardInterrupt
        self._task.get_loop().call_soon_threadsafe(self._task.cancel)


interrupts = Interrupts()
