"""What Docker's json-file driver writes: `{"log": ..., "stream": ..., "time": ...}` a line.

Read as `TIME STREAM: MESSAGE`. A message longer than 16 KiB comes in pieces, whose last alone
ends in a newline: the whole of it is read at its last piece, and nothing at those before.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.formats.entry import entry_of, told


def is_entry(entry: dict[str, Any]) -> bool:
    """Tell whether a JSON object is an entry of a container's log."""
    return (
        isinstance(entry.get("log"), str)
        and isinstance(entry.get("time"), str)
        and isinstance(entry.get("stream"), str | None)
    )


def is_piece(line: str) -> bool:
    """Tell whether the message of a line goes on in a later one."""
    if '"log"' not in line:
        return False
    entry = _entry(line)
    return entry is not None and not entry["log"].endswith("\n")


def read(lines: Sequence[str]) -> Iterator[str]:
    """Return each line as it is to be read. A last message that is not whole is read as far."""
    entries = [_entry(line) for line in lines]
    last = {entry.get("stream"): number for number, entry in enumerate(entries) if entry}
    waiting: dict[str | None, str] = {}
    for number, (line, entry) in enumerate(zip(lines, entries, strict=True)):
        if entry is None:
            yield line
            continue
        stream = entry.get("stream")
        message = waiting.pop(stream, "") + entry["log"]
        if message.endswith("\n") or number == last[stream]:
            yield told(f"{entry['time']} {stream}:" if stream else str(entry["time"]), message)
        else:
            waiting[stream] = message
            yield ""


def _entry(line: str) -> dict[str, Any] | None:
    entry = entry_of(line)
    return entry if entry is not None and is_entry(entry) else None
