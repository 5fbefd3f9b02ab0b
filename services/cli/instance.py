"""The one `up` of a home: who it is, and where it answers."""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final, Self

from services.cli.failures import Failure

LOCK: Final = "up.lock"
"""Locked while `up` runs; the kernel lets go of it with the process."""
RUNTIME: Final = "up.json"
"""Where it answers; may be left behind by one that was killed."""
LOOKED_SECS: Final = 2.0
"""How long the place may seem taken because somebody looks whether it is."""
_LOOK_SECS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Running:
    """An `up` that runs, or that was killed."""

    url: str
    pid: int


def running(home: Path) -> Running | None:
    """Return the `up` of a home, None if none runs.

    Raises:
        OSError: the home can't be read.
    """
    try:
        lock = os.open(home / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        if _take(lock, fcntl.LOCK_SH):  # shared: of two who look at once, both see that it is free
            return None
        return _read(home)
    finally:
        os.close(lock)


class Instance:
    """Holds the place of the one `up` of a home for as long as the block lasts."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Take the place.

        Raises:
            Failure: another `up` has it.
            OSError: the home can't be written.
        """
        lock = os.open(self._home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        patient_until = monotonic() + LOOKED_SECS
        while not _take(lock, fcntl.LOCK_EX):
            if monotonic() > patient_until:
                os.close(lock)
                raise _is_taken(self._home, _read(self._home))
            sleep(_LOOK_SECS)
        self._lock = lock
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(OSError):
            (self._home / RUNTIME).unlink()
        if self._lock is not None:
            os.close(self._lock)

    def publish(self, url: str) -> None:
        """Tell other commands where we answer."""
        draft = self._home / f".{RUNTIME}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(Running(url, os.getpid())), file)
        draft.replace(self._home / RUNTIME)


def refuse_a_second(home: Path) -> None:
    """See that no `up` runs on a home, before anything is made there.

    Raises:
        Failure: one does.
    """
    if other := running(home):
        raise _is_taken(home, other)


def _is_taken(home: Path, other: Running | None) -> Failure:
    who = f"process {other.pid} serves {other.url}" if other else "it is just starting"
    return Failure(
        f"`perpetua up` runs on {home} already: {who};"
        " use that one, end it, or set another PERPETUA_HOME"
    )


def _take(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(home: Path) -> Running | None:
    try:
        return Running(**json.loads((home / RUNTIME).read_text()))
    except (OSError, ValueError, TypeError):
        return None
