"""One open log file, plain or gzip, read from a place on."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from services.inputs.errors import BrokenInput
from services.inputs.files import CHUNK_BYTES, MAGIC
from services.inputs.gzipped import Unzipped
from services.inputs.place import TAIL_BYTES, FileId, file_id, tail_of

Follows = Callable[[bytes], bool]
"""Tells whether these bytes are the ones before a place."""


class Rewritten(Exception):
    """The file no longer holds what was read of it: it was cut, or written anew."""


class LogFile(Protocol):
    """A file being read."""

    file: FileId
    position: int
    """How many bytes were read, or passed over, unzipped."""
    tail: bytes
    """The last of these."""

    @property
    def ends(self) -> bool:
        """Whether nothing more can come once its end is reached."""
        ...

    def go_to(self, offset: int, follows: Follows) -> bool:
        """Go where so many bytes were read, if they are still there; else to the beginning."""
        ...

    def read(self) -> bytes:
        """Return what comes next; nothing at the end.

        Raises:
            Rewritten: what was read is no longer there.
            BrokenInput: it is gzip, and broken from here on.
            OSError: reading fails.
        """
        ...

    def stat(self) -> os.stat_result:
        """Return what the file system knows of it now."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


class _File:
    def __init__(self, descriptor: int, found: os.stat_result) -> None:
        self._descriptor = descriptor
        self.file = file_id(found)
        self.position = 0
        self.tail = b""

    def stat(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class Plain(_File):
    """A file as it is."""

    @property
    def ends(self) -> bool:
        """Never: it may grow."""
        return False

    def go_to(self, offset: int, follows: Follows) -> bool:
        """Go to a place, if it is there."""
        begin = max(0, offset - TAIL_BYTES)
        tail = os.pread(self._descriptor, offset - begin, begin)
        there = len(tail) == offset - begin and follows(tail)
        self.position, self.tail = (offset, tail) if there else (0, b"")
        return there

    def read(self) -> bytes:
        """Read on. What was read last is read again: had it changed, all would be new."""
        known = len(self.tail)
        found = os.pread(self._descriptor, CHUNK_BYTES + known, self.position - known)
        if found[:known] != self.tail:
            raise Rewritten
        data = found[known:]
        self.position += len(data)
        self.tail = tail_of(self.tail, data)
        return data


class Gzipped(_File):
    """A gzip file, unzipped; what grows behind its end is not looked at."""

    _waiting: bytes
    _is_broken: bool

    @property
    def ends(self) -> bool:
        """Always: it is whole."""
        return True

    def __init__(self, descriptor: int, found: os.stat_result, shown: str) -> None:
        super().__init__(descriptor, found)
        self._shown = shown
        self._begin()

    def go_to(self, offset: int, follows: Follows) -> bool:
        """Go to a place, if it is there; everything before it has to be unzipped."""
        self._begin()
        try:
            while self.position < offset and (data := self._text.read()):
                over = self.position + len(data) - offset
                self._waiting = data[len(data) - over :] if over > 0 else b""
                self._passed(data[: len(data) - over] if over > 0 else data)
        except BrokenInput:
            pass  # what is wanted is not in what can be read
        if self.position == offset and follows(self.tail):
            return True
        self._begin()
        return False

    def read(self) -> bytes:
        """Read on; of a broken one nothing more, once that was said."""
        if self._is_broken:
            return b""
        try:
            data, self._waiting = self._waiting or self._text.read(), b""
        except BrokenInput:
            self._is_broken = True
            raise
        self._passed(data)
        return data

    def _begin(self) -> None:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._text = Unzipped(self._shown, lambda: os.read(self._descriptor, CHUNK_BYTES))
        self._waiting, self._is_broken = b"", False
        self.position, self.tail = 0, b""

    def _passed(self, data: bytes) -> None:
        self.position += len(data)
        self.tail = tail_of(self.tail, data)


def open_log(path: Path, shown: str | None = None) -> LogFile | None:
    """Open a file at its beginning; None if there is none, or none that may be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            return None
        if os.pread(descriptor, len(MAGIC), 0) == MAGIC:
            return Gzipped(descriptor, found, shown or str(path))
    except OSError:
        os.close(descriptor)
        return None
    return Plain(descriptor, found)


def anything(tail: bytes) -> bool:
    """Take whatever is before a place for the right thing."""
    return True
