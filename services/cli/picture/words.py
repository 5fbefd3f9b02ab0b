"""What is said while a picture is shown: it is kept for the picture, and tears nothing."""

import io
import threading
from collections import deque
from datetime import UTC, datetime
from typing import Final

from services.cli.picture.parts import Word

MOST: Final = 100
_OURS: Final = "perpetua: "
"""What lines of the log begin with on standard error."""


class Words(io.TextIOBase):
    """The newest words. Stands in for standard output and standard error meanwhile."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._words: deque[Word] = deque(maxlen=MOST)
        self._half: dict[int, str] = {}
        self._lock = threading.Lock()
        self.count = 0
        """How many were ever said."""

    @property
    def newest(self) -> list[Word]:
        """The newest of them, in the order they were said."""
        with self._lock:
            return list(self._words)

    def note(self, at: datetime, word: str, line: str, style: str = "") -> bool:
        """Keep a word; always heard."""
        with self._lock:
            self._words.append(Word(at, word, line, style))
            self.count += 1
        return True

    def say(self, sentence: str) -> None:
        """Keep a sentence."""
        self.note(datetime.now(UTC), "", sentence)

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str) -> int:
        """Take what somebody prints; every line is a word once it is whole."""
        me = threading.get_ident()
        *lines, rest = (self._half.pop(me, "") + text).split("\n")
        if rest:
            self._half[me] = rest
        for line in filter(str.strip, lines):
            warns = line.startswith(_OURS)
            word, style = ("warning", "yellow") if warns else ("", "")
            self.note(datetime.now(UTC), word, line.removeprefix(_OURS), style)
        return len(text)
