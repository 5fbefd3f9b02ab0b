"""Files to read from: opened, and looked at, before anything is written."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

STDIN: Final = "-"
"""How standard input is named, by people and in events."""
CHUNK_BYTES: Final = 1024 * 1024
"""Most bytes read at once."""
_LONGEST_NAME: Final = 1_000


class UnreadableInput(Exception):
    """An input can't be read; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Input:
    """One open input."""

    name: str
    """As in events: the whole path, the same from any folder; `-` for standard input."""
    shown: str
    """As the person named it."""
    file: BinaryIO
    """Unbuffered, at its beginning."""

    @property
    def size(self) -> int | None:
        """Bytes in it; None where that can't be known, as in a pipe."""
        found = os.fstat(self.file.fileno())
        return found.st_size if stat.S_ISREG(found.st_mode) else None


@contextmanager
def open_inputs(names: Iterable[str]) -> Iterator[list[Input]]:
    """Open every input, each once, for as long as the block lasts; only a first byte is read.

    Raises:
        UnreadableInput: one of them is missing, a folder, not permitted, or fails when read.
    """
    with ExitStack() as stack:
        opened: dict[str, Input] = {}
        for name in names:
            found = _open(name)
            stack.enter_context(found.file)
            opened.setdefault(found.name, found)
        yield list(opened.values())


def read(source: Input) -> bytes:
    """Read what comes next, at most `CHUNK_BYTES`; nothing at the end.

    Raises:
        UnreadableInput: reading fails.
    """
    try:
        return os.read(source.file.fileno(), CHUNK_BYTES)
    except OSError as wrong:
        raise UnreadableInput(f"{source.shown} can't be read: {wrong.strerror}") from None


def _open(name: str) -> Input:
    if name == STDIN:
        return Input(STDIN, "standard input", os.fdopen(os.dup(0), "rb", buffering=0))
    try:
        path = Path(name)
        if not path.is_dir():
            file = path.open("rb", buffering=0)
            return _checked(Input(_whole_path(name), name, file))
    except (OSError, ValueError) as wrong:
        reason = getattr(wrong, "strerror", None) or str(wrong)
        raise UnreadableInput(f"{name} can't be read: {reason}; name a file that can") from None
    raise UnreadableInput(f"{name} is a folder; name the files in it, such as {name}/*.log")


def _checked(source: Input) -> Input:
    """Return an input whose first byte could be read; some files fail only then."""
    try:
        if len(source.name) > _LONGEST_NAME:
            raise UnreadableInput(
                f"{source.shown}: its path has over {_LONGEST_NAME} characters; give a shorter one"
            )
        if source.size is not None:
            os.pread(source.file.fileno(), 1, 0)
    except BaseException:
        source.file.close()
        raise
    return source


def _whole_path(name: str) -> str:
    """Return the path of a file as text, bytes that are no UTF-8 replaced.

    A pipe that has no name of its own, such as /dev/fd/63, keeps the one it was given.
    """
    path = Path(name).resolve()
    return os.fsencode(path if path.exists() else Path(name).absolute()).decode(errors="replace")
