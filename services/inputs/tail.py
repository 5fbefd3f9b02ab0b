"""A log that goes on for ever, read through its rotations: one look after another.

Renamed or copied, cut or removed: what was begun is read to its end before the next file is,
the files between in the order they were written, and what the log's name now means last; see
docs/inputs.md.
"""

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.inputs import rotation
from services.inputs.errors import BrokenInput
from services.inputs.mark import Mark
from services.inputs.opened import LogFile, Rewritten, anything, open_log
from services.inputs.place import FileId, Place, file_id
from services.inputs.resume import SLACK_NS, resume, stored_ns

logger = logging.getLogger(__name__)

LATE_SECS: Final = 2.0
"""How long a file that was rotated must stand still until the next one is begun."""
SETTLED_NS: Final = 1_000_000_000
"""How long a folder must have stood still for a look through it to have missed no later change."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a log found."""

    data: bytes = b""
    turned: bool = False
    """Whether another file was begun; it is looked at next."""


@dataclass(frozen=True, slots=True)
class _Left:
    """The file that was read before, to its end."""

    written_ns: int
    place: Place
    offset: int


class Tail:
    """Reads one log from a mark on. Every method may block, none for long."""

    def __init__(self, path: Path, mark: Mark, late_secs: float = LATE_SECS) -> None:
        """Find the file that was being read, or what is left of it."""
        self._path, self._late_secs = path, late_secs
        self._here, self.went_on = resume(path, mark)
        """Whether it goes on where the mark is; else at the beginning of a file."""
        self.lost = bool(mark.file) and not self.went_on
        """Whether the file of the mark is gone, with what was in it behind the mark."""
        self._next_after_ns = stored_ns(mark) if self.lost else None
        self._still_since: float | None = None
        self._read_ns = time.time_ns()
        self._left: _Left | None = None
        self._before: LogFile | None = None
        self._known = set[FileId]()
        self._nothing: dict[_Left, object] = {}
        """After what nothing was found, and what the folders were like then."""
        self._is_shut = False

    @property
    def file(self) -> FileId | None:
        """File being read."""
        return self._here.file if self._here else None

    @property
    def tail(self) -> bytes:
        """Last bytes that were read of it."""
        return self._here.tail if self._here else b""

    def look(self) -> Look:
        """Read on; at the end of a file that was rotated, begin the next.

        Raises:
            OSError: reading fails.
        """
        if self._here is None:
            begun = self._begin(self._first())
            self._tell(is_shut=not begun and self._named() is not None)
            return Look(turned=begun)
        try:
            data = self._here.read()
        except Rewritten:
            return self._rewritten(self._here)
        except BrokenInput as broken:
            logger.warning("a rotated file is broken", extra={"why": str(broken)})
            data = b""
        if data:
            if earlier := self._between(self._here, len(data)):
                return Look(turned=self._begin(earlier))
            self._still_since, self._read_ns = None, time.time_ns()
            return Look(data)
        return self._at_the_end(self._here)

    def close(self) -> None:
        """Let everything go."""
        for each in (self._here, self._before):
            if each:
                each.close()
        self._here = self._before = None

    def _first(self) -> LogFile | None:
        """Return what to read first where nothing is begun."""
        if self._next_after_ns is None:
            return open_log(self._path)
        current = open_log(self._path)
        besides = [current.file] if current else []
        nothing = Place.after(FileId(0, 0), b"")
        earlier = self._later(_Left(self._next_after_ns, nothing, 0), besides)
        if earlier and current:
            current.close()
        return earlier or current

    def _begin(self, following: LogFile | None) -> bool:
        """Go over to another file, if there is one."""
        if following is None:
            return False
        if self._here:
            self._here.close()
        self._here, self._still_since = following, None
        self._forget()
        return True

    def _leave(self, here: LogFile, left: _Left, following: LogFile) -> Look:
        """Go over from a file that was read to its end to the next; keep an eye on it."""
        if self._before:
            self._before.close()
        self._here, self._before, self._left, self._still_since = following, here, left, None
        self._forget()
        return Look(turned=True)

    def _rewritten(self, here: LogFile) -> Look:
        """Go on in a copy of what was cut, where it was kept; else read it from its beginning."""
        place = Place.after(here.file, here.tail)
        copy = rotation.copied(self._path, place, here.position, self._read_ns - SLACK_NS)
        if copy:
            self._begin(copy)
            return Look()
        here.go_to(0, anything)
        return Look(turned=True)

    def _at_the_end(self, here: LogFile) -> Look:
        if self._still_since is None:
            self._still_since = time.monotonic()
        self._look_back()
        now = self._named()
        if now == here.file or not self._is_over(here):
            return Look()
        if earlier := self._between(here, 0):
            return Look(turned=self._begin(earlier))
        current, stat = open_log(self._path), here.stat()
        self._tell(is_shut=bool(now) and current is None)
        place = Place.after(here.file, here.tail)
        if current and not stat.st_nlink and current.go_to(here.position, place.follows):
            self._begin(current)  # somebody saved it anew under its name
            return Look()
        besides = [here.file, current.file] if current else [here.file]
        left = _Left(stat.st_mtime_ns, place, here.position)
        if between := self._later(left, besides, self._known):
            if current:
                current.close()
            return self._leave(here, left, between)
        if current and current.stat().st_size:
            current.go_to(0, anything)
            return self._leave(here, left, current)
        if current:
            current.close()  # whoever writes has not come over to it yet
        return Look()

    def _between(self, here: LogFile, size: int) -> LogFile | None:
        """Return a file to be read before this one, of which these are the first bytes.

        It may have been copied and cut since it was begun, and be at its beginning once more.
        """
        left = self._left
        if left is None or here.position != size:
            return None
        found = self._later(left, [here.file])
        if found and found.stat().st_mtime_ns > here.stat().st_mtime_ns:
            found.close()
            return None
        return found

    def _later(
        self, left: _Left, besides: Collection[FileId], known: set[FileId] | None = None
    ) -> LogFile | None:
        """Return the first of the earlier files that was written after one that was left, if any.

        A folder in which nothing was found is not looked through again before it changes: many
        logs may stand in it, all of them rotated, and silent since.
        """
        began_ns, folders = time.time_ns(), rotation.folders(self._path)
        if folders and self._nothing.get(left) == folders:
            return None
        found = rotation.later(self._path, left.written_ns, besides, left.place, left.offset, known)
        if not found and all(changed_ns < began_ns - SETTLED_NS for _, changed_ns in folders):
            if len(self._nothing) > 1:
                self._nothing.clear()
            self._nothing[left] = folders
        return found

    def _forget(self) -> None:
        """Forget what was found out about what comes after the file that was read until now."""
        self._known.clear()
        self._nothing.clear()

    def _look_back(self) -> None:
        """Say so if somebody wrote to the file before after it was left: nobody will read that."""
        before = self._before
        if before is None:
            return
        stat = before.stat()
        late = 0 if before.ends else stat.st_size - before.position
        if late > 0:
            why = f"{late:,} bytes of an earlier {self._path}"
            logger.warning("lines came too late to a rotated file", extra={"why": why})
        if late > 0 or before.ends or not stat.st_nlink:
            before.close()
            self._before = None

    def _named(self) -> FileId | None:
        """Return the file that has the log's name now."""
        try:
            return file_id(self._path.stat())
        except OSError:
            return None

    def _is_over(self, here: LogFile) -> bool:
        """Tell whether nobody writes any more to a file that has lost its name."""
        if here.ends:
            return True
        stat = here.stat()
        still_secs = time.monotonic() - (self._still_since or 0.0)
        is_still = max(time.time() - stat.st_mtime, still_secs) >= self._late_secs
        return is_still and stat.st_size <= here.position

    def _tell(self, *, is_shut: bool) -> None:
        if is_shut and not self._is_shut:
            logger.warning("an input can't be opened any more", extra={"why": str(self._path)})
        self._is_shut = is_shut
