"""Calls that may hang for long, such as to a model elsewhere, and hold up nobody's end."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def detached(call: Callable[[], T]) -> "Future[T]":
    """Run a call in a thread that a process does not wait for when it ends.

    Where none can be had, the call fails.
    """
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # nobody can take it back any more

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:
            answer.set_exception(error)

    try:
        threading.Thread(target=run, name="perpetua-memory", daemon=True).start()
    except RuntimeError as error:
        answer.set_exception(error)
    return answer
