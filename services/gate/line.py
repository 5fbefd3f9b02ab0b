"""What the file actuator may append, and to what: checked before anything is opened."""

import re
from collections.abc import Mapping

MAX_LINE_BYTES = 4 * 1024
MARK = " # perpetua:"
"""Stands between what is appended and the idempotency key."""
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAX_NAME_BYTES = 255


class Refused(Exception):
    """It can't be appended, or not there; nothing was written."""


def parts_of(target: str) -> tuple[str, ...]:
    """Return the parts of a path that leads nowhere but down, into no hidden file.

    Raises:
        Refused: it is no such path.
    """
    if not target or not target.isprintable():
        raise Refused("a file name must be printable")
    parts = tuple(target.split("/"))
    for part in parts:
        if not part or part.startswith("."):
            raise Refused(f"{target} is no plain path below the allowed folder")
        if len(part.encode()) > _MAX_NAME_BYTES:
            raise Refused(f"a file name has at most {_MAX_NAME_BYTES} bytes")
    return parts


def line_of(arguments: Mapping[str, object]) -> str:
    """Return the line to append: printable, at most 4 KiB, and without a key of ours.

    Raises:
        Refused: it is no such line, or there are other arguments.
    """
    line = arguments.get("line")
    if not isinstance(line, str) or len(arguments) > 1:
        raise Refused('the arguments must be {"line": TEXT}')
    if not line.strip() or not line.isprintable():
        raise Refused("the line must be one line of printable characters")
    if len(line.encode()) > MAX_LINE_BYTES:
        raise Refused(f"the line has {len(line.encode())} bytes, at most {MAX_LINE_BYTES}")
    if MARK.strip() in line:
        raise Refused(f"the line must not contain {MARK.strip()!r}")
    return line


def ending_of(key: str) -> bytes:
    """Return how a line with this idempotency key ends.

    Raises:
        ValueError: the key is no UUID.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a UUID: {key!r}")
    return f"{MARK}{key}\n".encode()
