"""Processes of our own, started so that Ctrl-C is left to whoever started them."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Let the processes that this thread starts in the block never see SIGINT.

    They inherit it blocked, so that none is torn before its first line runs. This process still
    takes it, in any other thread.
    """
    resource_tracker.ensure_running()  # it would unblock SIGINT here, were it started in the block
    with _put_off():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _put_off() -> Iterator[None]:
    """Let a SIGINT that another thread takes wait for the end of the block.

    Python handles it in the main thread, whatever that does: a process half started there would be
    left without its task.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = list[int]()
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
