"""Where to go on after a restart: in the file that was being read, whatever became of it."""

from pathlib import Path
from typing import Final

from services.inputs import rotation
from services.inputs.mark import Mark
from services.inputs.opened import LogFile, anything, open_log
from services.inputs.place import Place

SLACK_NS: Final = 86_400 * 1_000_000_000
"""How much older than what was read of it a copy of a file may look; spares reading every one."""


def resume(path: Path, mark: Mark) -> tuple[LogFile | None, bool]:
    """Return the file to go on in, and whether it goes on there at the mark.

    The file of the mark is looked for under the log's name, then by its inode under any name, then
    by what it holds; each time what is before the mark must be what was read. None if there is no
    such file, or none at all. A mark that tells no file is one in the file that is there, unless
    that is shorter.
    """
    place, current = Place.read(mark.file), open_log(path)
    if place is None:
        return current, bool(current and current.go_to(mark.offset, anything))
    if current and current.file == place.file and current.go_to(mark.offset, place.follows):
        return current, True
    found = rotation.renamed(path, place, mark.offset)
    if found is None and current and current.go_to(mark.offset, place.follows):
        return current, True
    if current:
        current.close()
    since_ns = stored_ns(mark) - SLACK_NS
    found = found or rotation.copied(path, place, mark.offset, since_ns)
    return found, found is not None


def stored_ns(mark: Mark) -> int:
    """Return when the last before a mark was stored, nanoseconds since 1970."""
    return int(mark.stored_at.timestamp() * 1_000_000_000) if mark.stored_at else 0
