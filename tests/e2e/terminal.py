"""A real terminal for a command: a pseudo-terminal, and what would be seen on it."""

import fcntl
import os
import select
import shutil
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyte

from tests.e2e.process import PATIENCE_SECS, PERPETUA, Perpetua, until

LEFT = b"\x1b[?7h\x1b[?25h\x1b[?1049l"
"""Wrapping, the cursor and the first screen are back."""


class Pane:
    """A command on a terminal of its own, and the screen it draws."""

    def __init__(
        self, perpetua: Perpetua, command: list[str | Path], size: tuple[int, int],
        **variables: str,
    ) -> None:  # fmt: skip
        columns, lines = size
        self._ours, theirs = os.openpty()
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self.resize(columns, lines)
        self.raw = b""
        self.modes_before = termios.tcgetattr(theirs)
        self._theirs = theirs
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ON_ITS_OWN, *command],
            env=perpetua.env | {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | variables,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        self._reading = threading.Event()
        self._reading.set()
        self._ended = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._ended = True
        self._reading.set()
        self._reader.join()
        os.close(self._ours)
        os.close(self._theirs)

    @property
    def text(self) -> str:
        with self._lock:
            return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def modes(self) -> list[object]:
        return termios.tcgetattr(self._theirs)

    def shows(self, *what: str) -> str:
        """Wait until all of this is on the screen; return the screen."""
        until(lambda: all(each in self.text for each in what), f"{what} in:\n{self.text}")
        return self.text

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def resize(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        with self._lock:
            fcntl.ioctl(self._ours, termios.TIOCSWINSZ, size)
            self.screen.resize(lines, columns)
            self.screen.erase_in_display(2)

    def freeze(self) -> None:
        """Read no more of what comes, like a terminal after Ctrl-S."""
        self._reading.clear()

    def thaw(self) -> None:
        self._reading.set()

    def end(self, how: Callable[["Pane"], None]) -> int:
        """Have it end; return the exit code, once all it wrote is on the screen."""
        left_before = self.raw.count(LEFT)
        how(self)
        code = self.process.wait(PATIENCE_SECS)
        with suppress(AssertionError):
            until(lambda: self.raw.count(LEFT) > left_before, "the terminal is given back", 5)
        return code

    def _read(self) -> None:
        while not self._ended:
            self._reading.wait()
            if select.select([self._ours], [], [], 0.05)[0]:
                try:
                    data = os.read(self._ours, 65_536)
                except OSError:
                    return
                with self._lock:
                    self.raw += data
                    self._stream.feed(data)


_ON_ITS_OWN = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes its standard input the terminal that Ctrl-C is pressed on, and becomes the command."""


@contextmanager
def pane(
    perpetua: Perpetua, *arguments: str | Path, size: tuple[int, int] = (110, 40),
    command: str | None = None, **variables: str,
) -> Iterator[Pane]:  # fmt: skip
    """Run a command, `perpetua` unless told otherwise, on a terminal while the block lasts."""
    perpetua.home.mkdir(exist_ok=True)
    whole = shutil.which(command) if command else PERPETUA
    made = Pane(perpetua, [whole or "", *arguments], size, **variables)
    try:
        yield made
    finally:
        made.close()
