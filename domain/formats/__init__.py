"""What lines are: plain text, JSON, or what journald and Docker make of a message.

What came in is stored as it came. Here it becomes what a thinker reads: one line for each that is
stored, so that citations by number stay right. A line that is not what its format says is read as
it is.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from domain.formats import docker, journald
from domain.formats.entry import entry_of

FORMATS: Final = ("text", "journald", "docker", "json")
"""Formats an observation may say it is in."""
_LOOKED_AT: Final = 5
"""Lines looked at to tell a format."""
_READERS: Final[dict[str, Callable[[Sequence[str]], Iterator[str]]]] = {
    "journald": journald.read,
    "docker": docker.read,
}


def format_of(content: str) -> str:
    """Tell the format of lines joined by LF, by the first that is a JSON object; else text."""
    for line in content.split("\n", _LOOKED_AT)[:_LOOKED_AT]:
        found = entry_of(line)
        if found is not None:
            if journald.is_entry(found):
                return "journald"
            return "docker" if docker.is_entry(found) else "json"
    return "text"


def read_lines(content: str, kind: str) -> list[str]:
    """Return lines joined by LF as a thinker reads them, as many as there are."""
    lines = [line.removesuffix("\r") for line in content.split("\n")]
    read = _READERS.get(kind)
    return list(read(lines)) if read else lines
