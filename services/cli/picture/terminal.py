"""Puts lines on a terminal: only those that changed; and leaves it as it was found.

Nothing here waits for a terminal that takes nothing, as one does after Ctrl-S: what is drawn next
replaces what was not.
"""

import io
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, Final, Self

from rich.console import Console
from rich.text import Text

from services.cli.picture.columns import ASCII, UNICODE, Glyphs

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
"""Other screen, no cursor, no wrapping, clear."""
_LEAVE: Final = "\x1b[0m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h\x1b[?1049l"
_PATIENCE_SECS: Final = 1.0
_ANEW_EVERY: Final = 40
"""After so many times, all lines are drawn: what a library wrote to the terminal goes away."""


def is_ours(terminal: int) -> bool:
    """Tell whether we are in the foreground of a terminal: in the background, nothing is drawn."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # it controls nobody: there is no background
        return True


class Terminal:
    """A terminal as a whole, for as long as the block lasts. Enter it in the main thread."""

    def __init__(self) -> None:
        """Take standard output; nothing is written yet."""
        self._out = sys.stdout.fileno()
        self._encoding = sys.stdout.encoding or "ascii"
        found = Console()
        self._color_system, self._no_color = found.color_system, found.no_color
        self.glyphs: Glyphs = ASCII if found.options.ascii_only else UNICODE
        self._there: list[str] = []
        self._size = (0, 0)
        self._paints = 0
        self._lock = threading.Lock()
        self._is_open = self._has_ended = False
        self._echoing: list[Any] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines, as of now."""
        with suppress(OSError):
            found = os.get_terminal_size(self._out)
            if found.columns and found.lines:
                return found.columns, found.lines
        return 80, 24

    @property
    def is_shown(self) -> bool:
        """Whether what was painted last is there."""
        return bool(self._there)

    def __enter__(self) -> Self:
        """Take the terminal over."""
        self._take_over()
        self._stopped = signal.signal(signal.SIGTSTP, self._stop)
        return self

    def __exit__(self, *exc: object) -> None:
        signal.signal(signal.SIGTSTP, self._stopped)
        self.leave()

    def is_ready(self) -> bool:
        """Tell whether it can be painted on; if we came back from the background, take it over."""
        if not self._is_open and not self._has_ended and is_ours(self._out):
            self._take_over()
        return self._is_open

    def paint(self, lines: Sequence[Text]) -> None:
        """Show lines from the top, nothing below them."""
        columns, height = size = self.size
        wanted = self._encoded(lines[:height], columns)
        wanted += [" " * columns] * (height - len(wanted))
        self._paints += 1
        if size != self._size:
            self._there, self._size = [], size
        elif self._paints % _ANEW_EVERY == 0:
            self._there = []
        changes = [
            f"\x1b[{number};1H{line}"
            for number, line in enumerate(wanted, 1)
            if number > len(self._there) or self._there[number - 1] != line
        ]
        if changes and self._is_open and self._write("".join(changes) + "\x1b[0m"):
            self._there = wanted

    def leave(self) -> None:
        """Give the terminal back for good; nothing if that was done."""
        self._has_ended = True
        self._give_back()

    def _take_over(self) -> None:
        with suppress(termios.error):
            if os.isatty(0):
                self._echoing = termios.tcgetattr(0)
                silent = termios.tcgetattr(0)
                silent[3] &= ~termios.ECHO
                termios.tcsetattr(0, termios.TCSANOW, silent)
        self._there = []
        self._write(_ENTER)
        self._is_open = True

    def _give_back(self) -> None:
        if not self._is_open:
            return
        self._is_open, self._there = False, []
        self._write(_LEAVE)
        if self._echoing is not None:
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, self._echoing)
                termios.tcflush(0, termios.TCIFLUSH)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: give the terminal back while we are stopped; `fg` takes it again, `bg` not."""
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _encoded(self, lines: Sequence[Text], columns: int) -> list[str]:
        """Return lines with the terminal's codes for their styles."""
        console = Console(
            file=io.StringIO(),
            force_terminal=True,
            color_system=self._color_system,  # type: ignore[arg-type]  # a name it gave itself
            no_color=self._no_color,
            width=columns,
            markup=False,
            highlight=False,
            emoji=False,
        )
        with console.capture() as captured:
            for line in lines:
                console.print(line, soft_wrap=True)
        return captured.get().split("\n")[: len(lines)]

    def _write(self, text: str) -> bool:
        """Write if the terminal takes anything; tell whether it did."""
        if not self._lock.acquire(timeout=_PATIENCE_SECS):
            return False
        try:
            data = memoryview(text.encode(self._encoding, "replace"))
            while data:
                if not select.select([], [self._out], [], _PATIENCE_SECS)[1]:
                    self._there = []
                    return False
                data = data[os.write(self._out, data[:1024]) :]
        except OSError:
            return False
        finally:
            self._lock.release()
        return True
