"""A lock between processes that its holder's death releases."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from services.store.errors import StoreUnavailable

_WAIT_SECONDS: Final = 120.0


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock on a file that is made if need be and never removed.

    Raises:
        StoreUnavailable: another process kept it for two minutes.
        OSError: the file can't be made.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = monotonic() + _WAIT_SECONDS
        while not _taken(lock):
            if monotonic() > deadline:
                raise StoreUnavailable(
                    f"another process has been holding {path} for {_WAIT_SECONDS:.0f} s",
                    "look whether a stopped or hanging perpetua can be ended",
                )
            sleep(0.01)
        yield
    finally:
        os.close(lock)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
