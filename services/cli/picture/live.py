"""A live picture: drawn again and again, in threads of its own, until the block ends."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import Final

from rich.text import Text

from services.cli.interrupts import interrupts
from services.cli.picture.drawn import drawn
from services.cli.picture.parts import Place
from services.cli.picture.terminal import Terminal, is_ours
from services.cli.picture.words import Words
from services.picture.picture import Picture

logger = logging.getLogger(__name__)

LOOK_SECS: Final = 0.25
"""Shortest time between two drawings: a word or another size shows after so long at most."""
TAKE_SECS: Final = 1.0
"""Shortest time between two pictures taken."""
SILENT_SECS: Final = 4.0
"""So much later than due, a picture is said to be old."""
_SHARE: Final = 20
"""Taking pictures may take one of so many parts of the time."""
_END_SECS: Final = 2.0


def can_show() -> bool:
    """Tell whether standard output is a terminal of ours that a picture can be drawn on."""
    from services.cli.screen import console

    if not sys.stdout.isatty() or console().is_dumb_terminal:
        return False
    return is_ours(sys.stdout.fileno())


class _Drawing:
    """What is shown now. One thread looks, which may take long; another draws, which may not."""

    def __init__(self, terminal: Terminal, take: Callable[[], Picture], place: Place) -> None:
        self.words = Words()
        self.stop = threading.Event()
        self._terminal = terminal
        self._take = take
        self._place = place
        self._picture: Picture | None = None
        self._trouble: str | None = None
        self._looked_at = time.monotonic()
        self._rests_for = TAKE_SECS
        self._shown: object = None

    def look(self) -> None:
        """Take pictures until told to stop; what goes wrong is shown, and ends nothing."""
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                self._picture, self._trouble = self._take(), None
            except Exception as wrong:
                self._trouble = str(wrong) or type(wrong).__name__
            self._looked_at = time.monotonic()
            self._rests_for = max(TAKE_SECS, _SHARE * (self._looked_at - began))
            self.stop.wait(self._rests_for)

    def draw(self) -> None:
        """Draw until told to stop, what there is to be seen."""
        while not self.stop.is_set():
            try:
                self._draw()
            except Exception:
                logger.exception("the picture can't be drawn")
                self.stop.wait(TAKE_SECS)
            self.stop.wait(LOOK_SECS)

    def _draw(self) -> None:
        if not self._terminal.is_ready():
            return
        width, height = size = self._terminal.size
        trouble = self._trouble or self._silence()
        state = (self._picture, trouble, self.words.count, size)
        if state == self._shown and self._terminal.is_shown:
            return
        self._shown = state
        if self._picture is None:
            lines = [Text((trouble or "Looking ...")[:width])]
        else:
            lines = drawn(
                self._picture, replace(self._place, trouble=trouble), self.words.newest,
                width=width, height=height, glyphs=self._terminal.glyphs,
            )  # fmt: skip
        self._terminal.paint(lines)

    def _silence(self) -> str | None:
        """Say for how long there is no new picture, once that is longer than it should be."""
        secs = time.monotonic() - self._looked_at - self._rests_for
        return f"nothing new for {secs:.0f} s" if secs > SILENT_SECS else None


@contextmanager
def shown(take: Callable[[], Picture], place: Place) -> Iterator[Words]:
    """Show a live picture for as long as the block lasts; give what takes words meanwhile.

    What else is printed, by anybody, is among the words. The terminal is left as it was, also at a
    second Ctrl-C. Call it in the main thread.
    """
    with ExitStack() as stack:
        terminal = stack.enter_context(Terminal())
        stack.enter_context(interrupts.at_once(terminal.leave))
        drawing = _Drawing(terminal, take, place)
        stack.enter_context(redirect_stdout(drawing.words))
        stack.enter_context(redirect_stderr(drawing.words))
        looks = threading.Thread(target=drawing.look, name="perpetua-look", daemon=True)
        draws = threading.Thread(target=drawing.draw, name="perpetua-draw", daemon=True)
        looks.start()
        draws.start()
        try:
            yield drawing.words
        finally:
            drawing.stop.set()
            draws.join(_END_SECS)
            looks.join(_END_SECS)
