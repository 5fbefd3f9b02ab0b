"""The lock of the one writer of a lake; the kernel lets go of it with the process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.lake.disk import PRIVATE_FILE
from services.lake.errors import LakeHeld

LOCK: Final = "export.lock"


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Be the one writer of a lake for as long as the block lasts.

    Raises:
        LakeHeld: another process is; says which.
    """
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 100, 0).decode(errors="replace").strip() or "unknown"
            raise LakeHeld(
                f"the process {holder} exports into {folder}", "let it, or end it first"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)
