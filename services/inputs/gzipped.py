"""Text that comes compressed: known by its first bytes, read piece by piece, however far it grows.

What could be read of a broken one is given before it is refused.
"""

import gzip
import io
import zlib
from collections.abc import Callable

from services.inputs.errors import BrokenInput
from services.inputs.files import CHUNK_BYTES, MAGIC


class _Source(io.RawIOBase):
    """What is behind a function that reads, from its first bytes on, for who wants a file."""

    def __init__(self, first: bytes, read: Callable[[], bytes]) -> None:
        super().__init__()
        self._waiting, self._read = first, read

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._waiting or self._read()
        if size < 0:
            size = len(data)
        self._waiting = data[size:]
        return data[:size]


class Unzipped:
    """Gives what an input holds, unzipped if it is gzip, at most `CHUNK_BYTES` at a time."""

    def __init__(self, shown: str, read: Callable[[], bytes]) -> None:
        """Prepare to read.

        Args:
            shown: how a person named the input.
            read: gives the next bytes of it, none at its end.
        """
        self._shown, self._read = shown, read
        self._first: bytes | None = None
        self._gzip: gzip.GzipFile | None = None
        self._count = 0

    def read(self) -> bytes:
        """Return what comes next; nothing at the end.

        Raises:
            BrokenInput: it is gzip, and can't be unzipped further.
            UnreadableInput: reading fails.
        """
        if self._first is None:
            self._first = self._begin()
        if self._gzip is None:
            first, self._first = self._first, b""
            return first or self._read()
        try:
            data = self._gzip.read1(CHUNK_BYTES)
        except EOFError:
            raise BrokenInput(self._broken("ends in the middle")) from None
        except (gzip.BadGzipFile, zlib.error) as wrong:
            raise BrokenInput(self._broken(f"is broken ({wrong})")) from None
        self._count += len(data)
        return data

    def _begin(self) -> bytes:
        first = b""
        while len(first) < len(MAGIC) and MAGIC.startswith(first) and (more := self._read()):
            first += more
        if first.startswith(MAGIC):
            self._gzip = gzip.GzipFile(fileobj=_Source(first, self._read))
        return first

    def _broken(self, how: str) -> str:
        return (
            f"{self._shown}: the gzip file {how}; the {self._count:,} bytes before are kept,"
            " give a whole one under another name for the rest"
        )
