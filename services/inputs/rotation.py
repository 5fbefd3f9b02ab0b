"""Where a log's earlier files are: beside it, under the names rotation gives.

Of a name they are `NAME.1`, `NAME-20261128`, `NAME.2026-11-28.gz`, `STEM-2026-11-28.EXT`,
`NAME.old` and the like; where the name is a link, what it points to has such names as well, and
those that differ from it in their numbers only. Files of a rotation follow each other by the time
they were last written.
"""

import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.inputs.opened import LogFile, open_log
from services.inputs.place import FileId, Place, file_id

LOOKS: Final = 20
"""How often a folder is looked through until no file in it is just being renamed."""
_TURN: Final = r"(?:[._~-]\d[\dT:._+-]*|[._-](?:old|prev))"
_DATE: Final = r"[._-]\d[\dT:._+-]{5,}"
"""Long enough to be none of the numbers that tell one program's log from another's."""
_ZIPPED: Final = ".gz"
_ANY: Final = re.compile(r"(?s:.*)")


@dataclass(frozen=True, slots=True)
class Beside:
    """A file in the folder of a log."""

    path: Path
    file: FileId
    written_ns: int
    """When it was last written, nanoseconds since 1970."""


def beside(path: Path, names: re.Pattern[str] = _ANY) -> list[Beside]:
    """Return the files beside a log, but what has its name now; those written last come last.

    While files are renamed a folder may show one of them twice, or not at all: it is looked through
    until two looks show the same.

    Args:
        path: the log.
        names: what their names are like; others cost little, however many there are.
    """
    found = list(_look(path, names))
    for _ in range(LOOKS):
        last, found = found, list(_look(path, names))
        if {(each.path, each.file) for each in last} == {(each.path, each.file) for each in found}:
            break
    return sorted(found, key=lambda each: each.written_ns)


def folders(path: Path) -> tuple[tuple[str, int], ...]:
    """Return the folders a log's earlier files are in, and when names in each last changed, ns."""
    found = []
    for folder in _folders(path):
        with suppress(OSError):
            found.append((str(folder), folder.stat().st_mtime_ns))
    return tuple(found)


def renamed(path: Path, place: Place, offset: int) -> LogFile | None:
    """Return the file a place is in, open there, whatever its name is now; None if it is gone."""
    for each in beside(path):
        if each.file == place.file and (opened := _open_at(each, place, offset)):
            return opened
    return None


def copied(path: Path, place: Place, offset: int, since_ns: int = 0) -> LogFile | None:
    """Return an earlier file that holds the same up to a place, open there; None if there is none.

    Args:
        path: the log.
        place: what the file must hold.
        offset: how many bytes are before it.
        since_ns: no file is looked at that was last written before.
    """
    for each in reversed(beside(path, _kin(path))):
        wanted = each.file != place.file and each.written_ns >= since_ns
        if wanted and (opened := _open_at(each, place, offset)):
            return opened
    return None


def later(
    path: Path, than_ns: int, besides: Collection[FileId], done: Place, offset: int,
    known: set[FileId] | None = None,
) -> LogFile | None:  # fmt: skip
    """Return the first of a log's earlier files that was last written after some time, if any.

    What was read last is passed over: an inode alone would not tell, it may be another's by now.
    A compressed one is passed over while what it is made of is still there, and if it is made of
    what was read last.

    Args:
        path: the log.
        than_ns: when what was read last was last written, nanoseconds since 1970.
        besides: files that are not meant.
        done: how far what was read last was read.
        offset: how many bytes of it that is.
        known: compressed files that were found to be made of it; those found now are added.
    """
    known = set() if known is None else known
    found = beside(path, _kin(path))
    names = {each.path for each in found}
    for each in found:
        if each.written_ns <= than_ns or each.file in {*besides, *known}:
            continue
        if each.path.suffix == _ZIPPED and each.path.with_suffix("") in names:
            continue
        opened = open_log(each.path)
        if opened is None:
            continue
        may_be_it = offset and (opened.ends or each.file == done.file)
        if not (may_be_it and opened.go_to(offset, done.follows)):
            return opened
        if opened.ends:  # what grows no more is unzipped no more
            known.add(each.file)
        opened.close()
    return None


def _open_at(each: Beside, place: Place, offset: int) -> LogFile | None:
    opened = open_log(each.path)
    if opened is None:
        return None
    if opened.go_to(offset, place.follows):
        return opened
    opened.close()
    return None


def _folders(path: Path) -> set[Path]:
    return {path.parent, _real(path).parent}


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _look(path: Path, names: re.Pattern[str]) -> Iterator[Beside]:
    for folder in _folders(path):
        try:
            entries = [each for each in os.scandir(folder) if names.fullmatch(each.name)]
        except OSError:
            continue
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if not stat.S_ISREG(found.st_mode) or entry.path == str(path):
                continue
            yield Beside(Path(entry.path), file_id(found), found.st_mtime_ns)


def _kin(path: Path) -> re.Pattern[str]:
    """Return what the names of a log's earlier files look like."""
    real = _real(path)
    names = [_turned(path), _turned(real)]
    if real != path:
        names.append(re.sub(r"\d+", r"\\d+", re.escape(real.name)))
    return re.compile(f"(?:{'|'.join(names)})(?:{re.escape(_ZIPPED)})?")


def _turned(path: Path) -> str:
    stem, ending = re.escape(path.stem), re.escape(path.suffix)
    return f"{stem}{ending}{_TURN}|{stem}{_DATE}{ending}"
