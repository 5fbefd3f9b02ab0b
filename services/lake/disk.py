"""Files and folders for our eyes only, that are on the disk when they are said to be."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600


def make_folder(path: Path) -> None:
    """Make a folder, and what is missing above it, unless it is there."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(PRIVATE_FOLDER, exist_ok=True)
    sync(path.parent)


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Open a file for our eyes only; its bytes are on the disk at the end of the block."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, PRIVATE_FILE), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def replace(path: Path, content: bytes) -> None:
    """Replace a file as a whole: whoever reads it sees the old one or the new one."""
    new = path.with_name(f"{path.name}.new")
    with written(new) as file:
        file.write(content)
    new.replace(path)
    sync(path.parent)
