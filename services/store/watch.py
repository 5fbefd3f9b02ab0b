"""How far the store has come, and who waits for it to come further."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

Waiter = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class Watch:
    """The last known position. Any thread moves it on; threads and coroutines wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._head = 0
        self._closed = False
        self._waiting: set[Waiter] = set()

    @property
    def closed(self) -> bool:
        """Whether waiting is over."""
        return self._closed

    def advance(self, position: int) -> None:
        """Note a position that is committed; an older one changes nothing."""
        if position > self._head:
            with self._changed:
                self._head = max(self._head, position)
                self._wake()

    def close(self) -> None:
        """End all waiting."""
        with self._changed:
            self._closed = True
            self._wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        with self._changed:
            self._wake()

    def wait(
        self, after: int, stopped: Callable[[], bool], timeout_secs: float | None = None
    ) -> int | None:
        """Block until there is more than `after`; return the head, or None once it is closed.

        `stopped` is asked again after each `wake`, and ends the waiting too. So does the timeout;
        then the head that is known is returned, though it is not beyond.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or stopped() or self._head > after, timeout_secs
            )
            return None if self._closed or stopped() else self._head

    async def beyond(self, after: int) -> int | None:
        """Wait until there is more than `after`; return the head, or None once it is closed."""
        waiter = asyncio.get_running_loop(), asyncio.Event()
        try:
            while True:
                with self._changed:
                    if self._closed:
                        return None
                    if self._head > after:
                        return self._head
                    self._waiting.add(waiter)
                await waiter[1].wait()
                waiter[1].clear()
        finally:
            with self._changed:
                self._waiting.discard(waiter)

    def _wake(self) -> None:
        self._changed.notify_all()
        for loop, event in self._waiting:
            with suppress(RuntimeError):  # that loop has been closed
                loop.call_soon_threadsafe(event.set)
        self._waiting.clear()
