"""Opening files so that nothing leads out of one folder, whatever lies in it.

Every step is `openat` without following links, and what is opened is looked at again after:
a regular file with one name, or nothing (CWE-22, CWE-59, CWE-367).
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.gate.line import Refused

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, durably, if they are not there."""
    missing = [folder, *folder.parents]
    for each in reversed([path for path in missing if not path.exists()]):
        each.mkdir(exist_ok=True)
        _sync_folder(each.parent)


@contextmanager
def opened_folder(folder: Path, parts: Sequence[str] = ()) -> Iterator[int]:
    """Open a folder below the allowed one, without following a link below it.

    Raises:
        FileNotFoundError: a part is not there.
        Refused: a part is no folder.
    """
    descriptor = os.open(folder, _DIRECTORY)
    try:
        for part in parts:
            below = _no_link(part, _DIRECTORY | os.O_NOFOLLOW, descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def opened_file(folder: int, name: str, *, make: bool, flags: int = 0) -> Iterator[int]:
    """Open a regular file of a folder to read and write.

    Raises:
        FileNotFoundError: it is not there, and not to be made.
        Refused: it is a link, a device, a folder or a pipe, or has a second name elsewhere.
    """
    descriptor = _open(folder, name, _FILE | flags, make=make)
    try:
        _check(os.fstat(descriptor), name)
        yield descriptor
    finally:
        os.close(descriptor)


def _open(folder: int, name: str, flags: int, *, make: bool) -> int:
    try:
        _check(os.stat(name, dir_fd=folder, follow_symlinks=False), name)  # devices act when opened
    except FileNotFoundError:
        if not make:
            raise
        flags |= os.O_CREAT
    return _no_link(name, flags, folder)


def _no_link(name: str, flags: int, folder: int) -> int:
    try:
        return os.open(name, flags, 0o644, dir_fd=folder)
    except OSError as wrong:
        if wrong.errno in (errno.ELOOP, errno.ENOTDIR):
            raise Refused(f"{name} is a link, or no folder") from wrong
        raise


def _check(found: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"{name} is no regular file")
    if found.st_nlink != 1:
        raise Refused(f"{name} has a second name, which may be elsewhere")


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, _DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
