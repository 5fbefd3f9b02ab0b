"""Where in which file something ends, in a few words that find it again.

A file is known by its device and inode, which a file system gives to another file once it is
gone, and by the bytes that end at the place: a file that holds them there is the one, whatever it
is called now, or a copy of it.
"""

import os
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

TAIL_BYTES: Final = 256
"""Most bytes before a place that tell it."""


class FileId(NamedTuple):
    """What a file system knows a file by; the same for no two files that are there at a time."""

    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file."""

    file: FileId
    tail_bytes: int
    """How many bytes before it tell it: fewer than `TAIL_BYTES` near the beginning."""
    tail_hash: str
    """BLAKE2b of these bytes, 16 bytes in hex."""

    @classmethod
    def after(cls, file: FileId, tail: bytes) -> "Place":
        """Return the place after these last bytes."""
        return cls(file, len(tail), _hash(tail))

    @classmethod
    def read(cls, text: str | None) -> "Place | None":
        """Read what `str()` has written; None for what it can't have."""
        parts = (text or "").split(":")
        if len(parts) != 4:
            return None
        device, inode, length, digest = parts
        try:
            return cls(FileId(int(device, 16), int(inode, 16)), int(length), digest)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.file.device:x}:{self.file.inode:x}:{self.tail_bytes}:{self.tail_hash}"

    def follows(self, tail: bytes) -> bool:
        """Tell whether these bytes are the ones before the place."""
        return len(tail) == self.tail_bytes and _hash(tail) == self.tail_hash


def file_id(found: os.stat_result) -> FileId:
    """Return what a file is known by."""
    return FileId(found.st_dev, found.st_ino)


def tail_of(before: bytes, data: bytes) -> bytes:
    """Return the last bytes of what was read, given the last ones before some data, and these."""
    if len(data) >= TAIL_BYTES:
        return data[-TAIL_BYTES:]
    return (before + data)[-TAIL_BYTES:]


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
