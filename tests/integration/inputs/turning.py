"""A program that writes a log, and what turns it."""

import threading
import time
from pathlib import Path

LINE = "2026-11-28T20:41:42.123456+00:00 web-1 app[812]: request {:09d} answered in 12 ms, 200 OK\n"


class Writer:
    """Writes numbered lines, so many a second, and renames its log again and again."""

    def __init__(self, log: Path, lines_per_second: int, turn_secs: float) -> None:
        self.log, self.written, self.turns = log, 0, 0
        self._rate, self._turn_secs = lines_per_second, turn_secs
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def start(self) -> "Writer":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        began = time.monotonic()
        while not self._stop.is_set():
            with self.log.open("a") as file:
                ends = began + (self.turns + 1) * self._turn_secs
                while not self._stop.is_set() and time.monotonic() < ends:
                    due = int((time.monotonic() - began) * self._rate)
                    lines = [LINE.format(number) for number in range(self.written, due)]
                    file.write("".join(lines))
                    file.flush()
                    self.written = max(due, self.written)
                    time.sleep(0.02)
                if not self._stop.is_set():
                    self._turn()

    def _turn(self) -> None:
        """Rename as logrotate does: `.1` is the newest."""
        for number in range(self.turns, 0, -1):
            self._aside(number).rename(self._aside(number + 1))
        self.log.rename(self._aside(1))
        self.turns += 1

    def _aside(self, number: int) -> Path:
        return self.log.with_name(f"{self.log.name}.{number}")
