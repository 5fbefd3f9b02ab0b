"""Files to read from: opened, and looked at, before anything is written."""

import os
import resource
import select
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from services.inputs.errors import UnreadableInput

STDIN: Final = "-"
"""How standard input is named, by people and in events."""
CHUNK_BYTES: Final = 1024 * 1024
"""Most bytes read at once."""
MAGIC: Final = b"\x1f\x8b\x08"
"""How a gzip file begins (RFC 1952): its two marks, and deflate."""
MOST_OPEN: Final = 65_536
"""Most files this process asks to have open at once: two for each input, and what else it needs."""
_LONGEST_NAME: Final = 1_000


@dataclass(frozen=True, slots=True)
class Input:
    """One open input."""

    name: str
    """As in events: the whole path, the same from any folder; `-` for standard input."""
    shown: str
    """As the person named it."""
    file: BinaryIO
    """Unbuffered, at its beginning."""
    path: Path | None = None
    """Where it is, the same from any folder, a link as it is; None for standard input."""
    kind: str = "auto"
    """Format of its lines; `auto`: they tell it."""

    @property
    def size(self) -> int | None:
        """Bytes in it; None where that can't be known, as in a pipe."""
        found = os.fstat(self.file.fileno())
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    @property
    def is_gzip(self) -> bool:
        """Whether a file, told by its first bytes, is gzip."""
        return os.pread(self.file.fileno(), len(MAGIC), 0) == MAGIC

    @property
    def file_id(self) -> tuple[int, int]:
        """Device and inode: the same for one file under two names."""
        found = os.fstat(self.file.fileno())
        return found.st_dev, found.st_ino


@contextmanager
def open_inputs(names: Iterable[str], kind: str = "auto") -> Iterator[list[Input]]:
    """Open every input, each once, for as long as the block lasts; only a first byte is read.

    Args:
        names: as a person gives them.
        kind: format of their lines.

    Raises:
        UnreadableInput: one of them is missing, a folder, not permitted, or fails when read.
    """
    _allow_many()
    with ExitStack() as stack:
        opened: dict[tuple[int, int], Input] = {}
        for name in names:
            found = replace(_open(name), kind=kind)
            stack.enter_context(found.file)
            opened.setdefault(found.file_id, found)
        yield list(opened.values())


def read(source: Input) -> bytes:
    """Read what comes next, at most `CHUNK_BYTES`; nothing at the end.

    A named pipe that nobody has opened for writing yet is waited for: it is not at its end.

    Raises:
        UnreadableInput: reading fails.
    """
    descriptor = source.file.fileno()
    try:
        if source.size is None:
            waiting = select.poll()
            waiting.register(descriptor, select.POLLIN)
            waiting.poll()
        return os.read(descriptor, CHUNK_BYTES)
    except OSError as wrong:
        raise UnreadableInput(f"{source.shown} can't be read: {wrong.strerror}") from None


def _allow_many() -> None:
    """Raise our limit of open files as far as we may: the usual one is for programs of few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _open(name: str) -> Input:
    if name == STDIN:
        return Input(STDIN, "standard input", os.fdopen(os.dup(0), "rb", buffering=0))
    if not name:
        raise UnreadableInput("an input without a name can't be read; name a file")
    try:
        path = Path(name)
        if not path.is_dir():
            file = open(path, "rb", buffering=0, opener=_at_once)  # noqa: SIM115  opener
            whole = _whole_path(path)
            return _checked(Input(_named(whole), name, file, whole))
    except (OSError, ValueError) as wrong:
        reason = getattr(wrong, "strerror", None) or str(wrong)
        raise UnreadableInput(f"{name} can't be read: {reason}; name a file that can") from None
    raise UnreadableInput(f"{name} is a folder; name the files in it, such as {name}/*.log")


def _named(path: Path) -> str:
    """Return a path as events name it; bytes that are no UTF-8 are escaped: no two are one."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for somebody at the other end, as a named pipe would have it."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


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


def _whole_path(path: Path) -> Path:
    """Return the path of a file from any folder.

    A link at its end stays: what it points to may change, and is what a program writes to by that
    name. A pipe that has no name of its own, such as /dev/fd/63, keeps the one it was given.
    """
    if not path.resolve().exists():
        return path.absolute()
    named = path.parent.resolve() / path.name
    return path.resolve() if named.is_relative_to("/proc") else named
