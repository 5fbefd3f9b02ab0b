"""Tools that fail in every way a tool can."""

import threading
from collections.abc import Callable
from pathlib import Path

from domain.ports import Acted
from services.gate.file_actuator import FileActuator


class Killed(BaseException):
    """The process ends here: nothing that catches errors may catch it."""


class Tool(FileActuator):
    """A file actuator that counts, and does what it is told before and after it acts."""

    def __init__(
        self,
        folder: Path,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(folder, "notifications.log")
        self.acts = 0
        self.asked = 0
        self._before = before
        self._after = after
        self._lock = threading.Lock()

    def act(self, target: str, arguments: dict[str, object], key: str) -> Acted:
        with self._lock:
            self.acts += 1
        self._before()
        acted = super().act(target, arguments, key)
        self._after()
        return acted

    def was_done(self, target: str, key: str) -> Acted | None:
        self.asked += 1
        return super().was_done(target, key)


class Mute(Tool):
    """Can't tell what it did."""

    def was_done(self, target: str, key: str) -> Acted | None:
        raise PermissionError("the folder is locked")


class Raving(Tool):
    """Says what nobody can keep."""

    def act(self, target: str, arguments: dict[str, object], key: str) -> Acted:
        return Acted("success", {"number": float("nan")})


def die() -> None:
    """End the process."""
    raise Killed


def fail() -> None:
    """Break off in the middle."""
    raise RuntimeError("the socket is gone")
